//! Delivering alerts, on a thread of its own: a receiver may take its time.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use jiff::Timestamp;
pub(in crate::runtime) use switchback_store::alert::AlertConfig as Alerts;
use switchback_store::alert::{Alert, Sink, pause_after};
use switchback_store::guard_store::{
    GuardStore, GuardStoreError, Parcel, Round, claim, delivered, failed, is_any_due, raise,
};
use switchback_store::limits::ALERTS_WAITING_MAX;

use super::store_context::StoreContext;
use crate::limits::store::{ALERT_LAST_TIME, ALERT_LOOK_INTERVAL};
use crate::runtime::error::describe;

/// Who receives alerts.
pub(in crate::runtime) type Sinks = Vec<Sink>;

/// Delivers alerts, until it is dropped. What was not delivered by then stays in the store, where another process finds it.
pub(super) struct Delivery {
    queue: AlertQueue,
    /// Until when it delivers, once it ends.
    end: Arc<OnceLock<Instant>>,
    /// Present if there is anybody to tell.
    running: Option<Running>,
    /// For how long somebody waits for a flush, or for the end.
    patience: Duration,
}

/// The thread that delivers.
struct Running {
    thread: JoinHandle<()>,
    /// Cut off when the thread has ended.
    ended: Receiver<()>,
}

/// The queue to the thread that delivers, if there is one.
#[derive(Clone)]
pub(super) struct AlertQueue(Option<Sender<Job>>);

enum Job {
    /// There is something in the store.
    Look,
    /// An alert that is not in the store.
    Take(Box<Alert>),
    /// Say when everything that is due was tried, or it is that late.
    Flush(Sender<()>, Instant),
}

impl AlertQueue {
    /// There is something in the store.
    pub(super) fn look(&self) {
        self.send(Job::Look);
    }

    /// An alert that is not in the store.
    pub(super) fn put(&self, alert: Alert) {
        self.send(Job::Take(Box::new(alert)));
    }

    fn send(&self, job: Job) {
        let sent = self.0.as_ref().map(|jobs| jobs.try_send(job));
        if let Some(Err(TrySendError::Full(Job::Take(alert)))) = sent {
            tracing::error!(summary = %alert.summary, "too many alerts wait to be delivered; one was dropped");
        }
    }
}

impl Delivery {
    /// Starts the thread, if there is anybody to tell.
    pub(super) fn start(context: Option<&StoreContext>, sinks: Sinks) -> io::Result<Self> {
        let (end, patience) = (Arc::default(), ALERT_LAST_TIME);
        if sinks.is_empty() {
            return Ok(Self { queue: AlertQueue(None), end, running: None, patience });
        }
        let (jobs, received) = bounded(ALERTS_WAITING_MAX);
        let mut deliverer = Deliverer {
            store: context.map(|context| GuardStore::later(&context.dir)),
            own: GuardStore::in_memory(),
            process: context.map(|context| context.by().process),
            sinks,
            end: Arc::clone(&end),
        };
        let (running, ended) = bounded(0);
        let run = move || {
            deliverer.run(&received);
            drop(running);
        };
        let thread = thread::Builder::new().name("switchback-alert".to_owned()).spawn(run)?;
        let running = Some(Running { thread, ended });
        Ok(Self { queue: AlertQueue(Some(jobs)), end, running, patience })
    }

    pub(super) fn queue(&self) -> AlertQueue {
        self.queue.clone()
    }

