//! What the tasks of the guard share: what it remembers, how it is, and whom it tells.

use std::sync::Arc;

use crate::metric::{Counter, counter};
use jiff::Timestamp;
use rusqlite::Connection;
use switchback_model::release::ReleaseId;
use switchback_store::alert::{About, Alert, By, Found, Kind, Response};
use switchback_store::guard_store::{Current, Due, GuardStore, GuardStoreError, Health, HealthStatus, is_told, raise};

use super::delivery::AlertQueue;
use super::health::{GuardHealth, Task};
use super::observations::ObservationQueue;
use super::spare::Spare;
use super::store_context::StoreContext;
use crate::runtime::core::Core;
use crate::runtime::error::describe;
use crate::runtime::news::Item;
use crate::runtime::slot::Slot;

/// What the tasks of the guard share.
pub(super) struct GuardState {
    pub(super) core: Arc<Core>,
    pub(super) observed: Arc<ObservationQueue>,
    /// Present if the runtime follows a store.
    pub(super) context: Option<StoreContext>,
    pub(super) store: GuardStore,
    /// Remembers while the store cannot.
    pub(super) spare: Spare,
    pub(super) alerts: AlertQueue,
    pub(super) health: GuardHealth,
}

/// Where alerts are kept until they are delivered.
#[derive(Clone, Copy)]
pub(super) enum Kept {
    /// In the store: any of its processes delivers them.
    InStore,
    /// Nowhere yet.
    Here,
}

impl GuardState {
    pub(super) fn new(
        core: Arc<Core>,
        observed: Arc<ObservationQueue>,
        context: Option<StoreContext>,
        alerts: AlertQueue,
    ) -> Self {
        let store = match &context {
            Some(context) => GuardStore::later(&context.dir),
            None => GuardStore::in_memory(),
        };
        // A counter is served from when it is first touched, and one that never was cannot be watched.
        RAISED.iter().for_each(|kind| counted(*kind).increment(0));
        let (spare, health) = (Spare::default(), GuardHealth::default());
        Self { core, observed, context, store, spare, alerts, health }
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

    /// The memory that stands in for the store, which begins now if it has not begun.
    pub(super) fn wake_spare(&mut self) -> Option<&mut GuardStore> {
        let current = self.current();
        self.spare.wake(self.context.as_ref(), &current)
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
        moved
            .inspect_err(|error| {
                tracing::debug!(error = describe(error), "what is due stays in the memory of this process")
            })
            .is_ok()
    }

    /// It cannot do this with its store for now.
    pub(super) fn away(&mut self, task: Task, error: &GuardStoreError) {
        self.health.is_away(task, describe(error));
        self.tell_health();
    }

    /// Says in the store how it is, and raises an alert if that is news.
    pub(super) fn tell_health(&mut self) {
        if let Some(context) = self.context.clone() {
            self.write_health(&context);
        }
        let Some(status) = self.health.news() else { return };
        if status == HealthStatus::Well {
            return tracing::info!("the guard is at work again");
        }
        let found = match status.stops_promotions() {
            true => Found::Guard(status.to_string()),
            false => Found::Hindrance(status.to_string()),
        };
        self.raise(&Alert::new(found, Response::None, self.of_process(), Timestamp::now()));
    }

    fn write_health(&mut self, context: &StoreContext) {
        let (dropped, status) = (self.observed.dropped(), self.health.status());
        let health = Health::new(context.by().process, Timestamp::now(), status, dropped);
        match self.store.write(|transaction| health.write(transaction)) {
            Ok(()) => {
                self.health.is_back(Task::Say);
                if self.health.status() != health.status {
                    // That was all that it could not do.
                    return self.write_health(context);
                }
                self.tell_loss();
            }
            Err(error) => self.health.is_away(Task::Say, describe(&error)),
        }
    }

    /// Raises an alert about a loss, once among all processes.
    fn tell_loss(&mut self) {
        let Some(why) = self.store.take_news_of_loss() else { return };
        let found = Found::Guard(format!("what it knew is lost: {why}"));
        self.raise(&Alert::new(found, Response::None, self.of_process(), Timestamp::now()));
    }

    /// Raises alerts about what became of the store.
    pub(super) fn tell_news(&mut self) {
        while let Some(Item { found, event, generation }) = self.core.exchange.news.take() {
            let mut about = self.of_process();
            (about.event, about.generation) = (event, generation);
            self.raise(&Alert::new(found, Response::None, about, Timestamp::now()));
        }
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
    pub(super) fn was_raised(&self, alert: &Alert) {
        self.tell(std::slice::from_ref(alert), self.kept());
    }

    /// Where alerts are that were written into the store of this process.
    pub(super) fn kept(&self) -> Kept {
        if self.context.is_some() { Kept::InStore } else { Kept::Here }
    }

    /// Says what alerts were raised, and sees to it that they are delivered.
    pub(super) fn tell(&self, alerts: &[Alert], kept: Kept) {
        alerts.iter().for_each(log);
        match kept {
            Kept::InStore if alerts.is_empty() => {}
            Kept::InStore => self.alerts.look(),
            Kept::Here => alerts.iter().for_each(|alert| self.alerts.put(alert.clone())),
        }
    }

    pub(super) fn of_process(&self) -> About {
        about_process(self.by())
    }

    pub(super) fn about(&self, slot: &str, release: &ReleaseId) -> About {
        let mut about = self.of_process();
        (about.slot, about.release) = (Some(slot.to_owned()), Some(release.clone()));
        about
    }

    pub(super) fn by(&self) -> Option<By> {
        self.context.as_ref().map(StoreContext::by)
    }
}

/// What a process says of itself where it raises an alert.
pub(super) fn about_process(process: Option<By>) -> About {
    let mut about = About::default();
    about.process = process;
    about
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

/// What a guard raises alerts about.
const RAISED: [Kind; 6] = [Kind::Harm, Kind::Warning, Kind::Guard, Kind::Rollout, Kind::Store, Kind::Change];

fn counted(kind: Kind) -> Counter {
    counter!("switchback_alerts_total", "kind" => kind.name())
}

fn log(alert: &Alert) {
    counted(alert.kind).increment(1);
    tracing::warn!(kind = alert.kind.name(), "{}", alert.summary);
}
