//! The threads that work beside the answers.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use rustix::time::{ClockId, clock_gettime};
use smallvec::SmallVec;
use switchback_model::message::Message;
use switchback_model::verdict::Dropped;
use switchback_store::journal::{Journal, Overflow};

use super::budget::Budget;
use super::job::{Ask, Job, Judged};
use super::queue::Queue;
use crate::life::Pending;
use crate::limits::{BESIDE_BYTES_MAX, BESIDE_JOBS_MAX};
use crate::runtime::meters::JournalMeters;

/// The priority of shadows, the lowest that a thread can have: a scoring thread that wants the core gets it. (At 10, which
/// leaves shadows a tenth of a busy core, the slowest hundredth of the answers took 1.7 times as long.) Recording has the
/// usual priority, because an answer may wait for it.
const NICENESS: i32 = 19;

/// How the work beside the answers is set up.
pub(in crate::runtime) struct BesideConfig {
    /// The share of all cores' time that shadows may use, 0 to 1; 1 for no bound.
    pub(in crate::runtime) cpu_share: f64,
    /// Where messages are recorded.
    pub(in crate::runtime) journal: Option<Journal>,
    /// The number of this process in its store; 0 without one.
    pub(in crate::runtime) process: u64,
}

/// What is done beside the answers, by threads of its own.
pub(in crate::runtime) struct Beside {
    work: Arc<Work>,
    /// Dropped to end the threads.
    open: Option<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

struct Work {
    /// Messages that other releases are to score.
    asking: Queue,
    /// The same of those that somebody waits for.
    fresh: Queue,
    /// Messages that are to be recorded.
    recording: Queue,
    budget: Budget,
    journal: Option<Journal>,
    journal_meters: JournalMeters,
    process: u64,
    /// Messages that are not done yet.
    pending: Pending,
    /// Whether the runtime is being dropped: nobody is asked any more.
    is_closing: AtomicBool,
}

impl Beside {
    pub(in crate::runtime) fn start(config: BesideConfig) -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let work = Arc::new(Work {
            asking: Queue::new(BESIDE_JOBS_MAX, BESIDE_BYTES_MAX),
            fresh: Queue::new(BESIDE_JOBS_MAX, BESIDE_BYTES_MAX),
            recording: Queue::new(BESIDE_JOBS_MAX, BESIDE_BYTES_MAX),
            budget: Budget::new(config.cpu_share, cores),
            journal: config.journal,
            journal_meters: JournalMeters::new(),
            process: config.process,
            pending: Pending::default(),
            is_closing: AtomicBool::new(false),
        });
        let (open, closed) = bounded(0);
        // Half of the cores can use what any sensible share allows; recording a message costs a part of scoring it.
        let mut threads = Vec::new();
        for number in 0..cores.div_ceil(2) {
            threads.push(Work::spawn(&work, format!("switchback-shadow-{number}"), &closed, Work::run_shadows)?);
        }
        threads.push(Work::spawn(&work, "switchback-fresh".to_owned(), &closed, Work::run_fresh)?);
        let recorders = if work.journal.is_some() { cores.div_ceil(4) } else { 0 };
        for number in 0..recorders {
            threads.push(Work::spawn(&work, format!("switchback-record-{number}"), &closed, Work::run_records)?);
        }
        Ok(Self { work, open: Some(open), threads })
    }

    /// Whether messages are recorded.
    pub(in crate::runtime) fn journal(&self) -> Option<&Journal> {
        self.work.journal.as_ref()
    }

    /// Takes over a message that was answered.
    pub(in crate::runtime) fn take(&self, message: &Message, judged: Judged, asks: SmallVec<[Ask; 4]>) {
        let mut job = Box::new(Job { message: message.clone(), judged, asks });
        self.work.pending.add();
        // Without a journal, the threads of the shadows also count what was said.
        if !job.asks.is_empty() || self.work.journal.is_none() {
            match self.work.offer(job) {
                Ok(()) => return,
                Err(refused) => job = refused,
            }
            if self.work.journal.is_none() {
                job.miss();
            }
        }
        self.work.record_later(job);
    }

