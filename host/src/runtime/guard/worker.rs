//! The thread of the guard.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, select};
use jiff::Timestamp;
use metrics::{Counter, counter};
use rusqlite::Connection;
use switchback_model::guard::MailCounts;
use switchback_model::release::ReleaseId;
use switchback_store::alert::{About, Alert, By, Found, Kind, Response};
use switchback_store::guard_store::{
    Condition, Current, Due, Full, GuardStore, GuardStoreError, Health, Stage, StoreMemory, is_told, leave, raise,
};
use switchback_system::clock::{self, Steady};

use super::Home;
use super::batch::{Findings, Judge, Warning};
use super::deliver::Letterbox;
use super::inbox::Seen;
use super::rollouts::Rollouts;
use super::spare::Spare;
use super::wellness::{Task, Wellness};
use crate::limits::{
    GUARD_BATCH_MAX, GUARD_BATCH_TIME, GUARD_FRESH_BATCH_TIME, GUARD_NAP, GUARD_STORE_PATIENCE, GUARD_TICK,
    GUARD_TIDY_INTERVAL,
};
use crate::runtime::Slot;
use crate::runtime::core::Core;
use crate::runtime::news::Item;

/// What the guard is asked to do at once.
pub(super) enum Order {
    /// To look at all that it was told so far, do what follows, and say so.
    Flush(Sender<()>),
}

/// What the thread of the guard works with.
pub(super) struct Worker {
    pub(super) core: Arc<Core>,
    pub(super) home: Option<Home>,
    pub(super) store: GuardStore,
    /// Remembers while the store cannot.
    pub(super) spare: Spare,
    pub(super) letterbox: Letterbox,
    pub(super) rollouts: Rollouts,
    inbox: Receiver<Seen>,
    judge: Judge,
    pub(super) wellness: Wellness,
    /// Since when others have kept it from writing what it counted.
    busy: Option<Instant>,
    /// When the ledger could not be written last.
    pub(super) ledger_failed: Option<Instant>,
    ticked: Instant,
    tidied: Option<Instant>,
    steady: Steady,
}

impl Worker {
    pub(super) fn new(core: Arc<Core>, inbox: Receiver<Seen>, home: Option<Home>, letterbox: Letterbox) -> Self {
        let store = match &home {
            Some(home) => GuardStore::later(&home.dir),
            None => GuardStore::in_memory(),
        };
        // A counter is served from when it is first touched, and one that never was cannot be watched.
        RAISED.iter().for_each(|kind| counted(*kind).increment(0));
        clock_jumps().increment(0);
        count_mail(&core.slots.values().map(|slot| (slot.shared().name().clone(), MailCounts::default())).collect());
        Self {
            core,
            home,
            store,
            spare: Spare::default(),
            letterbox,
            rollouts: Rollouts::default(),
            inbox,
            judge: Judge::default(),
            wellness: Wellness::default(),
            busy: None,
            ledger_failed: None,
            ticked: Instant::now(),
            tidied: None,
            steady: Steady::new(clock::now(), Instant::now()),
        }
    }

