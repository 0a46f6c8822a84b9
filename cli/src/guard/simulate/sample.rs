//! The guard, on pairs of a sample of the mail, of which one answer was made afterwards.

use std::path::Path;

use jiff::Timestamp;
use switchback::ReleaseId;
use switchback::guard::{GuardReader, GuardSettings, GuardStoreError};
use switchback::journal::JournalReader;

use super::course::Course;
use super::past::Past;
use super::replay::Replay;
use super::report::Report;
use super::{BREAKERS, KNOWN_NOW, NO_RECIPIENTS, VOLUMES};
use crate::guard::mail::Mail;

/// A sample of the mail of a slot, with what two releases make of each message.
pub(crate) struct Sample<'a> {
    /// The folder of the store.
    pub(crate) store: &'a Path,
    pub(crate) journal: &'a JournalReader,
    /// In the order in which it came.
    pub(crate) mail: &'a Mail,
    /// The baseline, and the candidate.
    pub(crate) releases: [ReleaseId; 2],
    pub(crate) settings: GuardSettings,
    pub(crate) since: Option<Timestamp>,
    /// Which mail it has not.
    pub(crate) leaves_out: String,
}

impl Sample<'_> {
    /// What the guard would have done; none without a pair. What it noted of a trial of these releases is not used: that was
    /// about all of the mail.
    pub(crate) fn simulation(self) -> anyhow::Result<Option<Report>> {
        let past = match GuardReader::open(self.store) {
            Ok(reader) => Past::known(&reader, self.journal, self.mail)?,
            Err(GuardStoreError::None(_)) => Past::None,
            Err(error) => return Err(error.into()),
        };
        if self.mail.pairs.is_empty() {
            return Ok(None);
        }
        let (settings, baseline) = (&self.settings, &self.releases[0]);
        let course =
            Course { mail: self.mail, past: &past, settings, as_then: false, baseline, since: self.since, until: None };
        let replay = Replay::of(&course);
        let known = matches!(past, Past::Known { .. }).then_some(KNOWN_NOW);
        let leaves_out = [BREAKERS, VOLUMES, NO_RECIPIENTS].into_iter().chain(known).map(str::to_owned);
        let leaves_out = std::iter::once(self.leaves_out).chain(leaves_out).collect();
        Ok(Some(Report {
            releases: self.releases,
            settings: self.settings,
            unusable: self.mail.unusable,
            leaves_out,
            replay,
        }))
    }
}
