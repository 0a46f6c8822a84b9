//! Rollouts: going on to the next step when it is due and the evidence is there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use switchback_model::guard::{GuardSettings, TrialEvidence};
use switchback_store::alert::{Alert, Found, Response};
use switchback_store::control::{
    AsGuard as _, Committed, Control, EventSequence, Progress, PromoteError, Rollout, SlotState,
};
use switchback_store::guard_store::{PauseCause, ToldPause, raise, trial_evidence};
use switchback_store::limits::CLOCK_TRIED;
use switchback_system::clock;

use super::health::Task;
use super::state::GuardState;
use super::store_context::StoreContext;
use crate::limits::store::GUARD_ROLLOUT_INTERVAL;
use crate::runtime::error::describe;
use crate::runtime::slot::{GuardedSlot, Slot};

/// Which pauses of rollouts are known to have been told of: the store is not asked again every second.
#[derive(Default)]
pub(super) struct Rollouts {
    told: BTreeSet<ToldPause>,
    /// When it was asked last what is known about each.
    asked: BTreeMap<String, Instant>,
    /// When this process met the step that a slot is in.
    met: BTreeMap<String, Met>,
}

/// A step of a rollout, as a process has met it.
struct Met {
    begun: EventSequence,
    step: usize,
    /// For how long it went on by then, by the time of day.
    before: Duration,
    at: Instant,
}

impl Rollouts {
    /// The time by which a step goes on: from where this process met it, as time passes, whatever becomes of the time of day. A
    /// step that seems to begin later begins then; so does one that seems to be due for more than a day, as for a process that
    /// starts with a clock that is wrong.
    fn time_of(&mut self, slot: &str, rollout: &Rollout, time_of_day: Timestamp, now: Instant) -> Timestamp {
        let (begun, step) = (rollout.began.sequence, rollout.step);
        if self.met.get(slot).is_none_or(|met| (met.begun, met.step) != (begun, step)) {
            let hold = Duration::from_secs(rollout.current().map_or(0, |step| step.hold_s));
            let before = Duration::try_from(rollout.step_began.duration_until(time_of_day)).unwrap_or_default();
            let is_believed = before.saturating_sub(hold) <= CLOCK_TRIED;
            let before = if is_believed { before } else { Duration::ZERO };
            self.met.insert(slot.to_owned(), Met { begun, step, before, at: now });
        }
        let lasts = self.met.get(slot).map_or(Duration::ZERO, |met| met.before + now.saturating_duration_since(met.at));
        rollout.step_began.checked_add(lasts).unwrap_or(Timestamp::MAX)
    }

    /// Whether it is time to ask what is known: now and then, and at once where the step has taken its time.
    fn is_time(&mut self, slot: &str, rollout: &Rollout, now: Timestamp) -> bool {
        let nothing = TrialEvidence::none(&GuardSettings::default());
        let is_held = matches!(rollout.progress(now, &nothing), Progress::Holds { .. });
        if is_held && self.asked.get(slot).is_some_and(|at| at.elapsed() < GUARD_ROLLOUT_INTERVAL) {
            return false;
        }
        self.asked.insert(slot.to_owned(), Instant::now());
        true
    }
}

impl Rollouts {
    /// Looks at the rollout of every slot. Of the processes of a store the first one that commits a step has made it.
    pub(super) fn go_on(&mut self, guard: &mut GuardState) {
        let Some(context) = guard.context.clone() else { return };
        let slots: Vec<_> = guard.core.slots.values().map(Slot::guarded).collect();
        for slot in slots {
            let state = slot.state();
            let Some(rollout) = &state.rollout else {
                self.told.retain(|told| told.slot != **slot.name());
                self.asked.remove(&**slot.name());
                self.met.remove(&**slot.name());
                continue;
            };
            self.look_at(guard, &context, &slot, &state, rollout);
        }
    }

    fn look_at(
        &mut self,
        guard: &mut GuardState,
        context: &StoreContext,
        slot: &GuardedSlot,
        state: &SlotState,
        rollout: &Rollout,
    ) {
        let Some(trial) = state.rollout_trial(slot.name()) else { return };
        let now = self.time_of(slot.name(), rollout, clock::now(), Instant::now());
        if !self.is_time(slot.name(), rollout, now) {
            return;
        }
        let evidence = match guard.store.read(|connection| trial_evidence(connection, &trial, &state.guard)) {
            Ok(evidence) => evidence,
            Err(error) => return guard.away(Task::Ask, &error),
        };
        guard.health.is_back(Task::Ask);
        match rollout.progress(now, &evidence) {
            Progress::Holds { .. } => {}
            Progress::Paused(pause) => {
                self.tell_pause(guard, slot, rollout, pause.cause(), &pause.to_string());
            }
            Progress::Due(step) => self.advance(guard, context, slot, rollout, step),
        }
    }

