//! Doing what is due.

use std::time::Instant;

use jiff::Timestamp;
use rusqlite::Transaction;
use switchback_model::guard::{Evidence, Mode, Segment};
use switchback_model::release::ReleaseId;
use switchback_model::route::RouteError;
use switchback_store::alert::{About, Alert, Found, Response, numbers};
use switchback_store::control::{Control, ControlError, Event, GuardAction, Operation, Refused, Request, SlotState};
use switchback_store::guard_store::{Due, KeptDue, Stage};

use super::Home;
use super::wellness::Task;
use super::worker::{Worker, raise_once};
use crate::limits::{GUARD_ATTEMPTS_MAX, GUARD_LEDGER_PAUSE};
use crate::runtime::{Reverted, Slot};

/// The author of what the guard does.
const AUTHOR: &str = "guard";

/// What became of something that was due.
enum Done {
    /// This process did it.
    So(Deed),
    /// Nothing may or can be done but to tell somebody.
    Told,
    /// Somebody else was faster, or the release has no such role any more.
    Moot,
    /// It cannot be done now.
    Later,
}

/// What was done.
struct Deed {
    response: Response,
    event: Option<u64>,
    generation: u64,
    /// The share of the messages that a canary had before it was withdrawn.
    share_bp: Option<u16>,
}

/// Where something is noted as due.
#[derive(Clone, Copy)]
enum Noted {
    InStore,
    InSpare,
}

impl Worker {
    /// Does all that is due. What cannot be done stays due.
    pub(super) fn do_what_is_due(&mut self) {
        self.move_due();
        match self.store.read(Due::all) {
            Ok(due) => {
                self.wellness.is_back(Task::Due);
                due.iter().for_each(|kept| self.do_one(kept, Noted::InStore));
            }
            Err(error) => self.away(Task::Due, &error),
        }
        let spared = self.spare.awake().and_then(|spare| spare.read(Due::all).ok()).unwrap_or_default();
        spared.iter().for_each(|kept| self.do_one(kept, Noted::InSpare));
    }

    fn do_one(&mut self, kept: &KeptDue, noted: Noted) {
        let KeptDue { stage, due, .. } = kept;
        let done = match stage {
            Stage::RevertedHere => self.settle(due),
            Stage::Told if !self.may_be_done_here(due) => return,
            Stage::New | Stage::Told => self.done(due),
        };
        let about = self.about(&due.slot, &due.release);
        let mut about = About { requirements: due.requirements.clone(), ..about };
        let (next, response) = match done {
            Done::So(Deed { response, event, generation, share_bp }) => {
                about = About { event, generation: Some(generation), share_bp, ..about };
                ((response == Response::RevertedHere).then_some(Stage::RevertedHere), response)
            }
            Done::Told if *stage == Stage::Told => return,
            Done::Told => (Some(Stage::Told), Response::None),
            Done::Moot => return self.note(kept, noted, None, None),
            Done::Later => return,
        };
        let alert = Alert::new(Found::Harm(due.evidence.clone()), response, about, Timestamp::now());
        self.note(kept, noted, next, Some(&alert));
    }