    /// Works until nobody can give orders any more; then looks at what is left.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        while self.turn(orders).is_some() {}
        self.drain();
        let left = self.home.as_ref().map(|home| self.store.write(|transaction| leave(transaction, home.by().process)));
        if let Some(Err(error)) = left {
            tracing::debug!(%error, "the guard ends, and cannot say so");
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
            recv(self.inbox) -> seen => batch.extend(seen),
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
    fn fill(&self, batch: &mut Vec<Seen>) {
        let begin = Instant::now();
        loop {
            batch.extend(self.inbox.try_iter().take(GUARD_BATCH_MAX - batch.len()));
            let is_fresh = batch.iter().any(|seen| seen.is_fresh);
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
            let batch: Vec<_> = self.inbox.try_iter().take(GUARD_BATCH_MAX).collect();
            if batch.is_empty() {
                return;
            }
            self.look_at(&batch);
        }
    }

    /// Looks at a batch and does what follows. If that panics, nothing of the batch counts, and the guard goes on.
    fn look_at(&mut self, batch: &[Seen]) {
        let looked = catch_unwind(AssertUnwindSafe(|| {
            self.judge_all(batch);
            self.do_what_is_due();
        }));
        if let Err(panic) = looked {
            self.judge = Judge::default();
            self.wellness.panicked(said(&*panic));
            self.tell_condition();
        }
    }

    fn judge_all(&mut self, batch: &[Seen]) {
        self.core.slots.values().for_each(Slot::refresh);
        match self.judge_patiently(batch) {
            Ok(Judged { warnings, full, mail }) => {
                count_mail(&mail);
                self.wellness.is_back(Task::Count);
                self.wellness.full(full);
                if self.move_due() {
                    self.spare.rest();
                }
                self.judge.settle();
                let kept = if self.home.is_some() { Kept::InStore } else { Kept::Here };
                self.tell(&warnings, kept);
            }
            Err(error) => {
                self.away(Task::Count, &error);
                self.judge_in_spare(batch);
            }
        }
    }

    /// Others may write for longer than a busy timeout: a copy of all that is known is not worth that. Nothing was counted
    /// until it is this process's turn, so it can be tried again; what else goes wrong may have counted for the breakers.
    fn judge_patiently(&mut self, batch: &[Seen]) -> Result<Judged, GuardStoreError> {
        loop {
            let started = Instant::now();
            let (home, takes_notes) = (self.home.as_ref(), self.core.beside.journal().is_some());
            let judged = judge(&mut self.judge, &mut self.store, batch, home, takes_notes);
            if !matches!(judged, Err(GuardStoreError::Busy(_))) {
                self.busy = None;
                return judged;
            }
            if self.busy.get_or_insert(started).elapsed() >= GUARD_STORE_PATIENCE {
                return judged;
            }
        }
    }

    /// The candidates that this process knows, and since when each has its role.
    pub(super) fn current(&self) -> Vec<Current> {
        let of_slot = |slot: &Slot| {
            let (slot, state) = (slot.name().to_owned(), slot.state());
            let entered: Vec<_> = state.entered.iter().map(|(candidate, since)| (*candidate, *since)).collect();
            entered.into_iter().map(move |(candidate, since)| Current { slot: slot.clone(), candidate, since })
        };
        self.core.slots.values().flat_map(of_slot).collect()
    }

    /// Moves what was decided without the store into it. Returns whether nothing is left to be moved.
    pub(super) fn move_due(&mut self) -> bool {
        let Some(spare) = self.spare.awake() else { return true };
        let moved = spare.read(Due::all).and_then(|all| {
            if all.is_empty() {
                return Ok(());
            }
            let now = Timestamp::now();
            self.store
                .write(|transaction| all.iter().try_for_each(|kept| kept.due.write(transaction, now, kept.stage)))?;
            spare.write(|transaction| all.iter().try_for_each(|kept| Due::done(transaction, kept.id)))
        });
        moved.inspect_err(|error| tracing::debug!(%error, "what is due stays in the memory of this process")).is_ok()
    }

    /// Looks at a batch without the store: what this process sees by itself has to do.
    fn judge_in_spare(&mut self, batch: &[Seen]) {
        let current = self.current();
        let Some(spare) = self.spare.wake(self.home.as_ref(), &current) else { return };
        match judge(&mut self.judge, spare, batch, self.home.as_ref(), false) {
            Ok(Judged { warnings, full, mail }) => {
                count_mail(&mail);
                self.wellness.full(full);
                self.judge.settle();
                self.tell(&warnings, Kept::Here);
            }
            Err(error) => tracing::error!(%error, "the guard cannot count at all"),
        }
    }

    /// Says what alerts were raised, and sees to it that they are delivered.
    fn tell(&self, alerts: &[Alert], kept: Kept) {
        alerts.iter().for_each(log);
        match kept {
            Kept::InStore if alerts.is_empty() => {}
            Kept::InStore => self.letterbox.wake(),
            Kept::Here => alerts.iter().for_each(|alert| self.letterbox.put(alert.clone())),
        }
    }

    /// What is done now and then, whether there is mail or not.
    pub(super) fn tick(&mut self) {
        self.ticked = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(|| {
            self.wellness.dropped_pairs(self.core.inbox.dropped_pairs());
            self.wellness.pairs(self.ticked, self.core.inbox.pairs());
            self.look_at_clock();
            self.tell_condition();
            self.tell_news();
            self.do_what_is_due();
            self.go_on_with_rollouts();
            self.tidy();
        }));
        if let Err(panic) = done {
            self.wellness.panicked(said(&*panic));
            self.tell_condition();
        }
    }

    /// Says that the time of day was set.
    fn look_at_clock(&mut self) {
        if let Some(jump) = self.steady.look(clock::now(), self.ticked) {
            clock_jumps().increment(1);
            tracing::warn!(
                "{jump}: on its word the journal deletes nothing for a day, and no step of a rollout begins"
            );
        }
    }

    fn tidy(&mut self) {
        if self.tidied.is_some_and(|at| at.elapsed() < GUARD_TIDY_INTERVAL) {
            return;
        }
        self.tidied = Some(Instant::now());
        match self.store.tidy(Timestamp::now()) {
            Ok(()) => self.wellness.is_back(Task::Tidy),
            Err(error) => self.away(Task::Tidy, &error),
        }
    }

    /// It cannot do this with its store for now.
    pub(super) fn away(&mut self, task: Task, error: &GuardStoreError) {
        self.wellness.is_away(task, error.to_string());
        self.tell_condition();
    }

    /// Says in the store how it is, and raises an alert if that is news.
    fn tell_condition(&mut self) {
        if let Some(home) = self.home.clone() {
            self.say_in_store(&home);
        }
        let Some(condition) = self.wellness.news() else { return };
        if condition == Condition::Well {
            return tracing::info!("the guard is at work again");
        }
        let found = match condition.stops_promotions() {
            true => Found::Guard(condition.to_string()),
            false => Found::Hindrance(condition.to_string()),
        };
        self.raise(&Alert::new(found, Response::None, self.of_process(), Timestamp::now()));
    }

