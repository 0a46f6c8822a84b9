//! [`Label`]: what a message is.

use serde::Serialize;

/// What a message is, as far as a filter distinguishes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: mail is wanted or not.
pub enum Label {
    /// Wanted.
    Ham,
    /// Unwanted, whatever its kind.
    Spam,
}

impl Label {
    /// Whether it is unwanted.
    pub fn is_spam(self) -> bool {
        self == Self::Spam
    }
}
