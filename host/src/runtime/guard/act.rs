//! Doing what is due.

use std::time::Instant;

use jiff::Timestamp;
use rusqlite::Transaction;
use switchback_model::guard::Mode;
use switchback_model::release::ReleaseId;
use switchback_model::route::{Generation, RouteError};
use switchback_store::alert::{Alert, Found, Response, numbers};
use switchback_store::control::{
    AsGuard as _, Control, ControlError, Event, EventSequence, GuardAction, Operation, Refused, Request, SlotState,
};
use switchback_store::guard_store::{Due, KeptDue, Stage};

use super::decision::{Decision, decision};
use super::health::Task;
use super::state::{GuardState, raise_once};
use super::store_context::StoreContext;
use crate::limits::store::{GUARD_ATTEMPTS_MAX, GUARD_LEDGER_PAUSE};
use crate::runtime::error::describe;
use crate::runtime::slot::{LocalSlot, Reverted};

/// The author of what the guard does.
const AUTHOR: &str = "guard";

/// What became of something that was due.
enum Outcome {
    /// This process did it.
    Applied(Applied),
    /// Nothing may or can be done but to tell somebody.
    Told,
    /// Somebody else was faster, or the release has no such role any more.
    Superseded,
    /// It cannot be done now.
    Later,
}

/// What was done.
struct Applied {
    response: Response,
    event: Option<EventSequence>,
    generation: Generation,
    /// The share of the messages that a canary had before it was withdrawn.
    share_bp: Option<u16>,
}

/// Where something is noted as due.
#[derive(Clone, Copy)]
enum Noted {
    InStore,
    InSpare,
}

/// Does what is due.
#[derive(Default)]
pub(super) struct Actions {
    /// When the ledger could not be written last.
    ledger_failed: Option<Instant>,
}

impl Actions {
    /// Does all that is due. What cannot be done stays due.
    pub(super) fn do_what_is_due(&mut self, guard: &mut GuardState) {
        guard.move_due();
        match guard.store.read(Due::all) {
            Ok(due) => {
                guard.health.is_back(Task::Due);
                due.iter().for_each(|kept| self.do_one(guard, kept, Noted::InStore));
            }
            Err(error) => guard.away(Task::Due, &error),
        }
        let spared = guard.spare.awake().and_then(|spare| spare.read(Due::all).ok()).unwrap_or_default();
        spared.iter().for_each(|kept| self.do_one(guard, kept, Noted::InSpare));
    }

    fn do_one(&mut self, guard: &mut GuardState, kept: &KeptDue, noted: Noted) {
        let KeptDue { stage, due, .. } = kept;
        let outcome = match stage {
            Stage::RevertedHere => self.settle(guard, due),
            Stage::Told if !may_be_done_here(guard, due) => return,
            Stage::New | Stage::Told => self.apply(guard, due),
        };
        let mut about = guard.about(&due.slot, &due.release);
        about.requirements.clone_from(&due.requirements);
        let (next, response) = match outcome {
            Outcome::Applied(Applied { response, event, generation, share_bp }) => {
                (about.event, about.generation, about.share_bp) = (event, Some(generation), share_bp);
                ((response == Response::RevertedHere).then_some(Stage::RevertedHere), response)
            }
            Outcome::Told if *stage == Stage::Told => return,
            Outcome::Told => (Some(Stage::Told), Response::None),
            Outcome::Superseded => return note(guard, kept, noted, None, None),
            Outcome::Later => return,
        };
        let alert = Alert::new(Found::Harm(due.evidence.clone()), response, about, Timestamp::now());
        note(guard, kept, noted, next, Some(&alert));
    }

    fn apply(&mut self, guard: &GuardState, due: &Due) -> Outcome {
        match &guard.context {
            Some(context) => self.apply_in_store(guard, context, due),
            None => {
                let slot = guard.core.slots.get(&due.slot).cloned().map(LocalSlot::new);
                slot.map_or(Outcome::Superseded, |slot| apply_here(&slot, due))
            }
        }
    }

