//! The thread that closes segments, joins small ones, and removes old ones. It gives way to everything else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use jiff::Timestamp;
use switchback_system::clock::Steady;
use switchback_system::locked::Locked;
use switchback_system::shortage::in_full;

use super::closed::{self, Closed};
use super::config::JournalConfig;
use super::error::JournalError;
use super::folder::{Files, Folder, SPAN_MAX, Segment, lock_of};
use super::join::Joiner;
use super::retention::Told;
use super::scan;

/// What says the time: the system, or a test.
pub(super) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How often the folder is looked through.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// How much lower the thread's priority is (`nice(2)`; 19 is the lowest).
const NICENESS: i32 = 15;

/// The thread.
pub(super) struct Keeper {
    full: Option<Sender<(Segment, Locked)>>,
    is_ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn start(folder: Folder, config: JournalConfig, clock: Clock) -> Result<Self, JournalError> {
        let (full, segments) = crossbeam_channel::unbounded();
        let is_ending = Arc::new(AtomicBool::new(false));
        let steady = Steady::new(clock(), Instant::now());
        let mut keep = Keep { folder, config, clock, steady, is_doubting: false, is_ending: Arc::clone(&is_ending) };
        let thread = thread::Builder::new().name("switchback-journal-keeper".to_owned());
        let thread = thread.spawn(move || keep.run(&segments)).map_err(|e| JournalError::Writer(e.into()))?;
        Ok(Self { full: Some(full), is_ending, thread: Some(thread) })
    }

    /// Where segments go that are full, with the files that hold their locks.
    pub(super) fn segments(&self) -> Option<Sender<(Segment, Locked)>> {
        self.full.clone()
    }

    /// From now on no other segment is begun.
    pub(super) fn end(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }
}

/// Finishes the segment that it is at. Others are closed by the next process that looks.
impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
        self.full = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

struct Keep {
    folder: Folder,
    config: JournalConfig,
    clock: Clock,
    steady: Steady,
    /// Whether the clock was not believed the last time, which was said then.
    is_doubting: bool,
    is_ending: Arc<AtomicBool>,
}

impl Keep {
    fn run(&mut self, segments: &Receiver<(Segment, Locked)>) {
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

    fn sweep(&mut self, joiner: &mut Joiner) {
        let (now, passed) = ((self.clock)(), Instant::now());
        self.steady.look(now, passed);
        let told = Told { now, steady: self.steady.lasts(passed) };
        let believed = sweep(&self.folder, &self.config, told, &self.is_ending);
        self.tell_doubts(now, believed);
        if let Err(error) = joiner.join(&self.folder, self.config.segment_bytes_max, now, &self.is_ending) {
            tracing::warn!("journal: small segments stay as they are: {}", in_full(&error));
        }
    }

    /// Says once that segments stay because the clock is not believed.
    fn tell_doubts(&mut self, now: Timestamp, believed: Option<Timestamp>) {
        let was_doubting = std::mem::replace(&mut self.is_doubting, believed.is_some());
        if let Some(believed) = believed.filter(|_| !was_doubting) {
            tracing::warn!(
                "journal: it is {now} by the clock, and nothing bears out that it is later than {believed}: segments that would \
                 be too old stay until the clock has gone on for a day without a jump, and no process that writes says otherwise"
            );
        }
    }
}

/// Says what went wrong. The next sweep tries again.
fn report(closed: Result<Closed, JournalError>) {
    if let Err(error) = closed {
        tracing::error!("journal: a segment stays as it is for now: {}", in_full(&error));
    }
}

/// Closes the segments of processes that are gone, and removes those that are too old or too many. Returns the time
/// that is believed, where the clock is not, and segments stay for that.
pub(super) fn sweep(folder: &Folder, config: &JournalConfig, told: Told, is_ending: &AtomicBool) -> Option<Timestamp> {
    let swept = folder.remove_leftovers().map_err(JournalError::unusable(folder.dir()));
    let swept = swept.and_then(|_| {
        for (segment, _) in folder.segments()?.iter().filter(|(_, files)| files.stream.is_some()) {
            let locked = lock_of(&folder.stream(segment));
            // Asked with the lock: that of this process's own segment is let go of after the end was told.
            if is_ending.load(Ordering::Relaxed) {
                return Ok(None);
            }
            if let Some(locked) = locked {
                report(closed::close(folder, segment, &locked));
            }
        }
        retain(folder, config, told)
    });
    swept.unwrap_or_else(|error| {
        tracing::error!("journal: {}", in_full(&error));
        None
    })
}

/// Removes closed segments whose last record is too old, and then the oldest until the rest is small enough. Returns what
/// [`sweep`] does.
fn retain(folder: &Folder, config: &JournalConfig, told: Told) -> Result<Option<Timestamp>, JournalError> {
    let segments = folder.segments()?;
    let streams = segments.iter().filter(|(_, files)| files.stream.is_some() && files.parquet.is_none());
    let written = streams.map(|(segment, _)| segment).filter(|one| lock_of(&folder.stream(one)).is_none());
    let begun = |segment: &Segment| segment.begun;
    let now = told.believed(segments.keys().map(begun), written.map(begun), config.segment_age_max);
    let mut bytes: u64 = segments.values().map(Files::bytes).sum();
    let closed = segments.iter().filter(|(_, files)| files.parquet.is_some() && files.stream.is_none());
    let mut spares = false;
    for (segment, files) in closed {
        if bytes <= config.keep_bytes_max && !is_old(folder, segment, config, now) {
            spares = spares || now < told.now && is_old(folder, segment, config, told.now);
            continue;
        }
        closed::remove(folder, &folder.parquet(segment))?;
        bytes -= files.bytes();
    }
    Ok(spares.then_some(now))
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
