//! Whether every process has a guard that works: without one nothing is promoted.

use std::time::Instant;

use switchback_model::guard::{Mode, TrialEvidence, TrialKey};
use switchback_model::release::ReleaseId;
use switchback_system::clock;
use switchback_system::shortage::in_full;

use super::ready::PromoteError;
use super::{CENSUS_INTERVAL, Control, ControlError};
use crate::control::state::StoreState;
use crate::control::store::{StoreError, StoreProcess, Watched};
use crate::guard_store::{GuardReader, GuardStoreError, Health};

impl Control {
    /// Refuses what lets a release decide in a slot while the guard of a living process cannot do its work there. One
    /// that has just started is waited for.
    ///
    /// # Errors
    /// If one says that it cannot, or says nothing by `deadline`, or what the guard knew is lost.
    pub(super) fn check_guarded(
        &self,
        state: &StoreState,
        slot: &str,
        release: &ReleaseId,
        deadline: Instant,
    ) -> Result<(), PromoteError> {
        if state.slots.get(slot).is_some_and(|slot| slot.guard.mode == Mode::Off) {
            return Ok(());
        }
        let failed = |error: StoreError| PromoteError::Control(ControlError::Store(error));
        let unguarded = |guards| PromoteError::Unguarded { release: release.clone(), slot: slot.to_owned(), guards };
        let mut watch = self.store.watch(Watched::All).map_err(failed)?;
        loop {
            let processes = self.store.processes().map_err(failed)?;
            let concerned: Vec<_> =
                processes.iter().filter(|one| one.registered.slots.iter().any(|s| s == slot)).collect();
            let troubles = match self.guards() {
                Ok(guards) => troubles(&concerned, &guards),
                Err(GuardStoreError::None(_)) => troubles(&concerned, &[]),
                Err(error) => return Err(unguarded(vec![in_full(&error)])),
            };
            let left = deadline.saturating_duration_since(Instant::now());
            match troubles {
                Troubles::None => return Ok(()),
                Troubles::Said(guards) => return Err(unguarded(guards)),
                Troubles::Silent(guards) if left.is_zero() => return Err(unguarded(guards)),
                Troubles::Silent(_) => watch.wait(left.min(CENSUS_INTERVAL)),
            }
        }
    }

    /// Refuses what lets a release decide in a slot where the guard knows that it does harm there, be that enough to act
    /// or to warn. Where the slot's guard is off it is not asked.
    ///
    /// # Errors
    /// If it does harm, or that cannot be known because what the guard remembers cannot be read.
    pub(super) fn check_harmless(
        &self,
        state: &StoreState,
        name: &str,
        release: &ReleaseId,
    ) -> Result<(), PromoteError> {
        let Some(slot) = state.slots.get(name) else { return Ok(()) };
        let (Some(baseline), Some(since)) = (slot.live.clone(), slot.entered.get(&release.digest).copied()) else {
            return Ok(());
        };
        if slot.guard.mode == Mode::Off {
            return Ok(());
        }
        let trial = TrialKey::new(name, release.clone(), baseline, since);
        let reader = GuardReader::open(self.store.guard_dir());
        match reader.and_then(|reader| reader.evidence(&trial, &slot.guard)) {
            Ok(TrialEvidence { harmed, .. }) if harmed.is_empty() => Ok(()),
            Ok(TrialEvidence { harmed: segments, .. }) => {
                Err(PromoteError::Harmed { release: release.clone(), slot: name.to_owned(), segments })
            }
            Err(GuardStoreError::None(_)) => Ok(()),
            Err(error) => {
                let guards = vec![in_full(&error)];
                Err(PromoteError::Unguarded { release: release.clone(), slot: name.to_owned(), guards })
            }
        }
    }

    /// How every guard is. What it lost is an error.
    fn guards(&self) -> Result<Vec<Health>, GuardStoreError> {
        let reader = GuardReader::open(self.store.guard_dir())?;
        match reader.loss()?.filter(|loss| loss.is_felt(clock::now())) {
            Some(loss) => Err(GuardStoreError::Lost(format!("{}, on {}", loss.why, loss.at))),
            None => reader.health(),
        }
    }
}

/// What is wrong with the guards of some processes.
enum Troubles {
    None,
    /// Guards say so.
    Said(Vec<String>),
    /// Guards say nothing.
    Silent(Vec<String>),
}

fn troubles(processes: &[&StoreProcess], guards: &[Health]) -> Troubles {
    let now = clock::now();
    let guard_of = |process: &StoreProcess| guards.iter().find(|guard| guard.process == process.number.get());
    let said = |process: &&StoreProcess| Some(format!("{}: {}", process.label(), guard_of(process)?.trouble(now)?));
    let troubled: Vec<_> = processes.iter().filter_map(said).collect();
    if !troubled.is_empty() {
        return Troubles::Said(troubled);
    }
    let silent = processes.iter().filter(|process| guard_of(process).is_none());
    let silent: Vec<_> = silent.map(|process| format!("{}: it has not said how it is", process.label())).collect();
    if silent.is_empty() { Troubles::None } else { Troubles::Silent(silent) }
}
