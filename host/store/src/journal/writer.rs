//! The writer: records go through a bounded queue to one thread, which writes them in batches.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{fs, io};

use arc_swap::ArcSwap;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError};
use switchback_model::message::Message;
use switchback_model::verdict::Thresholds;
use switchback_system::clock;
use switchback_system::forked::Origin;
use switchback_system::locked::Locked;
use switchback_system::shortage::in_full;

use super::columns::Columns;
use super::config::{JournalConfig, Overflow};
use super::error::JournalError;
use super::features::RecordedFeatures;
use super::folder::{Folder, Segment};
use super::keeper::{Clock, Keeper};
use super::key::JournalKey;
use super::record::{Record, RecordedMessage};
use super::schema;
use super::stream::{Disk, RealDisk, Stream};

/// How often what was written is flushed to the disk, for the case of a loss of power. Once a second costs nothing
/// that is seen beside the writing itself.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// How often the writer looks whether its segment is too old, while nothing comes.
const IDLE_INTERVAL: Duration = Duration::from_secs(1);

/// A journal that one process writes. Dropping it writes what was appended. In a fork of that process it takes nothing, and
/// dropping it does nothing: what is appended there counts as [failed](JournalCounts::failed).
///
/// # Examples
///
/// ```
/// use std::collections::BTreeMap;
/// use switchback::journal::{Journal, JournalConfig, JournalReader, Query};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path().join("journal");
/// let journal = Journal::open(JournalConfig::new(&dir), 1, BTreeMap::new())?;
/// // journal.append(record) for each message; from any number of threads
/// journal.flush();
/// assert_eq!(journal.counts().written, 0);
/// assert!(JournalReader::open(&dir)?.last(&Query::default(), 10)?.records.is_empty());
/// # Ok(())
/// # }
/// ```
pub struct Journal {
    /// None once it is being dropped.
    queue: Option<Sender<Task>>,
    config: JournalConfig,
    key: Arc<ArcSwap<JournalKey>>,
    counters: Arc<Counters>,
    thread: Option<JoinHandle<()>>,
    /// After the thread, which may have one more segment for it.
    keeper: Option<Keeper>,
    origin: Origin,
}

switchback_model::debug!(Journal { config, .. });

enum Task {
    Write(Box<(Record, Option<RecordedFeatures>)>),
    /// Answers when all that came before is on the disk, or has failed.
    Flush(Sender<()>),
}

#[derive(Debug, Default)]
struct Counters {
    written: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
    gone: AtomicU64,
}

/// What became of the records that were appended, since the journal was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JournalCounts {
    /// Written: they outlive the process.
    pub written: u64,
    /// Not taken, because there was no room, under [`Overflow::Drop`].
    pub dropped: u64,
    /// Lost, because the disk refused them.
    pub failed: u64,
    /// Among the written: lost after all, because somebody deleted or replaced the file that was being written, or the
    /// folder.
    pub gone: u64,
}

impl Journal {
    /// Opens the journal of a folder for a process, and starts its threads. The thresholds of each slot are kept
    /// with the records, so that they can be scored again.
    ///
    /// # Errors
    /// If a value of the configuration is out of its range, or the folder cannot be made or written, or others can
    /// write there.
    pub fn open(
        config: JournalConfig,
        process: u64,
        thresholds: BTreeMap<String, Thresholds>,
    ) -> Result<Self, JournalError> {
        Self::open_on(Box::new(RealDisk), Arc::new(clock::now), config, process, &thresholds)
    }

