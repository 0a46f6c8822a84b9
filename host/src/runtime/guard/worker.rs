//! The thread of the guard.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use crate::metric::{Counter, counter};
use crossbeam_channel::{Receiver, Sender, select};
use jiff::Timestamp;
use switchback_model::contain::contained;
use switchback_model::guard::MailCounts;
use switchback_store::alert::{Alert, Found, Response};
use switchback_store::guard_store::{Full, GuardStore, GuardStoreError, Stage, StoreMemory, leave, raise};
use switchback_system::clock::{self, Steady};

use super::act::Actions;
use super::batch::{Findings, Judge, Warning};
use super::health::Task;
use super::observations::Observation;
use super::rollouts::Rollouts;
use super::state::{GuardState, Kept, about_process};
use super::store_context::StoreContext;
use crate::limits::store::{
    GUARD_BATCH_MAX, GUARD_BATCH_TIME, GUARD_FRESH_BATCH_TIME, GUARD_NAP, GUARD_STORE_PATIENCE, GUARD_TICK,
    GUARD_TIDY_INTERVAL,
};
use crate::runtime::error::describe;
use crate::runtime::slot::{Background as _, Slot};

/// What the guard is asked to do at once.
pub(super) enum Order {
    /// To look at all that it was told so far, do what follows, and say so.
    Flush(Sender<()>),
}

/// What the thread of the guard works with.
pub(super) struct Worker {
    state: GuardState,
    actions: Actions,
    rollouts: Rollouts,
    observations: Receiver<Observation>,
    judge: Judge,
    /// Since when others have kept it from writing what it counted.
    busy: Option<Instant>,
    ticked: Instant,
    tidied: Option<Instant>,
    steady: Steady,
}

impl Worker {
    pub(super) fn new(state: GuardState, observations: Receiver<Observation>) -> Self {
        // As with alerts: a counter is served from when it is first touched.
        clock_jumps().increment(0);
        let slots = state.core.slots.values();
        count_mail(&slots.map(|slot| (Arc::clone(slot.guarded().name()), MailCounts::default())).collect());
        Self {
            state,
            actions: Actions::default(),
            rollouts: Rollouts::default(),
            observations,
            judge: Judge::default(),
            busy: None,
            ticked: Instant::now(),
            tidied: None,
            steady: Steady::new(clock::now(), Instant::now()),
        }
    }

    /// Works until nobody can give orders any more; then looks at what is left.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        while self.turn(orders).is_some() {}
        self.drain();
        let GuardState { context, store, .. } = &mut self.state;
        let left = context.as_ref().map(|context| store.write(|transaction| leave(transaction, context.by().process)));
        if let Some(Err(error)) = left {
            tracing::debug!(error = describe(&error), "the guard ends, and cannot say so");
        }
    }

    /// One batch, or one order. None if there will be no more orders.
    fn turn(&mut self, orders: &Receiver<Order>) -> Option<()> {
        let mut batch = Vec::new();
        let next = GUARD_TICK.saturating_sub(self.ticked.elapsed());
        select! {
            recv(orders) -> order => {
                let Order::Flush(done) = order.ok()?;
                self.drain();
                self.tick();
                // Whoever ordered it may have gone.
                let _ = done.send(());
            }
            recv(self.observations) -> observed => batch.extend(observed),
            default(next) => {}
        }
        if !batch.is_empty() {
            self.fill(&mut batch);
            self.look_at(&batch);
        }
        if self.ticked.elapsed() >= GUARD_TICK {
            self.tick();
        }
        Some(())
    }

    /// Waits for more, for as long as a batch may wait. Not for the next message: whoever sends one to a thread that waits
    /// for it has to wake that thread, which takes as long as scoring does.
    fn fill(&self, batch: &mut Vec<Observation>) {
        let begin = Instant::now();
        loop {
            batch.extend(self.observations.try_iter().take(GUARD_BATCH_MAX - batch.len()));
            let is_fresh = batch.iter().any(|observed| observed.is_fresh);
            let time = if is_fresh { GUARD_FRESH_BATCH_TIME } else { GUARD_BATCH_TIME };
            let left = time.saturating_sub(begin.elapsed());
            if batch.len() >= GUARD_BATCH_MAX || left.is_zero() {
                return;
            }
            thread::sleep(left.min(GUARD_NAP));
        }
    }

    /// Looks at all that is there.
    fn drain(&mut self) {
        loop {
            let batch: Vec<_> = self.observations.try_iter().take(GUARD_BATCH_MAX).collect();
            if batch.is_empty() {
                return;
            }
            self.look_at(&batch);
        }
    }

    /// Looks at a batch and does what follows. If that panics, nothing of the batch counts, and the guard goes on.
    fn look_at(&mut self, batch: &[Observation]) {
        let looked = contained(|| {
            self.judge_all(batch);
            self.actions.do_what_is_due(&mut self.state);
        });
        if let Err(said) = looked {
            self.judge = Judge::default();
            self.panicked(said);
        }
    }

    fn judge_all(&mut self, batch: &[Observation]) {
        self.state.core.slots.values().for_each(Slot::refresh);
        match self.judge_patiently(batch) {
            Ok(Counted { warnings, full, mail }) => {
                count_mail(&mail);
                self.state.health.is_back(Task::Count);
                self.state.health.full(full);
                if self.state.move_due() {
                    self.state.spare.rest();
                }
                self.judge.settle();
                self.state.tell(&warnings, self.state.kept());
            }
            Err(error) => {
                self.state.away(Task::Count, &error);
                self.judge_in_spare(batch);
            }
        }
    }

    /// Others may write for longer than a busy timeout: a copy of all that is known is not worth that. Nothing was counted
    /// until it is this process's turn, so it can be tried again; what else goes wrong may have counted for the breakers.
    fn judge_patiently(&mut self, batch: &[Observation]) -> Result<Counted, GuardStoreError> {
        loop {
            let started = Instant::now();
            let GuardState { core, context, store, .. } = &mut self.state;
            let takes_notes = core.background.is_recording();
            let counted = count(&mut self.judge, store, batch, context.as_ref(), takes_notes);
            if !matches!(counted, Err(GuardStoreError::Busy(_))) {
                self.busy = None;
                return counted;
            }
            if self.busy.get_or_insert(started).elapsed() >= GUARD_STORE_PATIENCE {
                return counted;
            }
        }
    }

    /// Looks at a batch without the store: what this process sees by itself has to do.
    fn judge_in_spare(&mut self, batch: &[Observation]) {
        let context = self.state.context.clone();
        let Some(spare) = self.state.wake_spare() else { return };
        match count(&mut self.judge, spare, batch, context.as_ref(), false) {
            Ok(Counted { warnings, full, mail }) => {
                count_mail(&mail);
                self.state.health.full(full);
                self.judge.settle();
                self.state.tell(&warnings, Kept::Here);
            }
            Err(error) => tracing::error!(error = describe(&error), "the guard cannot count at all"),
        }
    }

    /// What is done now and then, whether there is mail or not.
    pub(super) fn tick(&mut self) {
        self.ticked = Instant::now();
        let done = contained(|| {
            let Self { state, actions, rollouts, ticked, steady, .. } = self;
            state.health.dropped_pairs(state.observed.dropped_pairs());
            state.health.pairs(*ticked, state.observed.pairs());
            look_at_clock(steady, *ticked);
            state.tell_health();
            state.tell_news();
            actions.do_what_is_due(state);
            rollouts.go_on(state);
            self.tidy();
        });
        if let Err(said) = done {
            self.panicked(said);
        }
    }

    fn panicked(&mut self, said: String) {
        self.state.health.panicked(said);
        self.state.tell_health();
    }

    fn tidy(&mut self) {
        if self.tidied.is_some_and(|at| at.elapsed() < GUARD_TIDY_INTERVAL) {
            return;
        }
        self.tidied = Some(Instant::now());
        match self.state.store.tidy(Timestamp::now()) {
            Ok(()) => self.state.health.is_back(Task::Tidy),
            Err(error) => self.state.away(Task::Tidy, &error),
        }
    }
}

