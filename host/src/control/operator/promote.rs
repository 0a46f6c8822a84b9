//! Promotion in two phases: every process is ready before anything is decided.

use std::time::{Duration, Instant};

use super::{CENSUS_INTERVAL, Control, ControlError};
use crate::control::event::Event;
use crate::control::ledger::Ledger;
use crate::control::operation::Operation;
use crate::control::refused::Refused;
use crate::control::store::{ControlStore as _, Preparation, Process, StoreError};
use crate::guard::Segment;
use crate::lasting::Lasting;
use crate::release::{Digest, ReleaseId};

/// What a promotion or a canary waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// Every process that is alive has the release ready; wait for that at most so long.
    Ready(Duration),
    /// Nothing. The ledger records that.
    Forced,
}

/// A promotion to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// Where.
    pub slot: String,
    /// The release.
    pub release: ReleaseId,
    /// Whether a version older than the live one is meant.
    pub older: bool,
    /// For how long the predecessor goes on scoring, in reverse shadow. Default if not given: 24 hours.
    pub cool_off: Option<Duration>,
    /// What it waits for.
    pub waited: Waited,
}

impl Control {
    /// Promotes a release once every living process has it ready and a guard that works.
    ///
    /// # Errors
    /// As [`Control::commit`]; and, unless it is forced, if the guard knows that the release does harm, a process cannot
    /// load it, or does not say so in time, or its guard cannot do its work. Nothing was changed then, anywhere.
    pub fn promote(&self, promotion: Promotion) -> Result<Event, PromoteError> {
        let Promotion { slot, release, older, cool_off, waited } = promotion;
        let (forced, cool_off_s) = (waited == Waited::Forced, cool_off.map(|cool_off| cool_off.as_secs()));
        let operation = Operation::Promote { slot, release: release.clone(), older, forced, cool_off_s };
        self.commit_when_ready(operation, &release, waited)
    }

    /// Does an operation that gives a release messages to decide, once every living process has it ready: else the
    /// same message would get different answers in different processes.
    ///
    /// # Errors
    /// As [`Control::promote`].
    pub fn commit_when_ready(
        &self,
        operation: Operation,
        release: &ReleaseId,
        waited: Waited,
    ) -> Result<Event, PromoteError> {
        let seen = self.check_when_ready(&operation, release, waited)?;
        self.commit_after(&seen, operation).map_err(PromoteError::Control)
    }

    /// Whether [`Control::commit_when_ready`] would do an operation. Changes nothing; returns what it looked at.
    ///
    /// # Errors
    /// As [`Control::promote`].
    pub fn check_when_ready(
        &self,
        operation: &Operation,
        release: &ReleaseId,
        waited: Waited,
    ) -> Result<Ledger, PromoteError> {
        let seen = self.ledger().map_err(PromoteError::Control)?;
        // What is refused is refused before anybody waits.
        self.draft(&seen, operation.clone()).map_err(|refused| PromoteError::Control(refused.into()))?;
        if let Waited::Ready(timeout) = waited {
            let deadline = Instant::now() + timeout;
            self.check_harmless(seen.state(), operation, release)?;
            self.wait_until_ready(release, timeout)?;
            self.check_guarded(seen.state(), operation, release, deadline)?;
        }
        Ok(seen)
    }

    /// Waits until every living process has a release ready.
    ///
    /// # Errors
    /// If one cannot load it, or does not say so within `timeout`.
    pub fn wait_until_ready(&self, release: &ReleaseId, timeout: Duration) -> Result<Vec<Process>, PromoteError> {
        let failed = |error: StoreError| PromoteError::Control(ControlError::Store(error));
        let mut watch = self.store.watch().map_err(failed)?;
        let deadline = Instant::now() + timeout;
        loop {
            let processes = self.store.processes().map_err(failed)?;
            if let Some(unable) = unable(&processes, &release.digest) {
                return Err(PromoteError::Unable { release: release.clone(), processes: unable });
            }
            let silent: Vec<_> = processes.iter().filter(|one| one.preparation(&release.digest).is_none()).collect();
            let left = deadline.saturating_duration_since(Instant::now());
            if silent.is_empty() {
                return Ok(processes);
            }
            if left.is_zero() {
                let silent = silent.into_iter().map(label).collect();
                return Err(PromoteError::Silent { release: release.clone(), processes: silent, waited: timeout });
            }
            watch.wait(left.min(CENSUS_INTERVAL));
        }
    }
}

/// The processes that cannot load a release, with why; none if all can.
fn unable(processes: &[Process], release: &Digest) -> Option<Vec<(String, String)>> {
    let unable: Vec<_> = processes
        .iter()
        .filter_map(|process| match process.preparation(release)? {
            Preparation::Failed { why } => Some((label(process), why.clone())),
            Preparation::Ready => None,
        })
        .collect();
    (!unable.is_empty()).then_some(unable)
}

/// `filter (process 3, pid 4711)`.
pub(super) fn label(process: &Process) -> String {
    format!("{} (process {}, pid {})", process.registered.name, process.number, process.registered.pid)
}

impl PromoteError {
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
        "{release} is not let into {slot}, because nobody would take it back if it does harm: {}. `switchback guard status` says more, --force does it all the same",
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
        "{release} is not let into {slot}, because it does harm to {}: `switchback guard status` has the numbers, --force does it all the same",
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
        "{release} decides nowhere, because it is not known to be ready everywhere: after {} nothing was heard of it from {}. --force does it all the same",
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
