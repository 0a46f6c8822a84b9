//! Scoring from an asynchronous filter on [tokio](https://docs.rs/tokio).
//!
//! Scoring computes for microseconds to milliseconds and never waits. On a thread that drives I/O it would hold up every
//! connection of that thread for as long, up to a release's deadline. [`Scorers`] moves it to tokio's blocking threads, a bounded
//! number at a time.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::Arc;

use ::tokio::sync::Semaphore;
use ::tokio::task::spawn_blocking;

use crate::{Message, Slot, Verdict};

/// Scores messages in one slot on tokio's blocking threads, at most a given number at a time.
///
/// This is a handle: clones share the slot and the bound. It keeps neither the slot's runtime nor tokio's.
///
/// A call costs what handing a task to another thread and back costs, on top of scoring. A filter that has
/// threads of its own for messages calls [`Slot::score`] there instead.
///
/// # Examples
///
/// ```no_run
/// use std::num::NonZero;
/// use std::thread::available_parallelism;
///
/// use switchback::tokio::Scorers;
/// use switchback::{Message, Slot, Verdict};
///
/// fn scorers(slot: Slot) -> Scorers {
///     // Scoring computes: more threads than cores only make each message slower.
///     Scorers::new(slot, available_parallelism().unwrap_or(NonZero::<usize>::MIN))
/// }
///
/// async fn judge(scorers: &Scorers, bytes: Vec<u8>) -> Verdict {
///     scorers.score(Message::parse(bytes)).await
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Scorers {
    slot: Slot,
    permits: Arc<Semaphore>,
}

impl Scorers {
    /// Scores in a slot, at most `workers` messages at a time: as many as there are cores, or fewer, and no more than the
    /// runtime's [`instances`](crate::RuntimeBuilder::instances).
    ///
    /// No thread is started here. Tokio starts blocking threads as they are needed, at most as many as its own bound
    /// (`max_blocking_threads`, 512 by default), which `workers` should be below.
    pub fn new(slot: impl Into<Slot>, workers: NonZero<usize>) -> Self {
        let permits = workers.get().min(Semaphore::MAX_PERMITS);
        Self { slot: slot.into(), permits: Arc::new(Semaphore::new(permits)) }
    }

    /// The slot.
    pub fn slot(&self) -> &Slot {
        &self.slot
    }

    /// Judges a message as [`Slot::score`] does. Waits, first come first served, until fewer than the given number of messages
    /// are being scored, and for the verdict. Memory is bounded by the number of callers that wait: bound the connections.
    ///
    /// A future that is dropped while it waits for its turn does nothing. One that is dropped later loses its verdict: the
    /// message is scored to its end, counted and recorded, and takes one of the places until then.
    ///
    /// Where tokio is shutting down and starts no task any more, the message is scored on the calling thread.
    ///
    /// # Panics
    /// Outside a tokio runtime. Where scoring panics, as it does when the program's own `tracing` subscriber or metrics recorder
    /// panics, the panic goes on here with its message. Its place is free again, and other calls are not affected.
    pub async fn score(&self, message: Message) -> Verdict {
        // Never an error: nobody closes the semaphore.
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let (slot, scored) = (self.slot.clone(), message.clone());
        let task = spawn_blocking(move || {
            let _until_scored = permit;
            slot.score(&scored)
        });
        match task.await.map_err(|error| error.try_into_panic()) {
            Ok(verdict) => verdict,
            Err(Ok(panic)) => resume_unwind(panic),
            Err(Err(_cancelled)) => self.slot.score(&message),
        }
    }
}