    fn say_in_store(&mut self, home: &Home) {
        let dropped = self.core.inbox.dropped();
        let health =
            Health { process: home.by().process, at: Timestamp::now(), condition: self.wellness.condition(), dropped };
        let said = self.store.write(|transaction| health.write(transaction));
        match said {
            Ok(()) => {
                self.wellness.is_back(Task::Say);
                if self.wellness.condition() != health.condition {
                    // That was all that it could not do.
                    return self.say_in_store(home);
                }
                self.tell_loss();
            }
            Err(error) => self.wellness.is_away(Task::Say, error.to_string()),
        }
    }

    /// Raises alerts about what became of the store.
    fn tell_news(&mut self) {
        while let Some(Item { found, event, generation }) = self.core.news.take() {
            let about = About { event, generation, ..self.of_process() };
            self.raise(&Alert::new(found, Response::None, about, Timestamp::now()));
        }
    }

    /// Raises an alert about a loss, once among all processes.
    fn tell_loss(&mut self) {
        let Some(why) = self.store.take_news_of_loss() else { return };
        let found = Found::Guard(format!("what it knew is lost: {why}"));
        self.raise(&Alert::new(found, Response::None, self.of_process(), Timestamp::now()));
    }

    /// Raises an alert: into the store, or where that cannot be, directly.
    pub(super) fn raise(&mut self, alert: &Alert) {
        match self.store.write(|transaction| raise_once(transaction, alert)) {
            Ok(true) => self.was_raised(alert),
            Ok(false) => {}
            Err(_) => self.tell(std::slice::from_ref(alert), Kept::Here),
        }
    }

    /// An alert is in the store of this process.
    pub(super) fn was_raised(&mut self, alert: &Alert) {
        let kept = if self.home.is_some() { Kept::InStore } else { Kept::Here };
        self.tell(std::slice::from_ref(alert), kept);
    }

    pub(super) fn of_process(&self) -> About {
        About { process: self.by(), ..About::default() }
    }

    pub(super) fn about(&self, slot: &str, release: &ReleaseId) -> About {
        About { slot: Some(slot.to_owned()), release: Some(release.clone()), ..self.of_process() }
    }

    fn by(&self) -> Option<By> {
        self.home.as_ref().map(Home::by)
    }
}

/// Where alerts are kept until they are delivered.
#[derive(Clone, Copy)]
enum Kept {
    /// In the store: any of its processes delivers them.
    InStore,
    /// Nowhere yet.
    Here,
}

/// What became of a batch that is counted.
struct Judged {
    warnings: Vec<Alert>,
    full: Full,
    /// The mail of each slot.
    mail: BTreeMap<Arc<str>, MailCounts>,
}

/// Raises an alert, unless one that names the same event of the ledger was raised: that it took place and what the guard
/// found are two.
pub(super) fn raise_once(connection: &Connection, alert: &Alert) -> rusqlite::Result<bool> {
    if let Some(event) = alert.event
        && is_told(connection, event, alert.kind)?
    {
        return Ok(false);
    }
    raise(connection, alert).map(|()| true)
}

/// Looks at a batch in one transaction: what is counted, what is due and what somebody has to be told are one.
fn judge(
    judge: &mut Judge,
    store: &mut GuardStore,
    batch: &[Seen],
    home: Option<&Home>,
    takes_notes: bool,
) -> Result<Judged, GuardStoreError> {
    let firsts = store.firsts();
    let takes_notes = takes_notes && store.is_kept();
    store.write(|transaction| {
        let mut memory = StoreMemory::new(transaction, firsts).with_notes_if(takes_notes);
        let Findings { due, warnings, mail } = judge.look_at(&mut memory, batch)?;
        let full = memory.write_back()?;
        let now = Timestamp::now();
        due.iter().try_for_each(|due| due.write(transaction, now, Stage::New))?;
        let alert = |Warning { slot, release, evidence, requirements }| {
            let process = home.map(Home::by);
            let about = About { slot: Some(slot), release: Some(release), process, requirements, ..About::default() };
            Alert::new(Found::Warning(evidence), Response::None, about, now)
        };
        let warnings: Vec<_> = warnings.into_iter().map(alert).collect();
        warnings.iter().try_for_each(|alert| raise(transaction, alert))?;
        Ok(Judged { warnings, full, mail })
    })
}

/// What a guard raises alerts about.
const RAISED: [Kind; 6] = [Kind::Harm, Kind::Warning, Kind::Guard, Kind::Rollout, Kind::Store, Kind::Change];

fn clock_jumps() -> Counter {
    counter!("switchback_clock_jumps_total")
}

fn counted(kind: Kind) -> Counter {
    counter!("switchback_alerts_total", "kind" => kind.name())
}

/// Counts whose mail came to each slot.
fn count_mail(mail: &BTreeMap<Arc<str>, MailCounts>) {
    for (slot, MailCounts { messages, authenticated, eligible, addressed }) in mail {
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

fn log(alert: &Alert) {
    counted(alert.kind).increment(1);
    tracing::warn!(kind = alert.kind.name(), "{}", alert.summary);
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "nothing".to_owned())
}
