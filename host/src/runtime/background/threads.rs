//! The threads that work in the background.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use rustix::time::{ClockId, clock_gettime};
use switchback_model::verdict::Dropped;

use super::budget::Budget;
use super::queue::Queue;
use crate::life::Pending;
use crate::limits::{BACKGROUND_BYTES_MAX, BACKGROUND_JOBS_MAX};
use crate::runtime::slot::{Background, Job, Recorder};

/// The priority of shadows, the lowest that a thread can have: a scoring thread that wants the core gets it. (At 10, which
/// leaves shadows a tenth of a busy core, the slowest hundredth of the answers took 1.7 times as long.) Recording has the
/// usual priority, because an answer may wait for it.
const NICENESS: i32 = 19;

/// How background work is set up.
pub(in crate::runtime) struct BackgroundConfig {
    /// The share of all cores' time that shadows may use, 0 to 1; 1 for no bound.
    pub(in crate::runtime) cpu_share: f64,
    /// Who records messages.
    pub(in crate::runtime) recorder: Option<Arc<dyn Recorder>>,
}

/// Threads that do what remains to be done once messages are answered.
pub(in crate::runtime) struct BackgroundThreads {
    work: Arc<Work>,
    /// Dropped to end the threads.
    open: Option<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

struct Work {
    /// Messages that other releases are to score.
    scoring: Queue,
    /// The same of those that somebody waits for.
    fresh: Queue,
    /// Messages that are to be recorded.
    recording: Queue,
    budget: Budget,
    recorder: Option<Arc<dyn Recorder>>,
    /// Messages that are not done yet.
    pending: Pending,
    /// Whether the runtime ends: nobody is asked any more.
    is_closing: AtomicBool,
}

impl BackgroundThreads {
    pub(in crate::runtime) fn start(config: BackgroundConfig) -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let work = Arc::new(Work {
            scoring: Queue::new(BACKGROUND_JOBS_MAX, BACKGROUND_BYTES_MAX),
            fresh: Queue::new(BACKGROUND_JOBS_MAX, BACKGROUND_BYTES_MAX),
            recording: Queue::new(BACKGROUND_JOBS_MAX, BACKGROUND_BYTES_MAX),
            budget: Budget::new(config.cpu_share, cores),
            recorder: config.recorder,
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
        let recorders = if work.recorder.is_some() { cores.div_ceil(4) } else { 0 };
        for number in 0..recorders {
            threads.push(Work::spawn(&work, format!("switchback-record-{number}"), &closed, Work::run_records)?);
        }
        Ok(Self { work, open: Some(open), threads })
    }

    /// Who records messages, if they are recorded.
    #[cfg(feature = "journal")]
    pub(in crate::runtime) fn recorder(&self) -> Option<&dyn Recorder> {
        self.work.recorder.as_deref()
    }

    /// Gives up what other releases have still to score, and waits until the rest is done. Called last.
    pub(in crate::runtime) fn close(&self) {
        self.work.is_closing.store(true, Ordering::Relaxed);
        self.flush();
    }

    /// Waits until all that was taken over so far is done, and the journal is written.
    pub(in crate::runtime) fn flush(&self) {
        self.work.pending.wait();
        self.work.recorder.iter().for_each(|recorder| recorder.flush());
    }
}

impl Background for BackgroundThreads {
    fn is_recording(&self) -> bool {
        self.work.recorder.is_some()
    }

    fn take(&self, job: Job) {
        let mut job = Box::new(job);
        self.work.pending.add();
        // Without a journal, the threads of the shadows also count what was said.
        if job.has_calls() || !self.is_recording() {
            match self.work.offer(job) {
                Ok(()) => return,
                Err(refused) => job = refused,
            }
            if !self.is_recording() {
                job.missed();
            }
        }
        self.work.record_later(job);
    }
}

impl Drop for BackgroundThreads {
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
        if job.has_calls() && !self.has_room_for(&job) {
            job.drop_calls(Dropped::Budget);
            return Err(job);
        }
        let queue = if job.is_fresh() { &self.fresh } else { &self.scoring };
        queue.offer(job).map_err(|mut job| {
            job.drop_calls(Dropped::Queue);
            job
        })
    }

    /// Whether a message may be scored now. One that somebody waits for may overdraw the budget, if there is one.
    fn has_room_for(&self, job: &Job) -> bool {
        self.budget.has_room() || (job.is_fresh() && self.budget.exists())
    }

    /// Queues a message that is only to be recorded.
    fn record_later(&self, job: Box<Job>) {
        let Some(recorder) = &self.recorder else { return self.pending.done() };
        if recorder.loses_none() {
            return self.recording.push(job);
        }
        if let Err(job) = self.recording.offer(job) {
            job.missed();
            recorder.count_dropped();
            self.pending.done();
        }
    }

    fn run_shadows(&self, closed: &Receiver<()>) {
        // On Linux niceness belongs to the thread. Where lowering it fails, it still works.
        let _ = rustix::process::nice(NICENESS);
        self.score_all(&self.scoring, closed);
    }

    /// What somebody waits for has the usual priority.
    fn run_fresh(&self, closed: &Receiver<()>) {
        self.score_all(&self.fresh, closed);
    }

    fn score_all(&self, queue: &Queue, closed: &Receiver<()>) {
        while let Some(mut job) = queue.next(closed) {
            // What was let in may have had to wait for what cost more than was thought.
            if self.is_closing.load(Ordering::Relaxed) {
                job.drop_calls(Dropped::Shutdown);
            } else if !self.has_room_for(&job) {
                job.drop_calls(Dropped::Budget);
            }
            let before = cpu_time();
            let count = || {
                job.call();
                if self.recorder.is_none() {
                    job.judged();
                }
            };
            if catch_unwind(AssertUnwindSafe(count)).is_err() {
                tracing::error!("scoring in the background panicked; the message is recorded without");
            }
            self.budget.pay(cpu_time().saturating_sub(before));
            self.record_later(job);
        }
    }

    fn run_records(&self, closed: &Receiver<()>) {
        while let Some(job) = self.recording.next(closed) {
            if catch_unwind(AssertUnwindSafe(|| self.record(job))).is_err() {
                tracing::error!("recording an answer panicked; the answer is not affected");
                self.recorder.iter().for_each(|recorder| recorder.count_failed());
            }
            self.pending.done();
        }
    }

    fn record(&self, job: Box<Job>) {
        let Some(recorder) = &self.recorder else { return };
        job.judged();
        job.record(&**recorder);
    }
}

/// The CPU time that this thread has used.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