    /// Waits until everything that is due was tried once, but for no receiver that hangs.
    pub(super) fn flush(&self) {
        let AlertQueue(Some(jobs)) = &self.queue else { return };
        let end = Instant::now() + self.patience;
        let (done, is_done) = bounded(1);
        if jobs.send_deadline(Job::Flush(done, end), end).is_ok() {
            // Fails if a receiver takes too long, or the thread has ended.
            let _ = is_done.recv_deadline(end);
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        let end = *self.end.get_or_init(|| Instant::now() + self.patience);
        drop(self.queue.0.take());
        let Some(Running { thread, ended }) = self.running.take() else { return };
        match ended.recv_deadline(end) {
            Err(RecvTimeoutError::Timeout) => {
                tracing::warn!(
                    "somebody who receives alerts does not answer: what was not delivered stays in the store"
                );
            }
            // Nothing in its loop panics; if it did, it has stopped.
            _ => drop(thread.join()),
        }
    }
}

struct Deliverer {
    /// Alerts of all processes.
    store: Option<GuardStore>,
    /// Those that could not be put there.
    own: GuardStore,
    /// The number of this process in the store.
    process: Option<u64>,
    sinks: Vec<Sink>,
    end: Arc<OnceLock<Instant>>,
}

impl Deliverer {
    fn run(&mut self, jobs: &Receiver<Job>) {
        loop {
            match jobs.recv_timeout(ALERT_LOOK_INTERVAL) {
                Ok(Job::Take(alert)) => {
                    if let Err(error) = self.own.write(|transaction| raise(transaction, &alert)) {
                        tracing::error!(error = describe(&error), summary = %alert.summary, "an alert is lost");
                    }
                }
                Ok(Job::Flush(done, end)) => {
                    self.deliver(|| Instant::now() >= end);
                    // Whoever ordered it may have gone.
                    let _ = done.send(());
                    continue;
                }
                Ok(Job::Look) => {}
                Err(error) if error.is_disconnected() => break,
                Err(_) => {}
            }
            if jobs.is_empty() {
                let end = Arc::clone(&self.end);
                self.deliver(|| end.get().is_some());
            }
        }
        // Once more: what the guard raised last.
        let end = self.end.get().copied();
        self.deliver(|| end.is_none_or(|end| Instant::now() >= end));
    }

    /// Tries everything that is due once, until it is over.
    fn deliver(&mut self, is_over: impl Fn() -> bool) {
        let Self { store, own, process, sinks, .. } = self;
        let round = Round { process: *process, began: Timestamp::now() };
        for outbox in store.iter_mut().chain([own]) {
            while !is_over() {
                match deliver_one(outbox, &round, sinks) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::debug!(error = describe(&error), "alerts cannot be looked for");
                        break;
                    }
                }
            }
        }
    }
}

/// Tries the next alert that is due, if there is one.
fn deliver_one(outbox: &mut GuardStore, round: &Round, sinks: &[Sink]) -> Result<bool, GuardStoreError> {
    // Most of the time nothing is due, and to find that out nobody has to wait for the right to write.
    if !outbox.read(|connection| is_any_due(connection, round, Timestamp::now()))? {
        return Ok(false);
    }
    let claimed = outbox.write(|transaction| claim(transaction, round, Timestamp::now()))?;
    let Some(mut parcel) = claimed else { return Ok(false) };
    let trouble = send(&mut parcel, sinks);
    let now = Timestamp::now();
    outbox.write(|transaction| match &trouble {
        None => delivered(transaction, parcel.id, now),
        Some((why, pause)) => failed(transaction, &parcel, now, why, *pause),
    })?;
    Ok(true)
}

/// Sends an alert to everybody whom it has not reached. Returns what went wrong, and when to try again.
fn send(parcel: &mut Parcel, sinks: &[Sink]) -> Option<(String, Option<Duration>)> {
    let mut troubles: HashMap<String, Option<Duration>> = HashMap::new();
    for sink in sinks {
        let name = sink.to_string();
        if parcel.reached.contains(&name) {
            continue;
        }
        match sink.send(&parcel.alert) {
            Ok(()) => parcel.reached.push(name),
            Err(error) => {
                let why = format!("{name}: {}", describe(&error));
                tracing::warn!(%why, attempts = parcel.attempts, "an alert was not delivered");
                troubles.insert(why, pause_after(parcel.attempts, &error));
            }
        }
    }
    let pause = troubles.values().flatten().min().copied();
    let why: Vec<_> = troubles.into_keys().collect();
    (!why.is_empty()).then(|| (why.join("; "), pause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_store::alert::{About, AlertConfig, Found, Response};

    /// Delivers to a command, and waits for it hardly at all.
    fn delivery(command: &str) -> Delivery {
        let config = AlertConfig::default().command(command.to_owned());
        let mut delivery = Delivery::start(None, config.sinks().unwrap()).unwrap();
        delivery.patience = Duration::from_millis(100);
        delivery.queue().put(Alert::new(Found::Test, Response::None, About::default(), Timestamp::now()));
        delivery
    }

    #[test]
    fn for_a_receiver_that_hangs_neither_a_flush_nor_the_end_waits_long() {
        let began = Instant::now();
        let delivery = delivery("sleep 9");
        delivery.flush();
        drop(delivery);
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }

    #[test]
    fn the_end_waits_for_a_receiver_that_answers() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut delivery = delivery(&format!("sleep 0.3; cat > '{}'", file.path().display()));
        delivery.patience = Duration::from_secs(60);
        drop(delivery);
        assert!(std::fs::read_to_string(file.path()).unwrap().contains(r#""kind":"test""#));
    }
}
