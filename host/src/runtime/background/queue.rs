//! Jobs that wait, bounded in number and in bytes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, select_biased};

use crate::runtime::slot::Job;

/// A bounded queue.
pub(super) struct Queue {
    jobs: Sender<Box<Job>>,
    inbox: Receiver<Box<Job>>,
    /// Bytes of the messages that wait.
    bytes: AtomicUsize,
    bytes_max: usize,
    /// For whoever waits for fewer bytes to wait.
    waiting: Mutex<()>,
    room: Condvar,
}

impl Queue {
    pub(super) fn new(jobs_max: usize, bytes_max: usize) -> Self {
        let (jobs, inbox) = bounded(jobs_max);
        Self { jobs, inbox, bytes: AtomicUsize::new(0), bytes_max, waiting: Mutex::default(), room: Condvar::new() }
    }

    /// Adds a job, or gives it back if there is no room. A large message is as welcome as a small one: only what
    /// waits already counts.
    pub(super) fn offer(&self, job: Box<Job>) -> Result<(), Box<Job>> {
        if self.is_heavy() {
            return Err(job);
        }
        self.bytes.fetch_add(job.message().len(), Ordering::Relaxed);
        self.jobs.try_send(job).map_err(|refused| {
            let (TrySendError::Full(job) | TrySendError::Disconnected(job)) = refused;
            self.bytes.fetch_sub(job.message().len(), Ordering::Relaxed);
            job
        })
    }

    /// Adds a job as soon as there is room.
    pub(super) fn push(&self, job: Box<Job>) {
        if self.is_heavy() {
            let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            drop(self.room.wait_while(waiting, |()| self.is_heavy()));
        }
        self.bytes.fetch_add(job.message().len(), Ordering::Relaxed);
        // The queue holds its own receiver, so there always is one.
        let _ = self.jobs.send(job);
    }

    /// The next job, as soon as there is one; none once the other channel is closed and the queue is empty.
    pub(super) fn next(&self, closed: &Receiver<()>) -> Option<Box<Job>> {
        let job = select_biased! {
            recv(self.inbox) -> job => job.ok()?,
            recv(closed) -> _ => return None,
        };
        if self.bytes.fetch_sub(job.message().len(), Ordering::SeqCst) >= self.bytes_max {
            // Whoever found too many bytes before this either waits by now, or looks again.
            drop(self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            self.room.notify_all();
        }
        Some(job)
    }

    fn is_heavy(&self) -> bool {
        self.bytes.load(Ordering::SeqCst) >= self.bytes_max
    }
}