    /// Notes how far something has come, or that it is over, together with the alert that says so.
    fn note(&mut self, kept: &KeptDue, noted: Noted, next: Option<Stage>, alert: Option<&Alert>) {
        let write = |transaction: &Transaction<'_>, alert: Option<&Alert>| {
            match next {
                Some(stage) => kept.due.came_to(transaction, kept.id, stage)?,
                None => Due::done(transaction, kept.id)?,
            }
            alert.map_or(Ok(false), |alert| raise_once(transaction, alert))
        };
        let written = match (noted, self.spare.awake()) {
            (Noted::InStore, _) => self.store.write(|transaction| write(transaction, alert)),
            (Noted::InSpare, Some(spare)) => spare.write(|transaction| write(transaction, None)),
            (Noted::InSpare, None) => Ok(false),
        };
        match (written, noted) {
            (Ok(is_raised), Noted::InStore) => {
                alert.filter(|_| is_raised).into_iter().for_each(|one| self.was_raised(one))
            }
            (Ok(_), Noted::InSpare) => alert.into_iter().for_each(|alert| self.raise(alert)),
            (Err(error), _) => {
                self.away(Task::Due, &error);
                self.keep_in_spare(kept, next);
                // It is looked at again.
                let alert = alert.filter(|_| self.spare.is_news(kept.id));
                alert.into_iter().for_each(|alert| self.raise(alert));
            }
        }
    }

    /// Keeps here what the store cannot note: that this process has reverted by itself.
    fn keep_in_spare(&mut self, kept: &KeptDue, next: Option<Stage>) {
        let Some(stage @ Stage::RevertedHere) = next else { return };
        let current = self.current();
        let Some(spare) = self.spare.wake(self.home.as_ref(), &current) else { return };
        if let Err(error) = spare.write(|transaction| kept.due.write(transaction, Timestamp::now(), stage)) {
            tracing::error!(%error, release = %kept.due.release, "the ledger will not learn that it was reverted here");
        }
    }

    /// Whether more than to tell can be done, as far as this process knows. So nobody has to read the ledger each time.
    fn may_be_done_here(&self, due: &Due) -> bool {
        let slot = self.core.slots.get(&due.slot);
        slot.is_some_and(|slot| !matches!(decision(&slot.state(), due), Decision::Tell | Decision::Wait))
    }

    fn done(&mut self, due: &Due) -> Done {
        match self.home.clone() {
            Some(home) => self.done_in_store(&home, due),
            None => self.core.slots.get(&due.slot).map_or(Done::Moot, |slot| done_here(slot, due)),
        }
    }

    /// Writes it into the ledger, from where every process obeys it.
    fn done_in_store(&mut self, home: &Home, due: &Due) -> Done {
        if self.is_ledger_away() {
            return self.done_without_store(due);
        }
        let control = control_of(home, due);
        for _ in 0..GUARD_ATTEMPTS_MAX {
            match attempt(&control, due) {
                Ok(done) => return done,
                // The routes have changed: look again.
                Err(ControlError::Overtaken(_) | ControlError::Refused(Refused::GuardIsLate { .. })) => {}
                Err(ControlError::Refused(refused)) => {
                    tracing::warn!(%refused, "the guard can only tell");
                    return Done::Told;
                }
                Err(error) => {
                    tracing::error!(%error, release = %due.release, "the guard cannot write into the ledger");
                    self.ledger_failed = Some(Instant::now());
                    return self.done_without_store(due);
                }
            }
        }
        Done::Later
    }

    /// The ledger cannot be written. What is live here goes back all the same, and the ledger learns it later.
    fn done_without_store(&self, due: &Due) -> Done {
        let Some(slot) = self.core.slots.get(&due.slot) else { return Done::Later };
        let state = slot.state();
        let is_due_here = state.guard.mode == Mode::Act && slot.live().as_ref() == Some(&due.release);
        if !is_due_here {
            return Done::Later;
        }
        let baseline = due.evidence.baseline().filter(|baseline| slot.standbys().contains(baseline)).cloned();
        match baseline.map_or_else(|| slot.revert(), |baseline| slot.revert_to(&baseline)) {
            Ok(Reverted { generation, .. }) => {
                Done::So(Deed { response: Response::RevertedHere, event: None, generation, share_bp: None })
            }
            // Another process does it, or this one when it starts again.
            Err(RouteError::Gone(_)) => Done::Later,
            Err(error) => {
                tracing::error!(%error, "the guard can only tell");
                Done::Told
            }
        }
    }

    /// Brings into the ledger what a process has done by itself: the revert, if the process ended before it could tell,
    /// and the quarantine in any case.
    fn settle(&mut self, due: &Due) -> Done {
        let Some(home) = &self.home else { return Done::Moot };
        if self.is_ledger_away() {
            return Done::Later;
        }
        let control = control_of(home, due);
        let settled = match attempt(&control, due) {
            Ok(Done::Moot) => bar(&control, due),
            // The process that reverted is about to tell.
            Ok(Done::Told) => Ok(Done::Later),
            done => done,
        };
        settled.unwrap_or_else(|error| {
            tracing::debug!(%error, "the ledger does not know yet what was reverted here");
            self.ledger_failed = Some(Instant::now());
            Done::Later
        })
    }

    /// Whether the ledger could not be written a moment ago: whoever waits for it again for each due does nothing else.
    fn is_ledger_away(&self) -> bool {
        self.ledger_failed.is_some_and(|at| at.elapsed() < GUARD_LEDGER_PAUSE)
    }
}

fn control_of(home: &Home, due: &Due) -> Control {
    Control::of(home.store.clone()).author(AUTHOR).reason(numbers(&due.evidence))
}

/// Quarantines what has gone back, unless somebody gave it a role again since.
fn bar(control: &Control, due: &Due) -> Result<Done, ControlError> {
    let state = control.state()?;
    let has_role = state.slots.get(&due.slot).is_some_and(|slot| slot.entered.contains_key(&due.release.digest));
    if has_role || state.quarantined.contains_key(&due.release.digest) {
        return Ok(Done::Moot);
    }
    match control.commit(Request::Quarantine { release: due.release.clone() }) {
        Ok(_) | Err(ControlError::Refused(_)) => Ok(Done::Moot),
        Err(error) => Err(error),
    }
}

