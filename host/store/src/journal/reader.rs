//! Reading a journal, while it is written or afterwards.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::path::Path;

use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{FixedSizeBinaryArray, RecordBatch};
use arrow_schema::ArrowError;
use switchback_model::guard::Key;
use switchback_model::message::Message;
use switchback_model::release::ReleaseId;
use switchback_system::shortage::in_full;

use super::closed::ClosedWriter;
use super::config::MessageIds;
use super::error::JournalError;
use super::folder::{Files, Folder, Segment};
use super::key::JournalKey;
use super::query::{Filter, Query};
use super::record::{Record, RecordedMessage};
use super::rows::{Names, Releases, bytes, column, numbers, records};
use super::scan::{Order, Piece, Pieces};
use super::schema::{self, OPINION, RELEASES_KEY, others_path};

/// The journal of a folder, for reading. Nothing is kept open between two calls, and each sees what is there when it
/// is made: of a process that writes, all batches that it has written.
///
/// A file that is damaged is read up to where it is; what could not be read is part of every answer.
pub struct JournalReader {
    pub(super) folder: Folder,
    /// Absent if it cannot be read, which it need not be.
    pub(super) key: Option<JournalKey>,
}

switchback_model::debug!(JournalReader { folder, .. });

/// The latest records of a journal.
#[derive(Debug)]
#[non_exhaustive]
pub struct Latest {
    /// The records, the oldest first.
    pub records: Vec<Record>,
    /// What could not be read.
    pub unread: Vec<JournalError>,
}

/// Records that were written into a file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Exported {
    /// How many.
    pub records: u64,
    /// What could not be read.
    pub unread: Vec<JournalError>,
}

impl JournalReader {
    /// Opens the journal in a folder.
    ///
    /// # Errors
    /// If there is none, the folder is one of something else, or others could have written into it. An empty folder is a
    /// journal without a record.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, JournalError> {
        let folder = Folder::open(dir.as_ref())?;
        if folder.is_of_something_else() {
            return Err(JournalError::NoJournal(dir.as_ref().to_owned()));
        }
        let key = JournalKey::find(folder.dir());
        Ok(Self { folder, key })
    }

    /// Whether Message-IDs that are kept hashed can be looked for: without the folder's key nobody knows their hashes.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    pub(super) fn filter(&self, query: &Query) -> Filter {
        Filter::new(query, self.key.as_ref())
    }

    /// The latest records that are asked for, at most so many. Keeps these in memory, and some megabytes.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn last(&self, query: &Query, count_max: usize) -> Result<Latest, JournalError> {
        let filter = self.filter(query);
        let mut newest = Newest { count_max, names: BTreeMap::new() };
        let (mut places, mut unread) = (Vec::new(), Vec::new());
        let mut pieces = Pieces::find(&self.folder, &filter, Order::NewestFirst)?;
        while count_max > 0
            && let Some(piece) = pieces.next()
        {
            let read = piece.and_then(|piece| match piece.last_us {
                Some(last) if newest.is_full_after(last) => Ok(()),
                _ => {
                    places.extend(pieces.place().cloned());
                    let columns = ["judged_at".to_owned(), "id".to_owned()];
                    piece.read(&columns, &filter, &mut |batch| newest.add(batch, places.len() - 1))
                }
            });
            unread.extend(read.err());
            newest.oldest().into_iter().for_each(|oldest| pieces.skip_before(oldest));
        }
        let mut latest = self.named(newest, places)?;
        latest.unread.extend(unread);
        // A file that cannot be read at all was met twice.
        let mut said = HashSet::new();
        latest.unread.retain(|unread| said.insert(in_full(unread)));
        Ok(latest)
    }

    /// The records of these names, the oldest first.
    fn named(&self, newest: Newest, places: Vec<(Segment, Files)>) -> Result<Latest, JournalError> {
        let mut latest = Latest { records: Vec::new(), unread: Vec::new() };
        let used: BTreeSet<usize> = newest.names.values().copied().collect();
        let filter = Filter::ids(newest.names.into_keys().map(|(_, id)| id).collect());
        let mut places: Vec<_> = used.into_iter().filter_map(|place| places.get(place).cloned()).collect();
        places.dedup_by(|a, b| a.0 == b.0);
        let mut known = Releases::new();
        for piece in Pieces::of(&self.folder, &filter, places) {
            let read = piece.and_then(|piece| {
                piece.read(&schema::columns(), &filter, &mut |batch| {
                    latest.records.extend(records(batch, &mut known)?);
                    Ok(())
                })
            });
            latest.unread.extend(read.err());
        }
        latest.records.sort_by_key(|record| (record.at, record.id));
        // Somebody may have put a copy of a segment beside it.
        latest.records.dedup_by_key(|record| record.id);
        Ok(latest)
    }

    /// Writes the records that are asked for as one Parquet file, in the order of the segments, without features. Keeps one
    /// row group in memory.
    ///
    /// # Errors
    /// If the folder cannot be listed, or `to` cannot be written.
    pub fn export(&self, query: &Query, to: impl io::Write + Send) -> Result<Exported, JournalError> {
        let filter = self.filter(query);
        let (schema, columns) = (schema::bare(), schema::columns());
        let failed = |error| JournalError::of_parquet(Path::new("the exported file"), error);
        let mut writer = ClosedWriter::new(to, schema.clone()).map_err(failed)?;
        let (mut count, mut written, mut unread) = (0, Ok(()), Vec::new());
        for piece in Pieces::find(&self.folder, &filter, Order::OldestFirst)? {
            let mut write = |batch: &RecordBatch| {
                // The thresholds differ from file to file, and are not exported.
                let batch = schema::completed(batch, &schema)?;
                count += batch.num_rows() as u64;
                if written.is_ok() {
                    written = writer.write(&batch);
                }
                Ok(())
            };
            unread.extend(piece.and_then(|piece| piece.read(&columns, &filter, &mut write)).err());
        }
        written.map_err(failed)?;
        writer.finish().map_err(failed)?;
        Ok(Exported { records: count, unread })
    }

    /// Every release that a record names, by model and version. Closed segments say so at their end; those that are
    /// being written are read.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn releases(&self) -> Result<Vec<ReleaseId>, JournalError> {
        let mut known = Releases::new();
        let mut seen = HashSet::new();
        for piece in Pieces::find(&self.folder, &Filter::default(), Order::OldestFirst)?.flatten() {
            if seen.insert(piece.path.clone()) {
                // What cannot be read is said where its records are asked for.
                let _ = gather(&piece, &mut known);
            }
        }
        let mut releases: Vec<_> = known.into_values().collect();
        releases.sort_by(|a, b| (&a.name, &a.version, a.digest).cmp(&(&b.name, &b.version, b.digest)));
        Ok(releases)
    }

    /// What this journal keeps of a sender ([`RecordedMessage::sender`]) that the guard knows by this key
    /// ([`Key::of_sender`]); none where the journal's key cannot be read.
    pub fn sender(&self, sender: Key) -> Option<Key> {
        self.key.as_ref().map(|key| key.sender(sender))
    }

    /// What this journal would keep of a message: to find its records. Where the key cannot be read, there is no sender,
    /// and none at all if the Message-ID is to be hashed.
    pub fn mail(&self, message: &Message, message_ids: MessageIds) -> Option<RecordedMessage> {
        match (message_ids, &self.key) {
            (_, Some(key)) => Some(RecordedMessage::of(message, message_ids, key)),
            (MessageIds::Hashed, None) => None,
            (_, None) => {
                Some(RecordedMessage { sender: None, ..RecordedMessage::of(message, message_ids, &JournalKey::none()) })
            }
        }
    }
}

