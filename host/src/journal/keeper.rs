//! The thread that closes segments, joins small ones, and removes old ones. It gives way to everything else.

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
use super::folder::{Files, Folder, SPAN_MAX, Segment, lock_of};
use super::join::Joiner;
use super::scan;

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
        let mut joiner = Joiner::default();
        self.sweep(&mut joiner);
        loop {
            match segments.recv_timeout(SWEEP_INTERVAL) {
                Ok(_) | Err(RecvTimeoutError::Timeout) if self.is_ending.load(Ordering::Relaxed) => return,
                Ok((segment, locked)) => report(closed::close(&self.folder, &segment, &locked)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.sweep(&mut joiner);
        }
    }

    fn sweep(&self, joiner: &mut Joiner) {
        let now = (self.clock)();
        sweep(&self.folder, &self.config, now, &self.is_ending);
        if let Err(error) = joiner.join(&self.folder, self.config.segment_bytes_max, now, &self.is_ending) {
            tracing::warn!("journal: small segments stay as they are: {error}");
        }
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
        if bytes <= config.keep_bytes_max && !is_old(folder, segment, config, now) {
            continue;
        }
        closed::remove(folder, &folder.parquet(segment))?;
        bytes -= files.bytes();
    }
    Ok(())
}

/// Whether no record of a closed segment is to be kept. Its name says when it was begun, and only where that is long ago is
/// it opened to see what its last record is.
fn is_old(folder: &Folder, segment: &Segment, config: &JournalConfig, now: Timestamp) -> bool {
    let is_before = |at: Timestamp, keep: Duration| now > at && now.duration_since(at).unsigned_abs() > keep;
    if !is_before(segment.begun, config.keep + config.segment_age_max) {
        return false;
    }
    match scan::last_us(&folder.parquet(segment)).map(|last| last.and_then(|us| Timestamp::from_microsecond(us).ok())) {
        Ok(Some(last)) => is_before(last, config.keep),
        // It may be damaged.
        _ => is_before(segment.begun, config.keep + SPAN_MAX),
    }
}
