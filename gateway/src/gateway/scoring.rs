//! The runtime behind the doors: opened as soon as its store can be, and asked by a bounded number of workers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use switchback::files::in_full;
use switchback::journal::JournalConfig;
use switchback::route::Generation;
use switchback::runtime::ShutdownError;
use switchback::tokio::Scorers;
use switchback::verdict::{Answer, Cause};
use switchback::{BuildError, Message, Runtime, Slot, SlotConfig, Verdict};
use tokio::sync::Semaphore;
use tracing::{info, warn};

use super::error::OpenError;
use crate::config::{Config, DirectionConfig};
use crate::mail::Direction;
use crate::readiness::Readiness;
use crate::received;

/// How long after a store could not be opened that is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Who scores messages.
#[derive(Debug)]
pub(super) struct Scoring {
    state: Arc<State>,
    /// One for each message that is being scored or waits for that.
    places: Semaphore,
    /// Dropped to stop whoever tries to open the store.
    _trying: mpsc::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    opened: OnceLock<Opened>,
    /// Why the store could not be opened when that was tried last.
    trouble: Mutex<String>,
    is_over: AtomicBool,
}

#[derive(Debug)]
struct Opened {
    runtime: Runtime,
    inbound: Scorers,
    outbound: Option<Scorers>,
}

/// A message's verdict.
#[derive(Debug)]
pub(super) struct Scored {
    pub(super) verdict: Verdict,
    /// Whether nobody was asked, because there is no store.
    pub(super) is_store_away: bool,
}

impl Scored {
    /// Nobody was asked: there is no memory for all of the message that would be scored.
    pub(super) fn without_memory(message: &Message) -> Self {
        Self::by_nobody(message, Cause::Overload, "there is no memory for it (scoring.memory)")
    }

    fn by_nobody(message: &Message, cause: Cause, why: impl Into<String>) -> Self {
        let why = (cause, why.into());
        let verdict = Verdict::unscanned(message, Generation::default(), None, Answer::Neutral, why);
        Self { verdict, is_store_away: false }
    }
}

impl Scoring {
    /// Opens the store, or goes on trying in the background.
    pub(super) fn start(config: &Arc<Config>) -> Result<Self, OpenError> {
        let state = Arc::new(State::default());
        let (trying, stopped) = mpsc::channel();
        let places = Semaphore::new(config.scoring.workers.get() + config.scoring.queue);
        match Opened::open(config) {
            Ok(opened) => _ = state.opened.set(opened),
            Err(error @ (BuildError::Store(_) | BuildError::Journal(_))) => {
                state.tell(&error);
                let (state, config) = (Arc::clone(&state), Arc::clone(config));
                let try_again = move || state.open_when_possible(&config, &stopped);
                thread::Builder::new()
                    .name("switchback-open".to_owned())
                    .spawn(try_again)
                    .map_err(OpenError::Thread)?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(Self { state, places, _trying: trying })
    }

    /// The verdict for a message.
    pub(super) async fn score(&self, direction: Direction, message: Message) -> Scored {
        let Some(opened) = self.state.opened.get() else {
            let why = self.state.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
            return Scored { is_store_away: true, ..Scored::by_nobody(&message, Cause::NoRelease, why) };
        };
        let Some(scorers) = opened.scorers(direction) else {
            return Scored::by_nobody(&message, Cause::NoRelease, "no slot is configured for this direction");
        };
        let Ok(_place) = self.places.try_acquire() else {
            return Scored::by_nobody(&message, Cause::Overload, "too many messages wait to be scored");
        };
        Scored { verdict: scorers.score(message).await, is_store_away: false }
    }

    pub(super) fn readiness(&self) -> Readiness {
        let Some(opened) = self.state.opened.get() else {
            return Readiness::not(self.state.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone());
        };
        if self.state.is_over.load(Ordering::Relaxed) {
            return Readiness::not("it is being stopped");
        }
        let idle = opened.runtime.slots().find(|slot| slot.live().is_none());
        idle.map_or_else(Readiness::ready, |slot| {
            Readiness::not(format!("slot `{}` has no live release: `switchback promote` gives it one", slot.name()))
        })
    }

    pub(super) fn shutdown(&self, within: Duration) -> Result<(), ShutdownError> {
        self.state.is_over.store(true, Ordering::Relaxed);
        self.state.opened.get().map_or(Ok(()), |opened| opened.runtime.shutdown(within))
    }
}

impl State {
    fn tell(&self, error: &BuildError) {
        let why = in_full(error);
        let mut known = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != why {
            warn!(
                "{why}; mail is answered as configured for a store that is away, and this is tried again each second"
            );
            *known = why;
        }
    }

    fn open_when_possible(&self, config: &Config, stopped: &mpsc::Receiver<()>) {
        while stopped.recv_timeout(RETRY) == Err(mpsc::RecvTimeoutError::Timeout) {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            match Opened::open(config) {
                Ok(opened) => {
                    _ = self.opened.set(opened);
                    return info!("the store is open, and mail is scored");
                }
                Err(error) => self.tell(&error),
            }
        }
    }
}

impl Opened {
    fn open(config: &Config) -> Result<Self, BuildError> {
        let mut builder = Runtime::builder().slot(slot_of(config, &config.inbound));
        let other = config.outbound.as_ref().filter(|outbound| outbound.slot != config.inbound.slot);
        if let Some(outbound) = other {
            builder = builder.slot(slot_of(config, outbound));
        }
        if config.journal.enabled {
            let mut journal = JournalConfig::new(config.store.join("journal"))
                .overflow(config.journal.overflow)
                .features(config.journal.features);
            journal.keep = config.journal.keep;
            builder = builder.journal(journal);
        }
        let runtime = builder.store_dir(&config.store).build()?;
        let scorers = |rules: &DirectionConfig| {
            let slot: Option<Slot> = runtime.slot(&rules.slot).ok();
            slot.map(|slot| Scorers::new(slot, config.scoring.workers))
        };
        let (inbound, outbound) = (scorers(&config.inbound), config.outbound.as_ref().and_then(scorers));
        let inbound =
            inbound.ok_or_else(|| BuildError::Range(format!("slot `{}` is not there", config.inbound.slot)))?;
        Ok(Self { runtime, inbound, outbound })
    }

    fn scorers(&self, direction: Direction) -> Option<&Scorers> {
        match direction {
            Direction::Inbound => Some(&self.inbound),
            Direction::Outbound => self.outbound.as_ref(),
        }
    }
}

/// A slot as a direction wants it. Doors read no more of a message than it scores.
fn slot_of(config: &Config, rules: &DirectionConfig) -> SlotConfig {
    SlotConfig::new(&rules.slot)
        .thresholds(rules.thresholds)
        .failure(rules.failure.policy())
        // Whatever is read of a message is scored, with the field on top of it.
        .message_bytes_max(config.scoring.message_max.as_u64().saturating_add(received::FIELD_MAX))
}