    fn advance(
        &mut self,
        guard: &mut GuardState,
        context: &StoreContext,
        slot: &GuardedSlot,
        rollout: &Rollout,
        step: usize,
    ) {
        let (release, control) = (rollout.release.clone(), Control::of(context.store.clone()).author("guard"));
        let seen = context.ledger(&control).map_err(PromoteError::Control);
        // Who is not ready now is asked again in a second.
        match seen.and_then(|seen| control.advance(&seen, slot.name(), &release, step)) {
            Ok(Committed { event, .. }) => {
                let trying = rollout.plan.steps().get(step).map(ToString::to_string).unwrap_or_default();
                let what = format!("went on to `{trying}`, step {} of {}", step + 1, rollout.plan.steps().len());
                let mut about = guard.about(slot.name(), &release);
                (about.event, about.generation) = (Some(event.sequence), Some(event.generation));
                guard.raise(&Alert::new(Found::Rollout(what), Response::Advanced, about, Timestamp::now()));
            }
            // Another process made the step, or somebody changed the slot: the state will say.
            Err(error) if error.is_overtaken() => {}
            Err(error) => self.tell_pause(guard, slot, rollout, error.pause_cause(), &describe(&error)),
        }
    }

    /// Tells why a rollout pauses, if nobody did: once by all processes, for each step and cause.
    fn tell_pause(
        &mut self,
        guard: &mut GuardState,
        slot: &GuardedSlot,
        rollout: &Rollout,
        cause: PauseCause,
        why: &str,
    ) {
        let (slot, begun) = (slot.name().to_string(), rollout.began.sequence);
        let about = guard.about(&slot, &rollout.release);
        let pause = ToldPause { slot, begun, step: rollout.step, cause };
        if self.told.contains(&pause) {
            return;
        }
        let alert = Alert::new(Found::Rollout(format!("pauses: {why}")), Response::Paused, about, Timestamp::now());
        let is_news = guard.store.write(|transaction| {
            let is_news = pause.note(transaction)?;
            if is_news {
                raise(transaction, &alert)?;
            }
            Ok(is_news)
        });
        match is_news {
            Ok(is_news) => {
                self.told.insert(pause);
                if is_news {
                    guard.was_raised(&alert);
                }
            }
            Err(error) => guard.away(Task::Say, &error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_model::release::{Digest, ReleaseId};
    use switchback_store::control::OperationNote;

    /// In its first step, of a minute, since a time.
    fn rollout(step_began: Timestamp) -> Rollout {
        let release = ReleaseId::new("phish".parse().unwrap(), semver::Version::new(2, 0, 0), Digest::of(b""));
        let began = OperationNote::new(EventSequence::new(1), step_began, "", "");
        Rollout::new(release.clone(), release, "shadow 60s, 100%".parse().unwrap(), began)
    }

    #[test]
    fn a_step_takes_its_time_whatever_the_time_of_day_is_set_to() {
        let began = Timestamp::from_second(1_000_000_000).unwrap();
        let (rollout, start) = (rollout(began), Instant::now());
        let lasts = |rollouts: &mut Rollouts, rollout: &Rollout, time_of_day_s: i64, passed_s: u64| {
            let time_of_day = began + jiff::SignedDuration::from_secs(time_of_day_s);
            let now = rollouts.time_of("inbound", rollout, time_of_day, start + Duration::from_secs(passed_s));
            began.duration_until(now).as_secs()
        };
        let day = 86_400;
        let mut rollouts = Rollouts::default();
        assert_eq!(lasts(&mut rollouts, &rollout, 20, 0), 20, "a process that starts goes on with what others began");
        assert_eq!(lasts(&mut rollouts, &rollout, 40 * day, 5), 25, "set ahead");
        assert_eq!(lasts(&mut rollouts, &rollout, -40 * day, 60), 80, "set back");
        let mut next = rollout.clone();
        next.step = 1;
        assert_eq!(lasts(&mut rollouts, &next, -40 * day, 70), 0, "of a time that is still to come");
        assert_eq!(lasts(&mut rollouts, &next, -40 * day, 90), 20);
        assert_eq!(lasts(&mut Rollouts::default(), &rollout, day, 0), day);
        assert_eq!(lasts(&mut Rollouts::default(), &rollout, 40 * day, 0), 0, "far ahead from the start");
    }

    #[test]
    fn while_a_step_takes_its_time_nobody_asks_every_second() {
        let rollout = rollout(Timestamp::UNIX_EPOCH);
        let after = |seconds| Timestamp::from_second(seconds).unwrap();
        let mut rollouts = Rollouts::default();
        let asked = [1, 2, 60, 61].map(|second| rollouts.is_time("inbound", &rollout, after(second)));
        assert_eq!(asked, [true, false, true, true]);
        let long_ago = Instant::now().checked_sub(GUARD_ROLLOUT_INTERVAL).unwrap();
        rollouts.asked.insert("inbound".to_owned(), long_ago);
        assert!(rollouts.is_time("inbound", &rollout, after(3)));
    }
}