fn gather(piece: &Piece, known: &mut Releases) -> Result<(), JournalError> {
    let metadata = piece.metadata()?;
    if let Some(releases) =
        metadata.get(RELEASES_KEY).and_then(|json| serde_json::from_str::<Vec<ReleaseId>>(json).ok())
    {
        known.extend(releases.into_iter().map(|release| (*release.digest.as_bytes(), release)));
        return Ok(());
    }
    let columns: Vec<_> = OPINION[..3].iter().flat_map(|name| [(*name).to_owned(), others_path(name)]).collect();
    piece.read(&columns, &Filter::default(), &mut |batch| {
        Names::first(batch)?.gather(known)?;
        Names::others(batch)?.gather(known)
    })
}

/// The names of the latest records, with their times in microseconds.
struct Newest {
    count_max: usize,
    /// In which place each is.
    names: BTreeMap<(i64, [u8; 16]), usize>,
}

impl Newest {
    /// Whether no record of this time or earlier is among them.
    fn is_full_after(&self, last_us: i64) -> bool {
        self.oldest().is_some_and(|oldest| oldest > last_us)
    }

    /// The time of the oldest, once there are enough.
    fn oldest(&self) -> Option<i64> {
        let is_full = self.names.len() >= self.count_max;
        self.names.first_key_value().filter(|_| is_full).map(|((oldest, _), _)| *oldest)
    }

    fn add(&mut self, batch: &RecordBatch, place: usize) -> Result<(), ArrowError> {
        let at = numbers::<TimestampMicrosecondType>(batch, "judged_at")?;
        let ids: &FixedSizeBinaryArray = column(batch, "id")?;
        for row in 0..batch.num_rows() {
            self.names.insert((at.value(row), bytes(ids, row)?), place);
            if self.names.len() > self.count_max {
                self.names.pop_first();
            }
        }
        Ok(())
    }
}
