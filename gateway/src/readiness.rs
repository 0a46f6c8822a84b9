//! Whether mail can be sent here.

use std::fmt;

/// Whether messages are judged by a release.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Readiness {
    /// Whether they are.
    pub is_ready: bool,
    /// If not, why: a sentence for an operator.
    pub why: Option<String>,
}

impl Readiness {
    pub(crate) fn ready() -> Self {
        Self { is_ready: true, why: None }
    }

    pub(crate) fn not(why: impl Into<String>) -> Self {
        Self { is_ready: false, why: Some(why.into()) }
    }
}

/// `ready`, or `not ready` and why.
impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Some(why) if !self.is_ready => write!(f, "not ready: {why}"),
            _ => f.write_str("ready"),
        }
    }
}
