//! A comparison as people are shown it, wherever its messages come from.

use switchback::Thresholds;
use switchback::compare;

/// What text and page say.
pub(crate) struct Shown<'a> {
    pub(crate) releases: &'a compare::Report,
    /// How many messages, and from where: `7 messages, 1 not answered by both, 0 unreadable`.
    pub(crate) messages: String,
    /// Where they come from, as a sentence.
    pub(crate) origin: String,
    /// Why there is no message to compare, where there is none.
    pub(crate) nothing: String,
    /// What made actions of scores; none where the records say.
    pub(crate) thresholds: Option<Thresholds>,
}
