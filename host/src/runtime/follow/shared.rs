//! What the threads of a follower share: how far this process has come, and how it goes on.

mod obey;
mod presence;
mod read;
mod ready;
mod shortfall;
mod tell;
mod trouble;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use switchback_model::lasting::Lasting;
use switchback_model::release::Digest;
use switchback_model::verdict::{HitCounter, Overrides};
use switchback_store::control::{
    Acknowledgement, Broken, ControlStore, EventSequence, Ledger, Mark, Membership, NewProcess, ProcessNumber,
    StoreError,
};

use self::trouble::{Said, Trouble};
use super::emergency::StoreLink;
use crate::limits::store::STORE_ANSWERS_WITHIN;
use crate::runtime::core::Core;
use crate::runtime::error::{BuildError, describe};

/// How a process follows its store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Following {
    /// The last event that it obeys. Its hash is the ledger's head at that moment.
    pub mark: Mark,
    /// What keeps it from following, or from being seen to.
    pub trouble: Option<FollowTrouble>,
}

/// What keeps a process from following its store, or from being seen to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FollowTrouble {
    /// It goes on with the routes and overrides that it has, and obeys nothing new.
    #[error("the store is not followed; scoring goes on as before: {0}")]
    Stopped(String),
    /// It obeys what the store says, and the store does not know that: it cannot be written.
    #[error("the store is followed, and cannot be told so: {0}")]
    Silent(String),
}

pub(super) struct Shared {
    core: Arc<Core>,
    store: Arc<dyn ControlStore>,
    /// This process, as it registers.
    process: NewProcess,
    link: Arc<StoreLink>,
    progress: Mutex<Progress>,
    /// For whoever asks, who does not wait for the store.
    shown: Mutex<Shown>,
}

/// How this process follows its store, as it was last seen to.
#[derive(Default)]
struct Shown {
    mark: Mark,
    trouble: Option<FollowTrouble>,
    /// Since when the store is asked.
    asked: Option<Instant>,
}

/// How far this process has come.
#[derive(Default)]
struct Progress {
    /// None where the store cannot be written.
    membership: Option<Membership>,
    ledger: Ledger,
    /// The index of the ledger's overrides.
    overrides: Overrides,
    /// Whether the slots look at an older one.
    overrides_changed: bool,
    /// Releases that were loaded for the store. What a program of this process loads by itself is its own.
    held: BTreeSet<Digest>,
    /// Those of them that have no role, in the order in which they had none.
    spare: Vec<Digest>,
    /// Releases without a role that are made ready when an operator asks for them.
    asleep: BTreeSet<Digest>,
    /// Releases that could not be loaded, and why.
    failed: BTreeMap<Digest, ready::Failure>,
    /// Releases that the preparer has been told to load.
    ordered: Vec<Digest>,
    acknowledged: Option<Acknowledgement>,
    /// Overrides that are no more, with hits of which the store may not know.
    expired: Vec<HitCounter>,
    /// Hits that the store knows of, by override.
    reported_hits: BTreeMap<u64, u64>,
    /// The ledger that was refused last, by where it ends, and why: it is not read again until it changes.
    refused: Option<(Option<(EventSequence, Digest)>, Broken)>,
    /// Why the store is not followed.
    trouble: Option<Trouble>,
    /// What was said of that.
    said: Option<Said>,
    /// What is wrong with the store although it is followed.
    problem: Option<String>,
    /// When it was last seen to that the store knows of this process and its hits.
    in_touch: Option<Instant>,
    /// Why the store does not know what this process does.
    silence: Option<String>,
}

impl Shared {
    pub(super) fn new(
        core: Arc<Core>,
        store: Arc<dyn ControlStore>,
        membership: Result<Membership, StoreError>,
        process: NewProcess,
        link: Arc<StoreLink>,
    ) -> Self {
        let shared = Self { core, store, process, link, progress: Mutex::default(), shown: Mutex::default() };
        match membership {
            Ok(membership) => shared.progress().membership = Some(membership),
            Err(error) => shared.told(&mut shared.progress(), Err(error)),
        }
        shared
    }

    /// The number of this process in the store; none where the store cannot be written.
    pub(super) fn process(&self) -> Option<ProcessNumber> {
        Some(self.link.process()).filter(|number| *number > 0).map(ProcessNumber::new)
    }