    /// Writes it into the ledger, from where every process obeys it.
    fn apply_in_store(&mut self, guard: &GuardState, context: &StoreContext, due: &Due) -> Outcome {
        if self.is_ledger_away() {
            return apply_without_store(guard, due);
        }
        let control = control_of(context, due);
        for _ in 0..GUARD_ATTEMPTS_MAX {
            match attempt(context, &control, due) {
                Ok(outcome) => return outcome,
                // The routes have changed: look again.
                Err(ControlError::Overtaken(_) | ControlError::Refused(Refused::GuardIsLate { .. })) => {}
                Err(ControlError::Refused(refused)) => {
                    tracing::warn!(%refused, "the guard can only tell");
                    return Outcome::Told;
                }
                Err(error) => {
                    tracing::error!(error = describe(&error), release = %due.release, "the guard cannot write into the ledger");
                    self.ledger_failed = Some(Instant::now());
                    return apply_without_store(guard, due);
                }
            }
        }
        Outcome::Later
    }

    /// Brings into the ledger what a process has done by itself: the revert, if the process ended before it could tell,
    /// and the quarantine in any case.
    fn settle(&mut self, guard: &GuardState, due: &Due) -> Outcome {
        let Some(context) = &guard.context else { return Outcome::Superseded };
        if self.is_ledger_away() {
            return Outcome::Later;
        }
        let control = control_of(context, due);
        let settled = match attempt(context, &control, due) {
            Ok(Outcome::Superseded) => bar(context, &control, due),
            // The process that reverted is about to tell.
            Ok(Outcome::Told) => Ok(Outcome::Later),
            outcome => outcome,
        };
        settled.unwrap_or_else(|error| {
            tracing::debug!(error = describe(&error), "the ledger does not know yet what was reverted here");
            self.ledger_failed = Some(Instant::now());
            Outcome::Later
        })
    }

    /// Whether the ledger could not be written a moment ago: whoever waits for it again for each due does nothing else.
    fn is_ledger_away(&self) -> bool {
        self.ledger_failed.is_some_and(|at| at.elapsed() < GUARD_LEDGER_PAUSE)
    }
}

/// Notes how far something has come, or that it is over, together with the alert that says so.
fn note(guard: &mut GuardState, kept: &KeptDue, noted: Noted, next: Option<Stage>, alert: Option<&Alert>) {
    let write = |transaction: &Transaction<'_>, alert: Option<&Alert>| {
        match next {
            Some(stage) => kept.due.came_to(transaction, kept.id, stage)?,
            None => Due::done(transaction, kept.id)?,
        }
        alert.map_or(Ok(false), |alert| raise_once(transaction, alert))
    };
    let written = match (noted, guard.spare.awake()) {
        (Noted::InStore, _) => guard.store.write(|transaction| write(transaction, alert)),
        (Noted::InSpare, Some(spare)) => spare.write(|transaction| write(transaction, None)),
        (Noted::InSpare, None) => Ok(false),
    };
    match (written, noted) {
        (Ok(is_raised), Noted::InStore) => {
            alert.filter(|_| is_raised).into_iter().for_each(|one| guard.was_raised(one))
        }
        (Ok(_), Noted::InSpare) => alert.into_iter().for_each(|alert| guard.raise(alert)),
        (Err(error), _) => {
            guard.away(Task::Due, &error);
            keep_in_spare(guard, kept, next);
            // It is looked at again.
            let alert = alert.filter(|_| guard.spare.is_news(kept.id));
            alert.into_iter().for_each(|alert| guard.raise(alert));
        }
    }
}

/// Keeps here what the store cannot note: that this process has reverted by itself.
fn keep_in_spare(guard: &mut GuardState, kept: &KeptDue, next: Option<Stage>) {
    let Some(stage @ Stage::RevertedHere) = next else { return };
    let Some(spare) = guard.wake_spare() else { return };
    if let Err(error) = spare.write(|transaction| kept.due.write(transaction, Timestamp::now(), stage)) {
        tracing::error!(error = describe(&error), release = %kept.due.release, "the ledger will not learn that it was reverted here");
    }
}

/// Whether more than to tell can be done, as far as this process knows. So nobody has to read the ledger each time.
fn may_be_done_here(guard: &GuardState, due: &Due) -> bool {
    let slot = guard.core.slots.get(&due.slot);
    slot.is_some_and(|slot| !matches!(decision(&slot.state(), due), Decision::Tell | Decision::Wait))
}

