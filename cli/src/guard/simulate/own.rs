//! What the guard itself made of the mail that is replayed.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::guard::GuardSettings;
use switchback::route::Generation;
use switchback::verdict::RecordId;

use super::course::{Course, Step, by_record};
use super::past::Past;

/// What the guard itself made of the mail.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub(super) struct Own {
    /// The generation since which it tried the candidate.
    pub(super) since_generation: Generation,
    /// The pairs that it counted.
    pub(super) pairs: u64,
    /// Of those, of how many it noted what it counted.
    pub(super) noted: u64,
    /// Of those, how many the journal does not have.
    pub(super) unrecorded: u64,
    /// Pairs of the journal in that time that it did not count, or not in this trial.
    pub(super) uncounted: u64,
    /// The message with which its evidence sufficed to act.
    pub(super) record: Option<RecordId>,
    /// Whether the settings of this replay are those that held then.
    pub(super) is_same_settings: bool,
    /// Whether the replay came to the same, with the same message.
    pub(super) is_same: bool,
}

impl Own {
    /// What the guard made of the mail, and whether a replay that acted with this message came to the same; none where it did
    /// not note that.
    pub(super) fn of(
        course: &Course<'_>,
        steps: &[Step<'_>],
        since: Timestamp,
        acted: Option<RecordId>,
    ) -> Option<Self> {
        let Past::Noted(past) = course.past else { return None };
        let by_record = by_record(course.mail);
        let noted = past.pairs().count() as u64;
        let unrecorded = past.pairs().filter(|(_, pair)| !by_record.contains_key(&pair.record)).count() as u64;
        let in_time = course.mail.pairs.iter().filter(|pair| pair.at >= since && pair.at <= past.trial.last_at);
        let is_whole = course.since.is_none() && course.until.is_none();
        let record = past.pairs().find(|(_, pair)| pair.has_acted).map(|(_, pair)| pair.record);
        let is_same_settings =
            course.as_then || past.batches.iter().all(|batch| decides_as(&batch.settings, course.settings));
        Some(Self {
            since_generation: past.trial.since,
            pairs: past.trial.pairs.messages,
            noted,
            unrecorded,
            // Of a part of the time nobody can tell.
            uncounted: if is_whole { (in_time.count() as u64).saturating_sub(steps.len() as u64) } else { 0 },
            record,
            is_same_settings,
            is_same: record == acted,
        })
    }
}

/// Whether settings lead to the same decisions; what is done then is up to the mode.
fn decides_as(one: &GuardSettings, other: &GuardSettings) -> bool {
    let plain = |settings: &GuardSettings| settings.clone().mode(GuardSettings::default().mode);
    plain(one) == plain(other)
}
