//! The thread that closes segments, and removes old ones. It gives way to everything else.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use jiff::Timestamp;

use super::closed::{self, Closed};
use super::config::JournalConfig;
use super::error::JournalError;
use super::folder::{Files, Folder, Segment, lock_of};

/// What says the time: the system, or a test.
pub(super) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How often the folder is looked through.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// How much lower the thread's priority is (`nice(2)`; 19 is the lowest).
const NICENESS: i32 = 15;

/// The thread.
pub(super) struct Keeper {
    full: Option<Sender<(Segment, File)>>,
    is_ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn start(folder: Folder, config: JournalConfig, clock: Clock) -> Result<Self, JournalError> {
        let (full, segments) = crossbeam_channel::unbounded();
        let is_ending = Arc::new(AtomicBool::new(false));
        let keep = Keep { folder, config, clock, is_ending: Arc::clone(&is_ending) };
        let thread = thread::Builder::new().name("switchback-journal-keeper".to_owned());
        let thread = thread.spawn(move || keep.run(&segments)).map_err(|e| JournalError::Writer(e.to_string()))?;
        Ok(Self { full: Some(full), is_ending, thread: Some(thread) })
    }

    /// Where segments go that are full, with the files that hold their locks.
    pub(super) fn segments(&self) -> Option<Sender<(Segment, File)>> {
        self.full.clone()
    }
}

/// Finishes the segment that it is at. Others are closed by the next process that looks.
impl Drop for Keeper {
    fn drop(&mut self) {
        self.is_ending.store(true, Ordering::Relaxed);
        self.full = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Keep {
    folder: Folder,
    config: JournalConfig,
    clock: Clock,
    is_ending: Arc<AtomicBool>,
}

impl Keep {
    fn run(&self, segments: &Receiver<(Segment, File)>) {
        // On Linux niceness belongs to the thread. Where lowering it fails, this still works.
        let _ = rustix::process::nice(NICENESS);
        self.sweep();
        loop {
            match segments.recv_timeout(SWEEP_INTERVAL) {
                Ok(_) | Err(RecvTimeoutError::Timeout) if self.is_ending.load(Ordering::Relaxed) => return,
                Ok((segment, locked)) => report(closed::close(&self.folder, &segment, &locked)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.sweep();
        }
    }

    fn sweep(&self) {
        sweep(&self.folder, &self.config, (self.clock)(), &self.is_ending);
    }
}

/// Says what went wrong. The next sweep tries again.
fn report(closed: Result<Closed, JournalError>) {
    if let Err(error) = closed {
        tracing::error!("journal: a segment stays as it is for now: {error}");
    }
}

/// Closes the segments of processes that are gone, and removes those that are too old or too many.
pub(super) fn sweep(folder: &Folder, config: &JournalConfig, now: Timestamp, is_ending: &AtomicBool) {
    let swept = folder.remove_leftovers().map_err(JournalError::unusable(folder.dir()));
    let swept = swept.and_then(|_| {
        for (segment, _) in folder.segments()?.iter().filter(|(_, files)| files.stream.is_some()) {
            if is_ending.load(Ordering::Relaxed) {
                return Ok(());
            }
            if let Some(locked) = lock_of(&folder.stream(segment)) {
                report(closed::close(folder, segment, &locked));
            }
        }
        retain(folder, config, now)
    });
    if let Err(error) = swept {
        tracing::error!("journal: {error}");
    }
}

/// Removes closed segments whose last record is too old, and then the oldest until the rest is small enough.
fn retain(folder: &Folder, config: &JournalConfig, now: Timestamp) -> Result<(), JournalError> {
    let segments = folder.segments()?;
    let mut bytes: u64 = segments.values().map(Files::bytes).sum();
    let closed = segments.iter().filter(|(_, files)| files.parquet.is_some() && files.stream.is_none());
    for (segment, files) in closed {
        // The last record of a segment is at most so much younger than its beginning.
        let is_old = now.duration_since(segment.begun).unsigned_abs() > config.keep + config.segment_age_max
            && now > segment.begun;
        if !is_old && bytes <= config.keep_bytes_max {
            continue;
        }
        closed::remove(folder, &folder.parquet(segment))?;
        bytes -= files.bytes();
    }
    Ok(())
}
