//! The one place where a message is judged, whichever door it came through.

mod error;
mod policy;
mod scoring;
mod setup;

use std::fmt;
use std::mem;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use switchback::files::in_full;
use switchback::jiff::Timestamp;
use switchback::runtime::ShutdownError;
use switchback::{Message, Verdict};
use tokio::task::spawn_blocking;
use tracing::error;

pub use error::{OpenError, ReloadError};

use self::policy::measure;
use self::scoring::{Scored, Scoring};
use self::setup::{Prepared, Setup};
use crate::config::{Config, DirectionConfig, DoorKind, ID_MAX, Measure};
use crate::decision::{Decision, Disposition, HeaderChange, Reply, rewritten};
use crate::held::MailToHold;
use crate::limits::REMOVAL_BYTES;
use crate::mail::{Direction, Mail, Transaction};
use crate::memory::{Memory, MemoryUse};
use crate::readiness::Readiness;
use crate::received;
use crate::text::Text;

/// Judges the mail of all doors: this is a handle, and clones are the same gateway.
///
/// It follows the store of its configuration. Where that cannot be opened, mail is answered as the configuration says for
/// `store_away`, and opening is tried again every second.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    setup: RwLock<Arc<Setup>>,
    scoring: Scoring,
    memory: Memory,
}

impl Gateway {
    /// Starts a gateway. Returns when the store is followed, or could not be opened at the first try.
    ///
    /// # Errors
    /// If the configuration names something that this machine does not have: name servers, a folder for held mail.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let setup = Setup::new(config)?;
        let scoring = Scoring::start(&setup.config)?;
        let memory = Memory::new(setup.config.scoring.memory);
        Ok(Self(Arc::new(Inner { setup: RwLock::new(Arc::new(setup)), scoring, memory })))
    }

    fn setup(&self) -> Arc<Setup> {
        Arc::clone(&self.0.setup.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The configuration that holds.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.setup().config)
    }

    /// Which way a message goes, by what is known of it: the one that [`judge`](Self::judge) takes.
    pub fn direction(&self, transaction: &Transaction) -> Direction {
        self.setup().direction(transaction)
    }

    /// Whether a slot scores what comes with this transaction. Of other mail the header is all that [`judge`](Self::judge) needs.
    pub fn is_scored(&self, transaction: &Transaction) -> bool {
        let setup = self.setup();
        setup.config.direction(setup.direction(transaction)).is_some()
    }

    /// Takes another configuration, from the next message on. These are the doors of this process: what the file has of others
    /// is theirs.
    ///
    /// # Errors
    /// If it changes what only a start can: the store, slots, workers, the journal, where these doors listen. Nothing of it is
    /// taken then.
    pub fn reload(&self, config: Config, doors: &[DoorKind]) -> Result<(), ReloadError> {
        ReloadError::check(&self.config(), &config, doors)?;
        let setup = Arc::new(Setup::new(config)?);
        *self.0.setup.write().unwrap_or_else(PoisonError::into_inner) = setup;
        Ok(())
    }

    /// Whether messages are judged by a release, in every slot that is configured.
    pub fn readiness(&self) -> Readiness {
        self.0.scoring.readiness()
    }

    /// Ends the runtime, within this time: records are written, and what was learnt is kept. Messages that are still to be
    /// judged are answered as without a release.
    ///
    /// # Errors
    /// If something could not be written or did not end.
    pub fn shutdown(&self, within: Duration) -> Result<(), ShutdownError> {
        self.0.scoring.shutdown(within)
    }

    /// How much of the memory for messages is used, by all doors.
    pub fn memory(&self) -> MemoryUse {
        self.0.memory.usage()
    }

    /// The text of a message that begins to come in at a door: its bytes are counted.
    pub fn text(&self) -> Text {
        let bytes_max = usize::try_from(self.config().scoring.message_max.as_u64()).unwrap_or(usize::MAX);
        Text::new(bytes_max, self.0.memory.share())
    }

    /// Judges a message, and does with it what is to be done here. Never fails: where nobody scores the message, the
    /// configuration says what to answer. The message's memory is given back when this is done.
    ///
    /// Runs on tokio. It waits for name servers, as long as the configuration allows, and for a free worker.
    pub async fn judge(&self, mail: Mail) -> Decision {
        let setup = self.setup();
        let Mail { transaction, mut text } = mail;
        let direction = setup.direction(&transaction);
        let Some(mut changes) = setup.removals(&transaction, &mut text) else {
            return Decision::of_nobody(Disposition::Tempfail(Reply::later()), Vec::new());
        };
        let Some(rules) = setup.config.direction(direction) else {
            return Decision::of_nobody(Disposition::Accept, changes);
        };
        let (is_partial, is_refused) = (text.is_partial(), text.is_refused());
        let (removed, received) = (changes.len(), received::value(&transaction, Timestamp::now()));
        let prepared = setup.message(&transaction, text, direction, received.as_deref()).await;
        let Prepared { message, arrived_from, results, mut memory } = prepared;
        let scored = if is_refused {
            Scored::without_memory(&message)
        } else {
            self.0.scoring.score(direction, message.clone()).await
        };
        if direction == Direction::Inbound {
            changes.extend(setup.stamps(&scored, rules, is_partial, results.as_deref()));
        }
        let disposition = match measure(&scored, rules, direction, &transaction) {
            Measure::Accept => Disposition::Accept,
            Measure::MtaQuarantine => Disposition::Quarantine { reason: reason(&scored.verdict) },
            // Only the mail server has all of it.
            Measure::Held if is_partial => Disposition::Quarantine { reason: reason(&scored.verdict) },
            Measure::Held => {
                let received = received.map(|value| HeaderChange::Insert { name: "Received".to_owned(), value });
                // Below what is written here, as a mail server would have it.
                changes.splice(removed..removed, received);
                let changes = mem::take(&mut changes);
                hold(Arc::clone(&setup), (transaction, message, arrived_from), direction, &scored.verdict, changes)
                    .await
            }
            Measure::Tempfail => Disposition::Tempfail(Reply::later()),
            Measure::Reject => refused(rules, &transaction, &scored.verdict),
        };
        memory.hold(changes.len() * REMOVAL_BYTES);
        Decision { disposition, changes, slot: Some(rules.slot.clone()), verdict: Some(scored.verdict), memory }
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("scoring", &self.0.scoring).finish_non_exhaustive()
    }
}

