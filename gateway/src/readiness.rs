//! Whether mail can be sent here.

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
