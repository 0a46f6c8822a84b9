//! Rollouts: going on to the next step when it is due and the evidence is there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use jiff::Timestamp;

use super::wellness::Task;
use super::worker::Worker;
use crate::alert::{Alert, Found, Response};
use crate::control::{Control, ControlError, Pause, Progress, PromoteError, Rollout, SlotState};
use crate::guard::{MailCounts, Standing, TrialEvidence};
use crate::guard_store::{PauseCause, ToldPause, raise, trial_evidence};
use crate::limits::GUARD_ROLLOUT_INTERVAL;
use crate::runtime::slot::SlotShared;

/// Which pauses of rollouts are known to have been told of: the store is not asked again every second.
#[derive(Default)]
pub(super) struct Rollouts {
    told: BTreeSet<ToldPause>,
    /// When it was asked last what is known about each.
    asked: BTreeMap<String, Instant>,
}

impl Rollouts {
    /// Whether it is time to ask what is known: now and then, and at once where the step has taken its time.
    fn is_time(&mut self, slot: &str, rollout: &Rollout, now: Timestamp) -> bool {
        let pairs = MailCounts::default();
        let nothing = TrialEvidence { harmed: Vec::new(), everything: Standing::Unproven, campaigns: 0, pairs };
        let is_held = matches!(rollout.progress(now, &nothing), Progress::Holds { .. });
        if is_held && self.asked.get(slot).is_some_and(|at| at.elapsed() < GUARD_ROLLOUT_INTERVAL) {
            return false;
        }
        self.asked.insert(slot.to_owned(), Instant::now());
        true
    }
}

impl Worker {
    /// Looks at the rollout of every slot. Of the processes of a store the first one that commits a step has made it.
    pub(super) fn go_on_with_rollouts(&mut self) {
        let Some(home) = self.home.clone() else { return };
        let slots: Vec<_> = self.core.slots.values().map(|slot| slot.shared()).collect();
        for slot in slots {
            let state = slot.state();
            let Some(rollout) = &state.rollout else {
                self.rollouts.told.retain(|told| told.slot != **slot.name());
                self.rollouts.asked.remove(&**slot.name());
                continue;
            };
            self.go_on(&slot, &state, rollout, &Control::of(home.store.clone()).author("guard"));
        }
    }

    fn go_on(&mut self, slot: &SlotShared, state: &SlotState, rollout: &Rollout, control: &Control) {
        let Some(trial) = state.rollout_trial(slot.name()) else { return };
        if !self.rollouts.is_time(slot.name(), rollout, Timestamp::now()) {
            return;
        }
        let evidence = match self.store.read(|connection| trial_evidence(connection, &trial, &state.guard)) {
            Ok(evidence) => evidence,
            Err(error) => return self.away(Task::Ask, &error),
        };
        self.wellness.is_back(Task::Ask);
        match rollout.progress(Timestamp::now(), &evidence) {
            Progress::Holds { .. } => {}
            Progress::Paused(pause) => {
                let cause = match pause {
                    Pause::Unproven { .. } => PauseCause::Unproven,
                    Pause::Harmed(_) => PauseCause::Harmed,
                };
                self.tell_pause(slot, rollout, cause, &pause.to_string());
            }
            Progress::Due(step) => self.advance(slot, rollout, step, control),
        }
    }

    fn advance(&mut self, slot: &SlotShared, rollout: &Rollout, step: usize, control: &Control) {
        let release = rollout.release.clone();
        // Who is not ready now is asked again in a second.
        match control.advance(slot.name(), &release, step) {
            Ok(event) => {
                let trying = rollout.plan.steps().get(step).map(ToString::to_string).unwrap_or_default();
                let what = format!("went on to `{trying}`, step {} of {}", step + 1, rollout.plan.steps().len());
                let mut about = self.about(slot.name(), &release);
                (about.event, about.generation) = (Some(event.sequence), Some(event.generation));
                self.raise(&Alert::new(Found::Rollout(what), Response::Advanced, about, Timestamp::now()));
            }
            // Another process made the step, or somebody changed the slot: the state will say.
            Err(error) if error.is_overtaken() => {}
            Err(error) => self.tell_pause(slot, rollout, cause_of(&error), &error.to_string()),
        }
    }

    /// Tells why a rollout pauses, if nobody did: once by all processes, for each step and cause.
    fn tell_pause(&mut self, slot: &SlotShared, rollout: &Rollout, cause: PauseCause, why: &str) {
        let (slot, begun) = (slot.name().to_string(), rollout.began.sequence);
        let about = self.about(&slot, &rollout.release);
        let pause = ToldPause { slot, begun, step: rollout.step, cause };
        if self.rollouts.told.contains(&pause) {
            return;
        }
        let alert = Alert::new(Found::Rollout(format!("pauses: {why}")), Response::Paused, about, Timestamp::now());
        let is_news = self.store.write(|transaction| {
            let is_news = pause.note(transaction)?;
            if is_news {
                raise(transaction, &alert)?;
            }
            Ok(is_news)
        });
        match is_news {
            Ok(is_news) => {
                self.rollouts.told.insert(pause);
                if is_news {
                    self.was_raised(&alert);
                }
            }
            Err(error) => self.away(Task::Say, &error),
        }
    }
}

fn cause_of(error: &PromoteError) -> PauseCause {
    match error {
        PromoteError::Unable { .. } | PromoteError::Silent { .. } => PauseCause::Unready,
        PromoteError::Unguarded { .. } => PauseCause::Unguarded,
        PromoteError::Harmed { .. } => PauseCause::Harmed,
        PromoteError::Control(ControlError::Refused(_)) => PauseCause::Refused,
        PromoteError::Control(_) => PauseCause::Store,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::control::Note;
    use crate::release::{Digest, ReleaseId};

    #[test]
    fn while_a_step_takes_its_time_nobody_asks_every_second() {
        let release = ReleaseId {
            name: "phish".parse().unwrap(),
            version: Arc::new(semver::Version::new(2, 0, 0)),
            digest: Digest::of(b""),
        };
        let began = Note { sequence: 1, at: Timestamp::UNIX_EPOCH, author: String::new(), reason: String::new() };
        let rollout = Rollout {
            release: release.clone(),
            baseline: release,
            plan: "shadow 60s, 100%".parse().unwrap(),
            step: 0,
            step_began: Timestamp::UNIX_EPOCH,
            began,
        };
        let after = |seconds| Timestamp::from_second(seconds).unwrap();
        let mut rollouts = Rollouts::default();
        let asked = [1, 2, 60, 61].map(|second| rollouts.is_time("inbound", &rollout, after(second)));
        assert_eq!(asked, [true, false, true, true]);
        let long_ago = Instant::now().checked_sub(GUARD_ROLLOUT_INTERVAL).unwrap();
        rollouts.asked.insert("inbound".to_owned(), long_ago);
        assert!(rollouts.is_time("inbound", &rollout, after(3)));
    }
}
