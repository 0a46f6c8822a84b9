//! What the guard of a store remembers of the past that is replayed.

use std::collections::{BTreeSet, HashMap};

use switchback::ReleaseId;
use switchback::guard::{self, GuardSettings, Key, Volumes};
use switchback::guard::{GuardReader, NotedPair, NotedPairs, TrialRecord};
use switchback::journal::JournalReader;

use crate::guard::mail::{Mail, day};

/// What is known of the past beside the mail itself.
pub(super) enum Past {
    /// What the guard noted when it counted this very mail.
    Noted(Box<Noted>),
    /// Whom the guard knew when the first day of the mail began, as far as it remembers, by the keys that the mail has.
    Known {
        /// What it knew of each.
        known: HashMap<Key, guard::Past>,
        /// That day.
        first: i32,
    },
    /// Nothing.
    None,
}

/// A trial as the guard counted it.
pub(super) struct Noted {
    pub(super) trial: TrialRecord,
    pub(super) batches: Vec<NotedPairs>,
    pub(super) volumes: Volumes,
}

impl Noted {
    /// Each pair with the settings under which it was counted, in the order in which it was.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&GuardSettings, &NotedPair)> {
        self.batches.iter().flat_map(|batch| batch.pairs.iter().map(move |pair| (&batch.settings, pair)))
    }
}

impl Past {
    /// What the guard of a store remembers of the mail of a slot: best of all the latest trial of these releases.
    pub(super) fn of(
        reader: &GuardReader,
        journal: &JournalReader,
        slot: &str,
        releases: &[ReleaseId; 2],
        mail: &Mail,
    ) -> anyhow::Result<Self> {
        let [baseline, candidate] = releases;
        let is_of_both = |trial: &TrialRecord| trial.candidate == *candidate && trial.baseline == *baseline;
        let records: BTreeSet<_> = mail.pairs.iter().filter_map(|pair| pair.record).collect();
        for trial in reader.trials(slot)?.into_iter().filter(is_of_both).filter(|trial| trial.noted > 0) {
            let batches = reader.noted(&trial)?;
            // Another journal has other records.
            if batches.iter().flat_map(|batch| &batch.pairs).any(|pair| records.contains(&pair.record)) {
                let volumes = reader.volumes(&trial)?;
                return Ok(Self::Noted(Box::new(Noted { trial, batches, volumes })));
            }
        }
        Self::known(reader, journal, mail)
    }

    /// Whom the guard knew before the first pair.
    pub(super) fn known(reader: &GuardReader, journal: &JournalReader, mail: &Mail) -> anyhow::Result<Self> {
        let Some(first) = mail.pairs.first().map(|pair| day(pair.at)) else { return Ok(Self::None) };
        let mut known = HashMap::new();
        reader.for_each_sender(first, |sender, past| {
            // A mailbox has the journal's hash, a domain has its own key; which of both it is nobody can tell.
            known.extend(std::iter::once(sender).chain(journal.sender(sender)).map(|key| (key, past)));
        })?;
        Ok(if known.is_empty() { Self::None } else { Self::Known { known, first } })
    }
}