/// What the guard did with this release in this role already, if it did: whoever did it may have been killed before an
/// alert could be raised.
fn earlier(control: &Control, due: &Due) -> Result<Done, ControlError> {
    let of_due = |event: &Event| match &event.operation {
        Operation::Guard { slot, release, action, .. }
            if event.generation >= due.since && (slot, release) == (&due.slot, &due.release) =>
        {
            let (response, event, generation) = (response(*action), Some(event.sequence), event.generation);
            Some(Deed { response, event, generation, share_bp: None })
        }
        _ => None,
    };
    Ok(control.history()?.iter().rev().find_map(of_due).map_or(Done::Moot, Done::So))
}

/// Looks at the ledger, and writes what follows there.
fn attempt(control: &Control, due: &Due) -> Result<Done, ControlError> {
    let ledger = control.ledger()?;
    let Some(slot) = ledger.state().slots.get(&due.slot) else { return Ok(Done::Moot) };
    let action = match decision(slot, due) {
        Decision::Do(action) => action,
        Decision::Tell => return Ok(Done::Told),
        Decision::Wait => return Ok(Done::Later),
        Decision::Nothing => return earlier(control, due),
    };
    let operation = Operation::Guard {
        slot: due.slot.clone(),
        release: due.release.clone(),
        action,
        evidence: Box::new(due.evidence.clone()),
        domains: Vec::new(),
    };
    let Event { sequence, generation, .. } = control.write_after(&ledger, operation)?;
    let share_bp = share_of(slot, &due.release);
    Ok(Done::So(Deed { response: response(action), event: Some(sequence), generation, share_bp }))
}

enum Decision {
    Do(GuardAction),
    /// The guard may only tell, or can do nothing else.
    Tell,
    /// The guard does not look at the slot now.
    Wait,
    /// It is over, or was done.
    Nothing,
}

/// What is to be done, by the role that the release has now; nothing if it has none, or had to begin anew since.
fn decision(slot: &SlotState, due: &Due) -> Decision {
    if slot.entered.get(&due.release.digest) != Some(&due.since) {
        return Decision::Nothing;
    }
    let is = |release: &ReleaseId| *release == due.release;
    let action = if slot.live.as_ref().is_some_and(is) {
        // Without a predecessor there is nothing to go back to.
        if slot.standbys.is_empty() {
            return if slot.guard.mode == Mode::Off { Decision::Wait } else { Decision::Tell };
        }
        match of_live(slot, &due.evidence) {
            Some(action) => action,
            None => return Decision::Nothing,
        }
    } else if slot.canaries.iter().any(|canary| is(&canary.release)) {
        GuardAction::Withdraw
    } else if slot.harmful.contains_key(&due.release.digest) {
        return Decision::Nothing;
    } else {
        GuardAction::Block
    };
    match slot.guard.mode {
        Mode::Act => Decision::Do(action),
        Mode::Warn => Decision::Tell,
        Mode::Off => Decision::Wait,
    }
}

/// Whether the whole release goes back, or one segment first; nothing if that segment has gone back already.
fn of_live(slot: &SlotState, evidence: &Evidence) -> Option<GuardAction> {
    let Evidence::Flips(flips) = evidence else { return Some(GuardAction::Revert) };
    if is_back(slot, &flips.segment) {
        return None;
    }
    let is_cohort = matches!(flips.segment, Segment::Domain(_) | Segment::Provider(_));
    let has_room = slot.segments.len() < usize::from(slot.guard.segment_reverts);
    let stands_by = slot.standbys.contains(&flips.baseline);
    Some(if is_cohort && has_room && stands_by { GuardAction::RevertSegment } else { GuardAction::Revert })
}

/// Whether a segment is back at a standby, by itself or with its provider.
fn is_back(slot: &SlotState, segment: &Segment) -> bool {
    slot.segments.iter().any(|rule| {
        rule.segment == *segment
            || matches!(segment, Segment::Domain(domain) if rule.domains.iter().any(|one| **one == **domain))
    })
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
fn done_here(slot: &Slot, due: &Due) -> Done {
    let state = slot.state();
    let action = match decision(&state, due) {
        Decision::Do(action) => action,
        Decision::Tell => return Done::Told,
        Decision::Wait => return Done::Later,
        Decision::Nothing => return Done::Moot,
    };
    let share_bp = share_of(&state, &due.release);
    match slot.take_back(&due.release, action, &due.evidence) {
        Ok(generation) => Done::So(Deed { response: response(action), event: None, generation, share_bp }),
        Err(error) => {
            tracing::warn!(%error, "the guard can only tell");
            Done::Told
        }
    }
}
