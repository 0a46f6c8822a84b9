//! Waiting until every process has a release ready, and why one is not admitted.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use switchback_model::guard::Segment;
use switchback_model::lasting::Lasting;
use switchback_model::release::{Digest, ReleaseId};
use switchback_system::clock;
use switchback_system::shortage::in_full;

use super::{CENSUS_INTERVAL, Control, ControlError};
use crate::control::number::{EventSequence, ProcessNumber};
use crate::control::refused::Refused;
use crate::control::store::{Preparation, StoreError, StoreProcess, Watched};
use crate::guard_store::PauseCause;
use crate::limits::ROUSE_TIME;

impl Control {
    /// Waits until every living process has a release ready, after asking those that say nothing of it.
    ///
    /// # Errors
    /// If one cannot load it, or does not say so within `timeout`.
    pub fn wait_until_ready(&self, release: &ReleaseId, timeout: Duration) -> Result<Vec<StoreProcess>, PromoteError> {
        let failed = |error: StoreError| PromoteError::Control(ControlError::Store(error));
        // Most of the time all are ready, and nothing is to be waited for.
        let mut watch = None;
        let mut asked = BTreeSet::new();
        let deadline = clock::deadline_after(timeout);
        // What a process said before it read the last event may be over: it tries again what was signed or loaded anew.
        let last = self.store.head().map_err(failed)?.map_or(EventSequence::NONE, |(sequence, _)| sequence);
        let is_behind = |one: &StoreProcess| one.acknowledged.as_ref().is_none_or(|known| known.sequence < last);
        loop {
            let processes = self.store.processes().map_err(failed)?;
            let up_to_date = processes.iter().filter(|one| !is_behind(one));
            if let Some(unable) = unable(up_to_date, &release.digest) {
                return Err(PromoteError::Unable { release: release.clone(), processes: unable });
            }
            let is_ready = |one: &&StoreProcess| one.preparation(&release.digest) == Some(&Preparation::Ready);
            let silent: Vec<_> = processes.iter().filter(|one| !is_ready(one)).collect();
            if silent.is_empty() {
                return Ok(processes);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let silent = silent.into_iter().map(StoreProcess::label).collect();
                return Err(PromoteError::Silent { release: release.clone(), processes: silent, waited: timeout });
            }
            self.ask(release, &silent, &mut asked);
            match &mut watch {
                // What happened before there was one is looked at first.
                None => watch = Some(self.store.watch(Watched::All).map_err(failed)?),
                Some(watch) => watch.wait(left.min(CENSUS_INTERVAL)),
            }
        }
    }

    /// Asks processes for a release that were not asked yet, those that began meanwhile too.
    fn ask(&self, release: &ReleaseId, silent: &[&StoreProcess], asked: &mut BTreeSet<ProcessNumber>) {
        let before = asked.len();
        // One that has acknowledged nothing may not be in the register yet. It is asked once it has.
        let is_there = |process: &&&StoreProcess| process.acknowledged.is_some();
        asked.extend(silent.iter().filter(is_there).map(|process| process.number));
        if asked.len() == before {
            return;
        }
        if let Err(error) = self.store.ask_for(&release.digest) {
            tracing::debug!(error = in_full(&error), %release, "no process could be asked to make a release ready");
        }
    }

    /// Has a release made ready that is about to get a role. Who is not ready soon makes up for it.
    pub(super) fn rouse(&self, release: &ReleaseId) {
        if let Err(error) = self.wait_until_ready(release, ROUSE_TIME) {
            tracing::debug!(error = in_full(&error), %release, "a release gets a role before every process has it ready");
        }
    }
}

/// The processes that cannot load a release, with why; none if all can.
fn unable<'a>(processes: impl Iterator<Item = &'a StoreProcess>, release: &Digest) -> Option<Vec<(String, String)>> {
    let unable: Vec<_> = processes
        .filter_map(|process| match process.preparation(release)? {
            Preparation::Failed { why } => Some((process.label(), why.clone())),
            Preparation::Ready => None,
        })
        .collect();
    (!unable.is_empty()).then_some(unable)
}

impl PromoteError {
    /// Why a rollout pauses that met with this.
    #[doc(hidden)]
    pub const fn pause_cause(&self) -> PauseCause {
        match self {
            Self::Unable { .. } | Self::Silent { .. } | Self::Control(ControlError::File { .. }) => PauseCause::Unready,
            Self::Unguarded { .. } => PauseCause::Unguarded,
            Self::Harmed { .. } => PauseCause::Harmed,
            Self::Control(ControlError::Refused(_)) => PauseCause::Refused,
            Self::Control(_) => PauseCause::Store,
        }
    }

    /// Whether somebody else was faster, or has changed the slot.
    pub fn is_overtaken(&self) -> bool {
        matches!(
            self,
            Self::Control(ControlError::Overtaken(_) | ControlError::Refused(Refused::NoRollout(_)))
                | Self::Control(ControlError::Store(StoreError::Conflict))
        )
    }
}

/// Why a release was not promoted. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PromoteError {
    /// The operation was not done.
    #[error(transparent)]
    Control(ControlError),
    /// Processes cannot load the release.
    #[error("{release} decides nowhere, because it cannot be loaded everywhere: {}", processes.iter().map(|(name, why)| format!("{name}: {why}")).collect::<Vec<_>>().join("; "))]
    Unable {
        /// The release.
        release: ReleaseId,
        /// The processes, with why.
        processes: Vec<(String, String)>,
    },
    /// Guards cannot do their work.
    #[error(
        "{release} is not let into {slot}, because nobody would take it back if it does harm: {}",
        guards.join("; ")
    )]
    Unguarded {
        /// The release.
        release: ReleaseId,
        /// Where.
        slot: String,
        /// What is wrong, by process.
        guards: Vec<String>,
    },
    /// The guard knows that it does harm, or may: on mail of authenticated, known senders the evidence suffices at least
    /// for a warning.
    #[error(
        "{release} is not let into {slot}, because it does harm to {}",
        segments.iter().map(Segment::to_string).collect::<Vec<_>>().join(", ")
    )]
    Harmed {
        /// The release.
        release: ReleaseId,
        /// Where.
        slot: String,
        /// Whose mail it misjudges.
        segments: Vec<Segment>,
    },
    /// Processes did not say in time that they are ready.
    #[error(
        "{release} decides nowhere, because it is not known to be ready everywhere: after {} nothing was heard of it from {}",
        Lasting(*waited), processes.join(", ")
    )]
    Silent {
        /// The release.
        release: ReleaseId,
        /// The processes.
        processes: Vec<String>,
        /// How long it was waited.
        waited: Duration,
    },
}