/// The ledger cannot be written. What is live here goes back all the same, and the ledger learns it later.
fn apply_without_store(guard: &GuardState, due: &Due) -> Outcome {
    let Some(slot) = guard.core.slots.get(&due.slot) else { return Outcome::Later };
    let state = slot.state();
    let is_due_here = state.guard.mode == Mode::Act && slot.live().as_ref() == Some(&due.release);
    if !is_due_here {
        return Outcome::Later;
    }
    let baseline = due.evidence.baseline().filter(|baseline| slot.standbys().contains(baseline)).cloned();
    match baseline.map_or_else(|| slot.revert(), |baseline| slot.revert_to(&baseline)) {
        Ok(Reverted { generation, .. }) => {
            Outcome::Applied(Applied { response: Response::RevertedHere, event: None, generation, share_bp: None })
        }
        // Another process does it, or this one when it starts again.
        Err(RouteError::Gone(_)) => Outcome::Later,
        Err(error) => {
            tracing::error!(error = describe(&error), "the guard can only tell");
            Outcome::Told
        }
    }
}

fn control_of(context: &StoreContext, due: &Due) -> Control {
    Control::of(context.store.clone()).author(AUTHOR).reason(numbers(&due.evidence))
}

/// Quarantines what has gone back, unless somebody gave it a role again since.
fn bar(context: &StoreContext, control: &Control, due: &Due) -> Result<Outcome, ControlError> {
    let ledger = context.ledger(control)?;
    let state = ledger.state();
    let has_role = state.slots.get(&due.slot).is_some_and(|slot| slot.entered.contains_key(&due.release.digest));
    if has_role || state.quarantined.contains_key(&due.release.digest) {
        return Ok(Outcome::Superseded);
    }
    match control.commit_after(&ledger, Request::Quarantine { release: due.release.clone() }) {
        Ok(_) | Err(ControlError::Refused(_)) => Ok(Outcome::Superseded),
        Err(error) => Err(error),
    }
}

/// What the guard did with this release in this role already, if it did: whoever did it may have been killed before an
/// alert could be raised.
fn earlier(control: &Control, due: &Due) -> Result<Outcome, ControlError> {
    let of_due = |event: &Event| match &event.operation {
        Operation::Guard { slot, release, action, .. }
            if event.generation >= due.since && (slot, release) == (&due.slot, &due.release) =>
        {
            let (response, event, generation) = (response(*action), Some(event.sequence), event.generation);
            Some(Applied { response, event, generation, share_bp: None })
        }
        _ => None,
    };
    Ok(control.history()?.iter().rev().find_map(of_due).map_or(Outcome::Superseded, Outcome::Applied))
}

/// Looks at the ledger, and writes what follows there.
fn attempt(context: &StoreContext, control: &Control, due: &Due) -> Result<Outcome, ControlError> {
    let ledger = context.ledger(control)?;
    let Some(slot) = ledger.state().slots.get(&due.slot) else { return Ok(Outcome::Superseded) };
    let action = match decision(slot, due) {
        Decision::Do(action) => action,
        Decision::Tell => return Ok(Outcome::Told),
        Decision::Wait => return Ok(Outcome::Later),
        Decision::Nothing => return earlier(control, due),
    };
    let operation = Operation::Guard {
        slot: due.slot.clone(),
        release: due.release.clone(),
        action,
        evidence: Box::new(due.evidence.clone()),
        domains: Vec::new(),
    };
    let Event { sequence, generation, .. } = control.act(&ledger, operation)?.event;
    let share_bp = share_of(slot, &due.release);
    Ok(Outcome::Applied(Applied { response: response(action), event: Some(sequence), generation, share_bp }))
}

const fn response(action: GuardAction) -> Response {
    match action {
        GuardAction::Block => Response::Blocked,
        GuardAction::Withdraw => Response::Withdrawn,
        GuardAction::Revert => Response::Reverted,
        GuardAction::RevertSegment => Response::SegmentReverted,
    }
}

fn share_of(slot: &SlotState, release: &ReleaseId) -> Option<u16> {
    slot.canaries.iter().find(|canary| canary.release == *release).map(|canary| canary.share.share_bp)
}

/// Does it in a slot that follows no store.
fn apply_here(slot: &LocalSlot, due: &Due) -> Outcome {
    let state = slot.state();
    let action = match decision(&state, due) {
        Decision::Do(action) => action,
        Decision::Tell => return Outcome::Told,
        Decision::Wait => return Outcome::Later,
        Decision::Nothing => return Outcome::Superseded,
    };
    let share_bp = share_of(&state, &due.release);
    match slot.take_back(&due.release, action, &due.evidence) {
        Ok(generation) => Outcome::Applied(Applied { response: response(action), event: None, generation, share_bp }),
        Err(error) => {
            tracing::warn!(error = describe(&error), "the guard can only tell");
            Outcome::Told
        }
    }
}