/// What became of a batch that is counted.
struct Counted {
    warnings: Vec<Alert>,
    full: Full,
    /// The mail of each slot.
    mail: BTreeMap<Arc<str>, MailCounts>,
}

/// Looks at a batch in one transaction: what is counted, what is due and what somebody has to be told are one.
fn count(
    judge: &mut Judge,
    store: &mut GuardStore,
    batch: &[Observation],
    context: Option<&StoreContext>,
    takes_notes: bool,
) -> Result<Counted, GuardStoreError> {
    let firsts = store.firsts();
    let takes_notes = takes_notes && store.is_kept();
    store.write(|transaction| {
        let mut memory = StoreMemory::new(transaction, firsts).with_notes_if(takes_notes);
        let Findings { due, warnings, mail } = judge.look_at(&mut memory, batch)?;
        let full = memory.write_back()?;
        let now = Timestamp::now();
        due.iter().try_for_each(|due| due.write(transaction, now, Stage::New))?;
        let alert = |Warning { slot, release, evidence, requirements }| {
            let mut about = about_process(context.map(StoreContext::by));
            (about.slot, about.release, about.requirements) = (Some(slot), Some(release), requirements);
            Alert::new(Found::Warning(evidence), Response::None, about, now)
        };
        let warnings: Vec<_> = warnings.into_iter().map(alert).collect();
        warnings.iter().try_for_each(|alert| raise(transaction, alert))?;
        Ok(Counted { warnings, full, mail })
    })
}

/// Says that the time of day was set.
fn look_at_clock(steady: &mut Steady, now: Instant) {
    if let Some(jump) = steady.look(clock::now(), now) {
        clock_jumps().increment(1);
        tracing::warn!("{jump}: on its word the journal deletes nothing for a day, and no step of a rollout begins");
    }
}

fn clock_jumps() -> Counter {
    counter!("switchback_clock_jumps_total")
}

/// Counts whose mail came to each slot.
fn count_mail(mail: &BTreeMap<Arc<str>, MailCounts>) {
    for (slot, MailCounts { messages, authenticated, eligible, addressed, .. }) in mail {
        let sender = |sender: &'static str, count: u64| {
            counter!("switchback_guard_messages_total", "slot" => Arc::clone(slot), "sender" => sender)
                .increment(count);
        };
        sender("known", *eligible);
        sender("new", authenticated.saturating_sub(*eligible));
        sender("unauthenticated", messages.saturating_sub(*authenticated));
        counter!("switchback_guard_unaddressed_total", "slot" => Arc::clone(slot))
            .increment(messages.saturating_sub(*addressed));
    }
}
