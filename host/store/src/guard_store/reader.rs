//! Questions to what the guard remembers, for whoever only looks.

use std::path::Path;

use jiff::Timestamp;
use switchback_model::guard::{GuardSettings, Key, MailCounts, Past, Segment, Tally, TrialEvidence, TrialKey, Volumes};

use super::alerts::{self, KeptAlert};
use super::evidence::trial_evidence;
use super::health::{self, Health, Loss};
use super::mail;
use super::noted::{self, NotedPairs};
use super::trials::{self, TrialRecord};
use super::{GuardStoreError, open, senders, tallies, volumes};
use crate::sqlite::Connected;

/// Reads what the guard remembers in the folder of a store, while processes go on counting.
pub struct GuardReader {
    connection: Connected,
    file: String,
}

switchback_model::debug!(GuardReader { file, .. });

/// What is known of one segment.
pub type SegmentTally = (Segment, Tally);

impl GuardReader {
    /// Opens it to read.
    ///
    /// # Errors
    /// [`GuardStoreError::None`] if no guard was ever at work there; else if it cannot be read.
    pub fn open(store_dir: impl AsRef<Path>) -> Result<Self, GuardStoreError> {
        let dir = store_dir.as_ref();
        Ok(Self { connection: open::to_read(dir)?, file: dir.join(open::FILE).display().to_string() })
    }

    /// Every trial of a slot that is remembered, the one with the latest message first; at most 64.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn trials(&self, slot: &str) -> Result<Vec<TrialRecord>, GuardStoreError> {
        self.asked(trials::of_slot(&self.connection, slot))
    }

    /// What is known of every segment of a trial, in the order in which they were discovered.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn tallies(&self, trial: &TrialRecord) -> Result<Vec<SegmentTally>, GuardStoreError> {
        self.asked(tallies::all(&self.connection, trial.id))
    }

    /// What was counted in a trial of each pair whose message a journal recorded, in the order in which it was counted. Under
    /// the settings of the time, each record of the journal leads to the decisions that the guard made. Needs some 40 bytes a pair.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn noted(&self, trial: &TrialRecord) -> Result<Vec<NotedPairs>, GuardStoreError> {
        self.asked(noted::of_trial(&self.connection, trial))
    }

    /// The shares of last week's mail that a trial divides half of its error probability by. Those of segments that it has
    /// forgotten are lost.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn volumes(&self, trial: &TrialRecord) -> Result<Volumes, GuardStoreError> {
        self.asked(volumes::of_trial(&self.connection, trial.id))
    }

    /// Calls `f` for each sender that the guard knows, with the number of days on which it was seen and the last of them, in
    /// days since 1970. It is known by the key of its mailbox or of its domain ([`Sender::unit`](switchback_model::guard::Sender::unit)).
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn for_each_sender(&self, day: i32, f: impl FnMut(Key, Past)) -> Result<(), GuardStoreError> {
        self.asked(senders::for_each(&self.connection, day, f))
    }

    /// Whether the filter knows so few senders that fewer suffice, by these settings
    /// ([`Few`](switchback_model::guard::Few)).
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn knows_few(&self, settings: &GuardSettings) -> Result<bool, GuardStoreError> {
        let few = settings.few.known;
        Ok(self.asked(senders::seen_on(&self.connection, settings.known_days.max(1), few))? < few)
    }

    /// The mail of a slot today and yesterday, by UTC: how much of it can be acted on, and why not the rest.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn mail(&self, slot: &str, now: Timestamp) -> Result<MailCounts, GuardStoreError> {
        self.asked(mail::of_slot(&self.connection, slot, now))
    }

    /// What is known about a candidate as a whole, under these settings. Of the trial of a rollout
    /// ([`SlotState::rollout_trial`](crate::control::SlotState::rollout_trial)) it says how that goes on, and why it pauses
    /// ([`Rollout::progress`](crate::control::Rollout::progress)).
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn evidence(&self, trial: &TrialKey, settings: &GuardSettings) -> Result<TrialEvidence, GuardStoreError> {
        self.asked(trial_evidence(&self.connection, trial, settings))
    }

    /// How the guard of each process is, by the process's number. One that was killed stays for a day.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn health(&self) -> Result<Vec<Health>, GuardStoreError> {
        self.asked(health::all(&self.connection))
    }

    /// What the guard knew and lost, if that ever happened and nobody taught it since.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn loss(&self) -> Result<Option<Loss>, GuardStoreError> {
        self.asked(health::loss(&self.connection))
    }

    /// The last alerts, the latest first.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn alerts(&self, limit: u32) -> Result<Vec<KeptAlert>, GuardStoreError> {
        self.asked(alerts::last(&self.connection, limit))
    }

    /// How many alerts somebody tried to deliver, in vain, and that are no longer tried. Those that nobody was to be told
    /// are not among them.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn dropped_alerts(&self) -> Result<u64, GuardStoreError> {
        self.asked(alerts::dropped(&self.connection))
    }

    fn asked<T>(&self, answer: rusqlite::Result<T>) -> Result<T, GuardStoreError> {
        answer.map_err(|error| GuardStoreError::of(&self.file, error))
    }
}