    pub(super) fn open_on(
        disk: Box<dyn Disk>,
        clock: Clock,
        config: JournalConfig,
        process: u64,
        thresholds: &BTreeMap<String, Thresholds>,
    ) -> Result<Self, JournalError> {
        config.validate()?;
        let folder = Folder::named(&config.dir);
        let (key, identity) = match begin(&folder) {
            Ok((key, identity)) => (key, Some(identity)),
            // A disk that is full stops nobody: the writer tries again with each batch.
            Err(error) if error.may_pass() => {
                tracing::error!("journal: {}; records are lost until this ends, and are counted", in_full(&error));
                (JournalKey::random().map_err(JournalError::unusable(folder.dir()))?, None)
            }
            Err(error) => return Err(error),
        };
        let key = Arc::new(ArcSwap::from_pointee(key));
        let keeper = Keeper::start(folder.clone(), config.clone(), Arc::clone(&clock))?;
        let (queue, tasks) = crossbeam_channel::bounded(config.batch_records_max);
        let counters = Arc::new(Counters::default());
        let writer = Writer {
            folder,
            identity,
            key: Arc::clone(&key),
            config: config.clone(),
            process,
            schema: schema::written(thresholds, config.features),
            disk,
            clock,
            full: keeper.segments(),
            counters: Arc::clone(&counters),
            columns: Columns::new(config.features),
            segment: None,
            segment_since: Instant::now(),
            segment_records: 0,
            unsynced_since: None,
            is_failing: identity.is_none(),
        };
        let thread = thread::Builder::new().name("switchback-journal".to_owned());
        let thread = thread.spawn(move || writer.run(&tasks)).map_err(|e| JournalError::Writer(e.into()))?;
        Ok(Self {
            queue: Some(queue),
            config,
            key,
            counters,
            thread: Some(thread),
            keeper: Some(keeper),
            origin: Origin::here(),
        })
    }

    /// Appends a record. Where there is no room, this waits or counts it as dropped, as configured. It never fails:
    /// a disk that refuses what it gets is counted ([`JournalCounts::failed`]), and logged once.
    pub fn append(&self, record: Record) {
        self.enqueue(record, None);
    }

    /// Appends a record with the features of its message ([`Journal::features`]), as [`Journal::append`] does. A journal
    /// that keeps none leaves them out.
    pub fn append_with(&self, record: Record, features: RecordedFeatures) {
        self.enqueue(record, Some(features));
    }

