//! Which mail is replayed, in which order.

use std::collections::HashMap;

use jiff::Timestamp;
use switchback::ReleaseId;
use switchback::guard::GuardSettings;
use switchback::guard::NotedPair;
use switchback::verdict::RecordId;

use super::past::Past;
use crate::guard::mail::{Mail, Pair, begin, day};

/// What is replayed, and how.
pub(super) struct Course<'a> {
    pub(super) mail: &'a Mail,
    pub(super) past: &'a Past,
    pub(super) settings: &'a GuardSettings,
    /// Whether the settings are those that the guard noted, where it did.
    pub(super) as_then: bool,
    pub(super) baseline: &'a ReleaseId,
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

/// One message to show the guard.
pub(super) struct Step<'a> {
    pub(super) pair: &'a Pair,
    /// What the guard noted of it, and its settings then.
    pub(super) noted: Option<(&'a GuardSettings, &'a NotedPair)>,
}

impl<'a> Course<'a> {
    /// When the candidate begins to be tried.
    pub(super) fn begins(&self) -> Timestamp {
        let pairs = &self.mail.pairs;
        let first = pairs.first().map_or(Timestamp::UNIX_EPOCH, |pair| pair.at);
        match (self.since, self.past) {
            (Some(since), _) => since,
            (None, Past::Noted(noted)) => noted.trial.began_at,
            // Some are known already.
            (None, Past::Known { .. }) => first,
            (None, Past::None) => {
                let since = first_known_day(self.mail, self.settings, first);
                // Where all of the mail is of the days that only teach, it is better replayed than not.
                if pairs.last().is_some_and(|last| last.at >= since) { since } else { first }
            }
        }
    }

    /// The messages, in the order in which the guard counts them.
    pub(super) fn steps(&self, since: Timestamp) -> Vec<Step<'a>> {
        let is_asked_for = |pair: &&Pair| pair.at >= since && self.until.is_none_or(|until| pair.at < until);
        match self.past {
            Past::Noted(noted) => {
                let by_record = by_record(self.mail);
                let step = |(settings, noted): (&'a GuardSettings, &'a NotedPair)| {
                    let pair = *by_record.get(&noted.record)?;
                    Some(Step { pair, noted: Some((settings, noted)) })
                };
                // A message that was judged before the first one that was counted belongs to the trial, too.
                let is_in = |pair: &&Pair| match self.since {
                    Some(_) => is_asked_for(pair),
                    None => self.until.is_none_or(|until| pair.at < until),
                };
                noted.pairs().filter_map(step).filter(|step| is_in(&step.pair)).collect()
            }
            _ => self.mail.pairs.iter().filter(is_asked_for).map(|pair| Step { pair, noted: None }).collect(),
        }
    }
}

/// Whether settings say the same about who is known.
pub(super) fn knows_as(one: &GuardSettings, other: &GuardSettings) -> bool {
    let known = |settings: &GuardSettings| (settings.known_days, settings.known_age_days, settings.providers.clone());
    known(one) == known(other)
}

/// The pairs that are in the journal, by their record.
pub(super) fn by_record(mail: &Mail) -> HashMap<RecordId, &Pair> {
    mail.pairs.iter().filter_map(|pair| Some((pair.record?, pair))).collect()
}

/// The beginning of the first day on which anybody can be known.
fn first_known_day(mail: &Mail, settings: &GuardSettings, first: Timestamp) -> Timestamp {
    match (settings.known_days, mail.known.keys().next()) {
        (0, _) | (_, None) => first,
        (days, Some((earliest, _))) => {
            let days = days.max(settings.known_age_days);
            let earliest = (*earliest).min(day(first));
            begin(earliest.saturating_add(i32::try_from(days).unwrap_or(i32::MAX))).max(first)
        }
    }
}
