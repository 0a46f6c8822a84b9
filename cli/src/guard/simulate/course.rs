//! Which mail is replayed, in which order.

use std::collections::HashMap;

use jiff::Timestamp;
use switchback::guard::Settings;
use switchback::{NotedPair, RecordId, ReleaseId};

use super::past::Past;
use super::replay::{Moment, Own};
use crate::guard::mail::{Mail, Pair, begin, day};

/// What is replayed, and how.
pub(super) struct Course<'a> {
    pub(super) mail: &'a Mail,
    pub(super) past: &'a Past,
    pub(super) settings: &'a Settings,
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
    pub(super) noted: Option<(&'a Settings, &'a NotedPair)>,
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
                let step = |(settings, noted): (&'a Settings, &'a NotedPair)| {
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

    /// What the guard made of the mail, and whether that is the same.
    pub(super) fn own(&self, steps: &[Step<'_>], since: Timestamp, acted: Option<&Moment>) -> Option<Own> {
        let Past::Noted(past) = self.past else { return None };
        let by_record = by_record(self.mail);
        let noted = past.pairs().count() as u64;
        let unrecorded = past.pairs().filter(|(_, pair)| !by_record.contains_key(&pair.record)).count() as u64;
        let in_time = self.mail.pairs.iter().filter(|pair| pair.at >= since && pair.at <= past.trial.last_at);
        let is_whole = self.since.is_none() && self.until.is_none();
        let record = past.pairs().find(|(_, pair)| pair.has_acted).map(|(_, pair)| pair.record);
        let is_same_settings =
            self.as_then || past.batches.iter().all(|batch| decides_as(&batch.settings, self.settings));
        Some(Own {
            since_generation: past.trial.since,
            pairs: past.trial.pairs.messages,
            noted,
            unrecorded,
            // Of a part of the time nobody can tell.
            uncounted: if is_whole { (in_time.count() as u64).saturating_sub(steps.len() as u64) } else { 0 },
            record,
            is_same_settings,
            is_same: record == acted.and_then(|moment| moment.record),
        })
    }
}

/// Whether settings lead to the same decisions; what is done then is up to the mode.
fn decides_as(one: &Settings, other: &Settings) -> bool {
    let plain = |settings: &Settings| Settings { mode: Settings::default().mode, ..settings.clone() };
    plain(one) == plain(other)
}

/// Whether settings say the same about who is known.
pub(super) fn knows_as(one: &Settings, other: &Settings) -> bool {
    let known = |settings: &Settings| (settings.known_days, settings.known_age_days, settings.providers.clone());
    known(one) == known(other)
}

fn by_record(mail: &Mail) -> HashMap<RecordId, &Pair> {
    mail.pairs.iter().filter_map(|pair| Some((pair.record?, pair))).collect()
}

/// The beginning of the first day on which anybody can be known.
fn first_known_day(mail: &Mail, settings: &Settings, first: Timestamp) -> Timestamp {
    match (settings.known_days, mail.known.keys().next()) {
        (0, _) | (_, None) => first,
        (days, Some((earliest, _))) => {
            let days = days.max(settings.known_age_days);
            let earliest = (*earliest).min(day(first));
            begin(earliest.saturating_add(i32::try_from(days).unwrap_or(i32::MAX))).max(first)
        }
    }
}
