//! Delivering alerts, on a thread of its own: a receiver may take its time.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use jiff::Timestamp;
use switchback_store::alert::{Alert, Sink, pause_after};
use switchback_store::guard_store::{
    GuardStore, GuardStoreError, Parcel, Round, claim, delivered, failed, is_any_due, raise,
};
use switchback_store::limits::ALERTS_WAITING_MAX;

use super::Home;
use crate::limits::{ALERT_LAST_TIME, ALERT_LOOK_INTERVAL};

/// Delivers alerts, until it is dropped. What was not delivered by then stays in the store, where another process finds it.
pub(super) struct Deliverer {
    letterbox: Letterbox,
    /// Until when it delivers, once it ends.
    end: Arc<OnceLock<Instant>>,
    /// Present if there is anybody to tell.
    courier: Option<Running>,
    /// For how long somebody waits for a flush, or for the end.
    patience: Duration,
}

/// The thread that delivers.
struct Running {
    thread: JoinHandle<()>,
    /// Cut off when the thread has ended.
    ended: Receiver<()>,
}

/// Where alerts are put.
#[derive(Clone)]
pub(super) struct Letterbox(Option<Sender<Letter>>);

enum Letter {
    /// There is something in the store.
    Look,
    /// An alert that is not in the store.
    Take(Box<Alert>),
    /// Say when everything that is due was tried, or it is that late.
    Flush(Sender<()>, Instant),
}

impl Letterbox {
    /// There is something in the store.
    pub(super) fn wake(&self) {
        self.send(Letter::Look);
    }

    /// An alert that is not in the store.
    pub(super) fn put(&self, alert: Alert) {
        self.send(Letter::Take(Box::new(alert)));
    }

    fn send(&self, letter: Letter) {
        let sent = self.0.as_ref().map(|letters| letters.try_send(letter));
        if let Some(Err(TrySendError::Full(Letter::Take(alert)))) = sent {
            tracing::error!(summary = %alert.summary, "too many alerts wait to be delivered; one was dropped");
        }
    }
}

impl Deliverer {
    /// Starts the thread, if there is anybody to tell.
    pub(super) fn start(home: Option<&Home>, sinks: Vec<Sink>) -> io::Result<Self> {
        let (end, patience) = (Arc::default(), ALERT_LAST_TIME);
        if sinks.is_empty() {
            return Ok(Self { letterbox: Letterbox(None), end, courier: None, patience });
        }
        let (letters, received) = bounded(ALERTS_WAITING_MAX);
        let mut courier = Courier {
            store: home.map(|home| GuardStore::later(&home.dir)),
            own: GuardStore::in_memory(),
            process: home.map(|home| home.by().process),
            sinks,
            end: Arc::clone(&end),
        };
        let (running, ended) = bounded(0);
        let run = move || {
            courier.run(&received);
            drop(running);
        };
        let thread = thread::Builder::new().name("switchback-alert".to_owned()).spawn(run)?;
        let courier = Some(Running { thread, ended });
        Ok(Self { letterbox: Letterbox(Some(letters)), end, courier, patience })
    }

    pub(super) fn letterbox(&self) -> Letterbox {
        self.letterbox.clone()
    }

    /// Waits until everything that is due was tried once, but for no receiver that hangs.
    pub(super) fn flush(&self) {
        let Letterbox(Some(letters)) = &self.letterbox else { return };
        let end = Instant::now() + self.patience;
        let (done, is_done) = bounded(1);
        if letters.send_deadline(Letter::Flush(done, end), end).is_ok() {
            // Fails if a receiver takes too long, or the thread has ended.
            let _ = is_done.recv_deadline(end);
        }
    }
}

impl Drop for Deliverer {
    fn drop(&mut self) {
        let end = *self.end.get_or_init(|| Instant::now() + self.patience);
        drop(self.letterbox.0.take());
        let Some(Running { thread, ended }) = self.courier.take() else { return };
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

struct Courier {
    /// Alerts of all processes.
    store: Option<GuardStore>,
    /// Those that could not be put there.
    own: GuardStore,
    /// The number of this process in the store.
    process: Option<u64>,
    sinks: Vec<Sink>,
    end: Arc<OnceLock<Instant>>,
}

impl Courier {
    fn run(&mut self, letters: &Receiver<Letter>) {
        loop {
            match letters.recv_timeout(ALERT_LOOK_INTERVAL) {
                Ok(Letter::Take(alert)) => {
                    if let Err(error) = self.own.write(|transaction| raise(transaction, &alert)) {
                        tracing::error!(%error, summary = %alert.summary, "an alert is lost");
                    }
                }
                Ok(Letter::Flush(done, end)) => {
                    self.deliver(|| Instant::now() >= end);
                    // Whoever ordered it may have gone.
                    let _ = done.send(());
                    continue;
                }
                Ok(Letter::Look) => {}
                Err(error) if error.is_disconnected() => break,
                Err(_) => {}
            }
            if letters.is_empty() {
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
                        tracing::debug!(%error, "alerts cannot be looked for");
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
                let why = format!("{name}: {}", crate::runtime::error::describe(&error));
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
    fn deliverer(command: &str) -> Deliverer {
        let config = AlertConfig { command: Some(command.to_owned()), ..AlertConfig::default() };
        let mut deliverer = Deliverer::start(None, config.sinks().unwrap()).unwrap();
        deliverer.patience = Duration::from_millis(100);
        deliverer.letterbox().put(Alert::new(Found::Test, Response::None, About::default(), Timestamp::now()));
        deliverer
    }

    #[test]
    fn for_a_receiver_that_hangs_neither_a_flush_nor_the_end_waits_long() {
        let began = Instant::now();
        let deliverer = deliverer("sleep 9");
        deliverer.flush();
        drop(deliverer);
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }

    #[test]
    fn the_end_waits_for_a_receiver_that_answers() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut deliverer = deliverer(&format!("sleep 0.3; cat > '{}'", file.path().display()));
        deliverer.patience = Duration::from_secs(60);
        drop(deliverer);
        assert!(std::fs::read_to_string(file.path()).unwrap().contains(r#""kind":"test""#));
    }
}
