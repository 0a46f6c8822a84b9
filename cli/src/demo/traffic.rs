//! Threads that score without pause, and note every answer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use switchback::{DecidedBy, ReleaseId, Slot};

use super::mail::Source;
use super::tally::Tally;

/// Answers that a thread can note before its notes have to grow. Growing copies them, and that would be a
/// gap of the demonstration's own making; room that is not used costs no memory.
const NOTES_MAX: usize = 1 << 20;

/// What all threads share.
pub(super) struct Traffic<'a> {
    slot: &'a Slot,
    releases: &'a [ReleaseId],
    source: &'a Source,
    epoch: Instant,
    /// The number of the next message.
    next: AtomicU64,
    stop: AtomicBool,
    /// By generation.
    pub(super) tallies: Vec<Tally>,
}

/// An answer. Times are from the epoch on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) message: u64,
    pub(super) start: Duration,
    pub(super) end: Duration,
    pub(super) generation: u64,
    /// The index of the release that answered; none if no release did.
    pub(super) release: Option<u8>,
}

/// Stops the threads when it is dropped, whatever happened to who watched them.
pub(super) struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

impl<'a> Traffic<'a> {
    pub(super) fn new(slot: &'a Slot, releases: &'a [ReleaseId], source: &'a Source, generations: usize) -> Self {
        Self {
            slot,
            releases,
            source,
            epoch: Instant::now(),
            next: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            tallies: (0..generations).map(|_| Tally::default()).collect(),
        }
    }

    /// The time since the epoch.
    pub(super) fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// How many messages were begun.
    pub(super) fn begun(&self) -> u64 {
        self.next.load(Relaxed)
    }

    pub(super) fn stop_on_drop(&self) -> StopOnDrop<'_> {
        StopOnDrop(&self.stop)
    }

    /// One thread's work: message after message until told to stop. Returns its answers in their order.
    pub(super) fn score_without_pause(&self, bell: &Sender<u64>) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(NOTES_MAX);
        while !self.stop.load(Relaxed) {
            let number = self.next.fetch_add(1, Relaxed);
            let (message, group) = self.source.nth(number);
            let start = self.now();
            let verdict = self.slot.score(&message);
            let end = self.now();
            let by_model = matches!(verdict.decided_by, DecidedBy::Live | DecidedBy::Abstained);
            let release = verdict.release.as_ref().filter(|_| by_model).and_then(|id| self.index_of(id));
            answers.push(Answer { message: number, start, end, generation: verdict.generation, release });
            let tally = usize::try_from(verdict.generation).ok().and_then(|generation| self.tallies.get(generation));
            if tally.is_some_and(|tally| tally.add(group, verdict.is_flagged())) {
                // Nobody listens any more when the story is over.
                let _ = bell.send(verdict.generation);
            }
        }
        answers
    }

    fn index_of(&self, release: &ReleaseId) -> Option<u8> {
        self.releases.iter().position(|known| known == release).and_then(|index| u8::try_from(index).ok())
    }
}
