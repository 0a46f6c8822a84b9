//! Threads that score without pause, and note every answer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant, SystemTime};

use switchback::verdict::DecidedBy;
use switchback::{Message, ReleaseId, Slot};

use super::mail::Source;
use super::tally::{Counts, Tally};

/// Answers that a thread can note before its notes have to grow. Growing copies them, and that would be a
/// gap of the demonstration's own making; room that is not used costs no memory.
const NOTES_MAX: usize = 1 << 20;

/// What all threads of a process share.
pub(super) struct Traffic<'a> {
    slot: &'a Slot,
    releases: &'a [ReleaseId],
    source: &'a Source,
    clock: Clock,
    /// Which of the mail is this process's: every so many messages, the first being the one of this number.
    share: Share,
    /// The number of the next message among those of this process.
    next: AtomicU64,
    stop: AtomicBool,
    /// By generation.
    tallies: Vec<Tally>,
}

/// Which part of the mail a process gets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) index: u64,
    pub(super) of: u64,
}

/// The time since an epoch that several processes agree on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    begin: Instant,
    /// From the epoch to the beginning.
    offset: Duration,
}

/// An answer. Times are from the epoch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) message: u64,
    pub(super) start: Duration,
    pub(super) end: Duration,
    pub(super) generation: u64,
    /// The index of the release that answered; none if no release did.
    pub(super) release: Option<u8>,
}

impl Clock {
    /// A clock that counts from this time on. It looks at the machine's clock once, and no step of that clock moves it.
    pub(super) fn since(epoch: SystemTime) -> Self {
        Self { begin: Instant::now(), offset: epoch.elapsed().unwrap_or_default() }
    }

    pub(super) fn now(&self) -> Duration {
        self.offset + self.begin.elapsed()
    }
}

impl<'a> Traffic<'a> {
    pub(super) fn new(
        slot: &'a Slot,
        releases: &'a [ReleaseId],
        source: &'a Source,
        clock: Clock,
        share: Share,
        generations: usize,
    ) -> Self {
        let tallies = (0..generations).map(|_| Tally::default()).collect();
        let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { slot, releases, source, clock, share, next, stop, tallies }
    }

    /// How many messages were begun.
    pub(super) fn begun(&self) -> u64 {
        self.next.load(Relaxed)
    }

    /// What was counted so far, by generation.
    pub(super) fn counts(&self) -> Vec<Counts> {
        self.tallies.iter().map(Tally::counts).collect()
    }

    /// Lets the threads end after the message that each is at.
    pub(super) fn stop(&self) {
        self.stop.store(true, Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// One thread's work: message after message until told to stop. Returns its answers in their order.
    /// What the filter holds back goes to its quarantine.
    pub(super) fn score_without_pause(&self, quarantine: &Sender<(u64, Message)>) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(NOTES_MAX);
        while !self.is_stopped() {
            let number = self.next.fetch_add(1, Relaxed);
            let nth = self.share.index + number * self.share.of;
            let (message, group) = self.source.nth(nth);
            let start = self.clock.now();
            let verdict = self.slot.score(&message);
            let end = self.clock.now();
            let by_model = matches!(verdict.decided_by, DecidedBy::Live | DecidedBy::Abstained);
            let release = verdict.release.as_ref().filter(|_| by_model).and_then(|id| self.index_of(id));
            let generation = verdict.generation.get();
            answers.push(Answer { message: number, start, end, generation, release });
            let tally = usize::try_from(generation).ok().and_then(|generation| self.tallies.get(generation));
            if let Some(tally) = tally {
                tally.add(group, verdict.is_flagged());
            }
            if verdict.is_flagged() {
                // Fails if the disk did; closing the quarantine says so.
                let _ = quarantine.send((nth, message));
            }
        }
        answers
    }

    fn index_of(&self, release: &ReleaseId) -> Option<u8> {
        self.releases.iter().position(|known| known == release).and_then(|index| u8::try_from(index).ok())
    }
}