    fn enqueue(&self, record: Record, features: Option<RecordedFeatures>) {
        let Some(queue) = self.queue() else { return self.count_failed() };
        let task = Task::Write(Box::new((record, features)));
        let (refused, counter) = match self.config.overflow {
            Overflow::Block => (queue.send(task).is_err(), &self.counters.failed),
            Overflow::Drop => match queue.try_send(task) {
                Ok(()) => return,
                Err(TrySendError::Full(_)) => (true, &self.counters.dropped),
                Err(TrySendError::Disconnected(_)) => (true, &self.counters.failed),
            },
        };
        if refused {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a record that was not even made, because there was no room.
    #[doc(hidden)]
    pub fn count_dropped(&self) {
        self.counters.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a record that could not be made.
    #[doc(hidden)]
    pub fn count_failed(&self) {
        self.counters.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// What this journal keeps of a message. Derives what the message's fingerprint needs.
    pub fn mail(&self, message: &Message) -> RecordedMessage {
        RecordedMessage::of(message, self.config.message_ids, &self.key.load())
    }

    /// The features of a message, of which this journal keeps `mail`; none if it is not in the sample. Computes what nobody
    /// has asked the message for yet.
    pub fn features(&self, message: &Message, mail: &RecordedMessage) -> Option<RecordedFeatures> {
        let is_in_sample = || self.config.features.contains(self.key.load().number(mail.fingerprint));
        (!self.config.features.is_off() && is_in_sample()).then(|| RecordedFeatures::of(message))
    }

    /// Waits until what was appended so far is on the disk, or has failed.
    pub fn flush(&self) {
        let Some(queue) = self.queue() else { return };
        let (done, is_done) = crossbeam_channel::bounded(1);
        if queue.send(Task::Flush(done)).is_ok() {
            let _ = is_done.recv();
        }
    }

    /// Where the writer is told what to do; none where there is no writer, as in a fork.
    fn queue(&self) -> Option<&Sender<Task>> {
        self.queue.as_ref().filter(|_| !self.origin.is_elsewhere())
    }

    /// What became of the records so far.
    pub fn counts(&self) -> JournalCounts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        JournalCounts {
            written: count(&self.counters.written),
            dropped: count(&self.counters.dropped),
            failed: count(&self.counters.failed),
            gone: count(&self.counters.gone),
        }
    }

    /// How it is kept.
    pub fn config(&self) -> &JournalConfig {
        &self.config
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if self.origin.is_elsewhere() {
            return std::mem::forget((self.queue.take(), self.thread.take(), self.keeper.take()));
        }
        if let Some(keeper) = &self.keeper {
            keeper.end();
        }
        self.queue = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Makes the folder, and returns its key and which folder it is.
fn begin(folder: &Folder) -> Result<(JournalKey, (u64, u64)), JournalError> {
    let made = Folder::create(folder.dir())?;
    made.make_locks()?;
    let key = JournalKey::of(made.dir())?;
    Ok((key, made.identity().map_err(JournalError::unusable(made.dir()))?))
}

/// The thread that writes.
struct Writer {
    folder: Folder,
    /// Of the folder that is written to; none while it is gone and cannot be made again.
    identity: Option<(u64, u64)>,
    key: Arc<ArcSwap<JournalKey>>,
    config: JournalConfig,
    process: u64,
    schema: SchemaRef,
    disk: Box<dyn Disk>,
    clock: Clock,
    full: Option<Sender<(Segment, Locked)>>,
    counters: Arc<Counters>,
    columns: Columns,
    segment: Option<(Segment, Stream)>,
    segment_since: Instant,
    /// Records that were written to it.
    segment_records: u64,
    unsynced_since: Option<Instant>,
    /// Whether the last batch was lost, which was said then.
    is_failing: bool,
}

impl Writer {
    fn run(mut self, tasks: &Receiver<Task>) {
        let mut due = Instant::now() + IDLE_INTERVAL;
        loop {
            match tasks.recv_deadline(due) {
                Ok(Task::Write(task)) => {
                    if self.columns.records() == 0 {
                        due = Instant::now() + self.config.flush_interval;
                    }
                    let (record, features) = &*task;
                    self.take(record, features.as_ref());
                    if self.columns.records() < self.config.batch_records_max && Instant::now() < due {
                        continue;
                    }
                    self.write();
                }
                Ok(Task::Flush(done)) => {
                    self.write();
                    self.sync();
                    let _ = done.send(());
                }
                Err(RecvTimeoutError::Timeout) if self.columns.records() == 0 => drop(self.look()),
                Err(RecvTimeoutError::Timeout) => self.write(),
                Err(RecvTimeoutError::Disconnected) => {
                    self.write();
                    self.sync();
                    return;
                }
            }
            self.sync_if_due();
            self.close_if_full();
            due = Instant::now() + IDLE_INTERVAL;
        }
    }

    fn take(&mut self, record: &Record, features: Option<&RecordedFeatures>) {
        if let Err(error) = self.columns.push(record, features) {
            // No record that compiles gets here: widths are types.
            tracing::error!("journal: a record does not fit its columns: {error}");
            self.counters.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes what has gathered.
    fn write(&mut self) {
        let records = self.columns.records() as u64;
        if records == 0 {
            return;
        }
        // A machine may have slept since the last batch: no record comes into a segment that is too old for it.
        self.close_if_full();
        match self.append() {
            Ok(()) => {
                self.counters.written.fetch_add(records, Ordering::Relaxed);
                if std::mem::take(&mut self.is_failing) {
                    tracing::warn!("journal: records are written again");
                }
            }
            Err(error) => {
                self.counters.failed.fetch_add(records, Ordering::Relaxed);
                if !std::mem::replace(&mut self.is_failing, true) {
                    let dir = self.folder.dir().display();

                    tracing::error!("journal: {dir}: {error}; records are lost until this ends, and are counted");
                }
            }
        }
    }

    fn append(&mut self) -> io::Result<()> {
        let batch = self.columns.finish(&self.schema).map_err(io::Error::other)?;
        self.look()?;
        self.append_batch(&batch)?;
        if !self.is_in_place() {
            // Else it is in a file that nobody finds.
            self.look()?;
            self.append_batch(&batch)?;
        }
        self.segment_records += batch.num_rows() as u64;
        Ok(())
    }

    fn append_batch(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let (segment, mut stream) = match self.segment.take() {
            Some(begun) => begun,
            None => {
                (self.segment_records, self.segment_since) = (0, Instant::now());
                let (segment, file) = self.folder.begin(self.process, (self.clock)())?;
                (segment, Stream::new(file, &self.schema).map_err(io::Error::other)?)
            }
        };
        let appended = stream.append(batch, self.disk.as_mut());
        if appended.is_ok() {
            self.unsynced_since.get_or_insert_with(Instant::now);
        }
        // Without its columns, or with the beginning of a batch at its end, nothing can follow.
        match stream.bytes() {
            0 => fs::remove_file(self.folder.stream(&segment))?,
            _ if stream.is_whole() => self.segment = Some((segment, stream)),
            _ => {}
        }
        appended
    }

    /// Whether the folder, and the file that is written, are those that have their names. What cannot be looked at is not
    /// gone.
    fn is_in_place(&self) -> bool {
        let is_missing = |kind| matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
        let is_same = match self.folder.identity() {
            Err(error) => !is_missing(error.kind()),
            identity => identity.ok() == self.identity,
        };
        let segment = self.segment.as_ref();
        is_same && segment.is_none_or(|(segment, stream)| self.folder.has(segment, stream.file()).unwrap_or(true))
    }

    /// Notices that somebody has deleted or replaced the folder, or the file that is written, and makes the folder again.
    fn look(&mut self) -> io::Result<()> {
        if self.identity.is_some() && self.is_in_place() {
            return Ok(());
        }
        if self.identity.take().is_some() {
            let lost = if self.segment.take().is_some() { self.segment_records } else { 0 };
            self.counters.gone.fetch_add(lost, Ordering::Relaxed);
            tracing::error!(
                "journal: {}: the folder, or the file in it that is written, was deleted or replaced; {lost} records were \
                 in that file, and are counted; a new one is begun",
                self.folder.dir().display()
            );
        }
        let made = Folder::create_again(self.folder.dir()).and_then(|folder| {
            folder.make_locks()?;
            self.key.store(Arc::new(self.key.load().again(folder.dir())?));
            folder.identity().map_err(JournalError::unusable(folder.dir()))
        });
        self.identity = Some(made.map_err(io::Error::other)?);
        Ok(())
    }

    fn sync_if_due(&mut self) {
        if self.unsynced_since.is_some_and(|since| since.elapsed() >= SYNC_INTERVAL) {
            self.sync();
        }
    }

    fn sync(&mut self) {
        if self.unsynced_since.take().is_some()
            && let Some((_, stream)) = &self.segment
            && let Err(error) = stream.sync()
        {
            tracing::error!("journal: what was written last may not outlive a loss of power: {error}");
        }
    }

    /// Hands a segment that is large or old enough to the keeper.
    fn close_if_full(&mut self) {
        let age_max = self.config.segment_age_max;
        let is_full = self.segment.as_ref().is_some_and(|(segment, stream)| {
            // By both clocks: one may be set back, the other does not count while a machine sleeps.
            let age = (self.clock)().duration_since(segment.begun);
            let is_old = age >= to_signed(age_max) || self.segment_since.elapsed() >= age_max;
            stream.bytes() >= self.config.segment_bytes_max || is_old
        });
        if !is_full {
            return;
        }
        self.sync();
        if let (Some((segment, stream)), Some(full)) = (self.segment.take(), &self.full) {
            // Where the keeper is gone, the next process closes it.
            let _ = full.send((segment, stream.into_file()));
        }
    }
}

fn to_signed(time: Duration) -> jiff::SignedDuration {
    time.try_into().unwrap_or(jiff::SignedDuration::MAX)
}
