//! A message that was answered.

use jiff::Timestamp;

use super::DecidedBy;
use super::action::Action;
use super::assessment::Category;
use super::opinion::Opinions;
use super::record_id::RecordId;
use super::scl::Scl;
use crate::generation::Generation;
use crate::timing::Timing;

/// What an answer was, as far as it is recorded and compared.
#[derive(Debug)]
pub struct Judged {
    /// The name of its record, if it is recorded.
    pub id: RecordId,
    /// When the message was answered.
    pub at: Timestamp,
    /// That of the route by which it was judged.
    pub generation: Generation,
    /// Whether other releases decide since a moment ago, so that somebody waits for what this one is compared with.
    pub is_fresh: bool,
    /// What was done with it.
    pub action: Action,
    /// The spam confidence level.
    pub scl: Option<Scl>,
    /// What kind of mail it is.
    pub category: Option<Category>,
    /// Who decided.
    pub decided_by: DecidedBy,
    /// How long the answer took.
    pub timing: Timing,
    /// Of the releases that were asked so far.
    pub opinions: Opinions,
}
