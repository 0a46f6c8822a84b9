//! A comparison as people are shown it, wherever its messages come from.

use switchback::Thresholds;
use switchback::compare;

/// Characters of a subject that are shown.
pub const SUBJECT_CHARS_MAX: usize = 200;

/// What text and page say.
#[derive(Debug)]
pub struct Shown<'a> {
    /// How they differ.
    pub releases: &'a compare::Report,
    /// How many messages, and from where: `7 messages, 1 not answered by both, 0 unreadable`.
    pub messages: String,
    /// Where they come from, as a sentence.
    pub origin: String,
    /// Why there is no message to compare, where there is none.
    pub nothing: String,
    /// What made actions of scores; none where the records say.
    pub thresholds: Option<Thresholds>,
}