/// Why a message is quarantined, for the mail server's log.
fn reason(verdict: &Verdict) -> String {
    let category = verdict.category.map_or("unscanned", |category| category.name());
    let id = verdict.id.map(|id| format!(", record {id}")).unwrap_or_default();
    format!("switchback: {category}{id}")
}

/// The reply to whoever sent a message that is refused.
fn refused(rules: &DirectionConfig, transaction: &Transaction, verdict: &Verdict) -> Disposition {
    let queue_id = transaction.queue_id.as_deref().filter(|id| id.len() <= ID_MAX);
    let id = verdict.id.map(|id| id.to_string());
    let id = id.as_deref().or(queue_id).unwrap_or("-");
    // A queue id that no reply can have.
    let reply = rules.refusal(id).or_else(|_| rules.refusal("-"));
    reply.map_or_else(|_| Disposition::Tempfail(Reply::later()), Disposition::Reject)
}

/// A message is forgotten by the mail server only once it is held here.
async fn hold(
    setup: Arc<Setup>,
    (transaction, message, arrived_from): (Transaction, Message, usize),
    direction: Direction,
    verdict: &Verdict,
    changes: Vec<HeaderChange>,
) -> Disposition {
    let verdict = verdict.clone();
    let holding = spawn_blocking(move || {
        let spool = setup.spool.as_ref().ok_or_else(|| "no folder is configured".to_owned())?;
        let slot = setup.config.direction(direction).map(|rules| &*rules.slot).unwrap_or_default();
        let bytes = rewritten(&message.bytes()[arrived_from..], &changes);
        let mut held = MailToHold::new(&transaction, &bytes, slot, direction, &verdict);
        (held.client, held.authentication) = (Some(message.client()), Some(message.authentication()));
        spool.hold(&held).map_err(|error| in_full(&error))
    });
    match holding.await {
        Ok(Ok(_id)) => Disposition::Discard,
        Ok(Err(why)) => not_held(&why),
        Err(panic) => not_held(&panic.to_string()),
    }
}

fn not_held(why: &str) -> Disposition {
    error!("a message cannot be held, and its client is told to try again: {why}");
    Disposition::Tempfail(Reply::later())
}