    /// Gives up what other releases have still to score, and waits until the rest is done. Called last.
    pub(in crate::runtime) fn close(&self) {
        self.work.is_closing.store(true, Ordering::Relaxed);
        self.flush();
    }

    /// Waits until all that was taken over so far is done, and the journal is written.
    pub(in crate::runtime) fn flush(&self) {
        self.work.pending.wait();
        if let Some(journal) = &self.work.journal {
            journal.flush();
            self.work.journal_meters.set(journal.counts());
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.close();
        drop(self.open.take());
        for thread in self.threads.drain(..) {
            // A panic was caught in the thread already.
            let _ = thread.join();
        }
    }
}

impl Work {
    fn spawn(
        work: &Arc<Self>,
        name: String,
        closed: &Receiver<()>,
        run: fn(&Self, &Receiver<()>),
    ) -> io::Result<JoinHandle<()>> {
        let (work, closed) = (Arc::clone(work), closed.clone());
        thread::Builder::new().name(name).spawn(move || run(&work, &closed))
    }

    /// Queues a message that other releases are to score, or gives it back without them.
    fn offer(&self, mut job: Box<Job>) -> Result<(), Box<Job>> {
        if !job.asks.is_empty() && !self.has_room_for(&job) {
            job.drop_asks(Dropped::Budget);
            return Err(job);
        }
        let queue = if job.judged.is_fresh { &self.fresh } else { &self.asking };
        queue.offer(job).map_err(|mut job| {
            job.drop_asks(Dropped::Queue);
            job
        })
    }

    /// Whether a message may be scored now. One that somebody waits for may overdraw the budget, if there is one.
    fn has_room_for(&self, job: &Job) -> bool {
        self.budget.has_room() || (job.judged.is_fresh && self.budget.exists())
    }

    /// Queues a message that is only to be recorded.
    fn record_later(&self, job: Box<Job>) {
        let Some(journal) = &self.journal else { return self.pending.done() };
        if journal.config().overflow == Overflow::Block {
            return self.recording.push(job);
        }
        if let Err(job) = self.recording.offer(job) {
            job.miss();
            journal.count_dropped();
            self.journal_meters.set(journal.counts());
            self.pending.done();
        }
    }

    fn run_shadows(&self, closed: &Receiver<()>) {
        // On Linux niceness belongs to the thread. Where lowering it fails, it still works.
        let _ = rustix::process::nice(NICENESS);
        self.ask_all(&self.asking, closed);
    }

    /// What somebody waits for has the usual priority.
    fn run_fresh(&self, closed: &Receiver<()>) {
        self.ask_all(&self.fresh, closed);
    }

    fn ask_all(&self, queue: &Queue, closed: &Receiver<()>) {
        while let Some(mut job) = queue.next(closed) {
            // What was let in may have had to wait for what cost more than was thought.
            if self.is_closing.load(Ordering::Relaxed) {
                job.drop_asks(Dropped::Shutdown);
            } else if !self.has_room_for(&job) {
                job.drop_asks(Dropped::Budget);
            }
            let before = cpu_time();
            let count = || {
                job.ask();
                if self.journal.is_none() {
                    job.compare();
                }
            };
            if catch_unwind(AssertUnwindSafe(count)).is_err() {
                tracing::error!("scoring beside an answer panicked; the message is recorded without");
            }
            self.budget.pay(cpu_time().saturating_sub(before));
            self.record_later(job);
        }
    }

    fn run_records(&self, closed: &Receiver<()>) {
        while let Some(job) = self.recording.next(closed) {
            if catch_unwind(AssertUnwindSafe(|| self.record(job))).is_err() {
                tracing::error!("recording an answer panicked; the answer is not affected");
                if let Some(journal) = &self.journal {
                    journal.count_failed();
                }
            }
            self.pending.done();
        }
    }

    fn record(&self, job: Box<Job>) {
        let Some(journal) = &self.journal else { return };
        job.compare();
        let mail = journal.mail(&job.message);
        journal.append(job.record(self.process, mail));
        self.journal_meters.set(journal.counts());
    }
}

/// The CPU time that this thread has used.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