    /// The ledger as far as it was read; none while it cannot be followed.
    pub(super) fn ledger(&self) -> Option<Ledger> {
        let progress = self.progress();
        progress.trouble.is_none().then(|| progress.ledger.clone())
    }

    /// How this process follows its store. Waits for no answer of the store.
    pub(super) fn following(&self) -> Following {
        let Shown { mark, trouble, asked } = &*self.shown();
        let late = || asked.and_then(|asked| unanswered(asked.elapsed()));
        Following { mark: mark.clone(), trouble: trouble.clone().or_else(late) }
    }

    /// What is seen from here on of how this process follows its store.
    fn show(&self, progress: &Progress) {
        let Progress { ledger, trouble, silence, .. } = progress;
        let trouble = match (trouble, silence) {
            (Some(trouble), _) => Some(FollowTrouble::Stopped(describe(trouble))),
            (None, Some(why)) => Some(FollowTrouble::Silent(why.clone())),
            (None, None) => None,
        };
        let mut shown = self.shown();
        (shown.mark, shown.trouble) = (ledger.mark(), trouble);
    }

    /// Reads the ledger and loads what it says, on this thread: a filter starts with a live release.
    pub(super) fn start_up(&self) -> Result<(), BuildError> {
        let mut progress = self.progress();
        let started = self.read_first(&mut progress).map(|()| {
            self.load_all(&mut progress);
            self.obey(&mut progress);
        });
        let newer = progress.newer();
        self.tell(&mut progress, newer);
        started.map_err(|trouble| BuildError::Store(trouble.into()))
    }

    /// Takes over what is new in the store, and tells it what is new here.
    pub(super) fn catch_up(&self, jobs: &Sender<Digest>) {
        let mut progress = self.progress();
        self.shown().asked = Some(Instant::now());
        let trouble = self.exchange(&mut progress, jobs).err();
        // Who does not obey has to be seen not to.
        self.keep_in_touch(&mut progress, trouble.as_ref());
        self.tell(&mut progress, trouble);
        self.shown().asked = None;
    }

    fn exchange(&self, progress: &mut Progress, jobs: &Sender<Digest>) -> Result<(), Trouble> {
        self.read(progress)?;
        self.look_for_problem(progress)?;
        let written = self.write_emergencies(progress);
        self.order(progress, jobs);
        self.obey(progress);
        written?;
        progress.newer().map_or(Ok(()), Err)
    }

    /// Loads one release, and does what had to wait for it.
    pub(super) fn prepare(&self, release: &Digest) {
        let loaded = self.load(release);
        let mut progress = self.progress();
        progress.ordered.retain(|ordered| ordered != release);
        self.settle(&mut progress, release, loaded);
        self.obey(&mut progress);
    }

    /// Loads a release on this thread that may be asleep, and says whether it is ready.
    pub(super) fn rouse(&self, release: &Digest) -> bool {
        self.progress().asleep.remove(release);
        self.prepare(release);
        self.core.releases.has(release)
    }

    /// Lets go of the lock by which others see this process, in a fork of it, which has a copy: else the process would be seen
    /// for as long as the fork lives. Where another thread was at work when it forked, the copy stays.
    pub(super) fn leave_in_fork(&self) {
        if let Ok(mut progress) = self.progress.try_lock() {
            drop(progress.membership.take());
        }
    }

    /// How many reverts of this process the ledger does not have, after trying to write them.
    pub(super) fn write_reverts(&self) -> usize {
        let _ = self.write_emergencies(&mut self.progress());
        self.link.waiting().waiting.len()
    }

    /// Tells the store what is only known here.
    pub(super) fn flush(&self) {
        let mut progress = self.progress();
        let told = self.write_emergencies(&mut progress).and_then(|()| Ok(self.report_hits(&mut progress)?));
        if let Err(error) = told {
            tracing::warn!(error = describe(&error), "the store does not know the last hits of overrides");
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to be said of a store that was asked so long ago.
fn unanswered(since: Duration) -> Option<FollowTrouble> {
    let late = || FollowTrouble::Stopped(format!("the store has not answered for {}", Lasting(since)));
    (since > STORE_ANSWERS_WITHIN).then(late)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_does_not_answer_is_a_trouble_after_a_while() {
        assert_eq!(unanswered(STORE_ANSWERS_WITHIN), None);
        let said = unanswered(STORE_ANSWERS_WITHIN + Duration::from_secs(1)).unwrap().to_string();
        assert!(said.ends_with("the store has not answered for 31 s"), "{said}");
    }
}
