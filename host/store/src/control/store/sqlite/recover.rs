//! Starting anew with what can still be read of a damaged database.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use switchback_model::release::Digest;
use switchback_model::route::Generation;
use switchback_system::shortage::{InWords, in_full};
use switchback_system::{clock, private};

use super::super::head::{HeadFile, HeadFileError};
use super::super::layout::{Layout, LayoutError};
use super::hold::Alone;
use super::register::{NUMBER_MAX, all};
use super::schema::{check_tables, has_head_file, make_database};
use super::{SqliteStore, StoreError, hits, to_entry};
use crate::control::event::{Event, hash};
use crate::control::ledger::{Entry, Ledger};
use crate::control::mark::{Mark, Who, Witness};
use crate::control::newer::NewerEvent;
use crate::control::number::EventSequence;
use crate::control::operation::Operation;
use crate::sqlite::{self, ToRead};

/// What somebody who recovers a store puts up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accept {
    going_back: bool,
    followers: bool,
}

impl Accept {
    /// That events are lost which cannot be read, or are not as they were written, and nothing else.
    pub const fn damage() -> Self {
        Self { going_back: false, followers: false }
    }

    /// Also that a ledger which is whole ends before what was seen of it: an older copy was put there on purpose.
    #[must_use]
    pub const fn going_back(self) -> Self {
        Self { going_back: true, ..self }
    }

    /// Also that processes follow the ledger, and have not seen themselves that it is damaged: they go on from another one
    /// than they know.
    #[must_use]
    pub const fn followers(self) -> Self {
        Self { followers: true, ..self }
    }
}

/// What became of a damaged database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// How many events were kept: all up to the first that could not be read or was not whole. One more says that the
    /// ledger was recovered.
    pub events: u64,
    /// The last event that is known to have been there.
    pub known: EventSequence,
    /// Why there are no more.
    pub ended: String,
    /// Where the damaged one is; none if it was gone.
    pub aside: Option<PathBuf>,
}

impl SqliteStore {
    /// Sets a damaged database aside and starts a new one with the events that can still be read, up to the first
    /// that is not as it was written, and one more that says so: processes which obeyed what is lost obey that. None if
    /// the database is whole: it stays as it is.
    ///
    /// # Errors
    /// If there is no store, or it cannot be written; [`StoreError::NewerEvent`] if a newer program wrote to the ledger;
    /// [`StoreError::WouldGoBack`] if the ledger is whole and ends before what was seen of it, and
    /// [`StoreError::Followed`] if processes follow it, unless that is accepted.
    pub fn recover(dir: &Path, author: &str, accept: Accept) -> Result<Option<Recovered>, StoreError> {
        let store = Self::closed(Layout::reclaim(dir)?);
        let alone = store.alone()?;
        if let Some(resumed) = store.resume(&alone)? {
            return Ok(Some(resumed));
        }
        if store.to_recover(accept)?.is_none() {
            return Ok(None);
        }
        if !accept.followers {
            store.refuse_followers()?;
        }
        let _held = store.hold(&alone)?;
        // What was written meanwhile is there, and nothing comes any more.
        let Some((salvaged, ended)) = store.to_recover(accept)? else { return Ok(None) };
        let aside = store.begin_anew(&salvaged, author, &ended)?;
        let (events, known) = (salvaged.entries.len() as u64, salvaged.lost.sequence);
        Ok(Some(Recovered { events, known, ended, aside }))
    }

    /// What can be recovered, and why it has to be; none if the ledger is whole.
    fn to_recover(&self, accept: Accept) -> Result<Option<(Salvaged, String)>, StoreError> {
        let salvaged = Salvaged::of(self.layout());
        if let Some(newer) = salvaged.ledger.newer().first() {
            return Err(StoreError::NewerEvent(Box::new(newer.clone())));
        }
        let ended = match (&salvaged.damage, &salvaged.contradiction) {
            (None, None) => return Ok(None),
            (Some(damage), _) => damage.clone(),
            (None, Some(why)) if accept.going_back => why.clone(),
            (None, Some(why)) => return Err(StoreError::WouldGoBack(why.clone())),
        };
        Ok(Some((salvaged, ended)))
    }

    /// Puts a ledger that goes on from what was salvaged in the place of the one that is there. That one is set aside: where
    /// it is now, or none if it was gone. For whoever [holds](SqliteStore::hold) the store.
    pub(super) fn begin_anew(
        &self,
        salvaged: &Salvaged,
        author: &str,
        ended: &str,
    ) -> Result<Option<PathBuf>, StoreError> {
        let layout = self.layout();
        let unusable = |source| LayoutError::Unusable { path: layout.dir().to_owned(), source };
        // Made elsewhere, and put in its place when it is complete: a crash leaves the one or the other.
        let made = private::temporary_in(layout.dir()).map_err(unusable)?;
        let new = made.path().join("control.next");
        let mark = salvaged.write(&new, author, ended).map_err(|why| self.failed(why))?;
        fs::rename(new, layout.next_database()).map_err(unusable)?;
        let exchanged = layout.exchange_databases();
        if exchanged.is_err() {
            let _ = fs::remove_file(layout.next_database());
        }
        let aside = exchanged?;
        self.begin_after(&mark);
        Ok(aside)
    }

    /// Remembers where another ledger ends, and wakes whoever follows. That it is there is done already.
    fn begin_after(&self, mark: &Mark) {
        if let Err(error) = HeadFile::at(self.layout().head_file()).write(mark) {
            tracing::warn!(error = in_full(&error), "where the ledger ends is not remembered outside the database yet");
        }
        self.ring(&self.layout().bell());
    }

    /// Finishes what a crash has interrupted: a ledger was about to take the place of another one. One that does not know
    /// what was seen since is none of that, and is set aside.
    pub(super) fn resume(&self, _alone: &Alone) -> Result<Option<Recovered>, StoreError> {
        let layout = self.layout();
        if !layout.is_exchange_interrupted()? {
            layout.drop_next_database()?;
            return Ok(None);
        }
        let Some((event, known, mark)) = self.next_ledger() else {
            layout.drop_next_database()?;
            return Ok(None);
        };
        let aside = layout.finish_exchange()?;
        self.begin_after(&mark);
        Ok(Some(Recovered { events: event.sequence.previous().get(), known, ended: event.reason, aside }))
    }

    /// The last event of the next database, what was known when it was written, and where it ends; none if more was seen.
    fn next_ledger(&self) -> Option<(Event, EventSequence, Mark)> {
        let opened = sqlite::open_to_read(&self.layout().next_database()).ok()?;
        let last = "SELECT body FROM events ORDER BY sequence DESC LIMIT 1";
        let body: String = opened.connection.query_row(last, [], |row| row.get(0)).ok()?;
        let event = Event::from_json(&body).ok()?;
        let Operation::Recover { number, known, .. } = event.operation else { return None };
        let seen = HeadFile::at(self.layout().head_file()).read().map_or(EventSequence::NONE, |seen| seen.sequence);
        let mark =
            Mark { sequence: event.sequence, head: hash(&body), recoveries: number, generation: event.generation };
        (seen <= known).then_some((event, known, mark))
    }
}

/// What is left of a store.
pub(super) struct Salvaged {
    /// The entries that can be read and follow one another.
    pub(super) entries: Vec<Entry>,
    pub(super) ledger: Ledger,
    beside: Beside,
    /// Why there are no more; none if that is all.
    pub(super) damage: Option<String>,
    /// What shows that a whole ledger went further once.
    contradiction: Option<String>,
    /// The furthest that is known of it, whoever says so.
    pub(super) lost: Mark,
}

/// What a database holds beside the ledger that is true for longer than processes live.
#[derive(Default)]
struct Beside {
    /// The highest number that a process was given.
    numbers: u64,
    /// How often overrides decided.
    hits: Vec<(u64, u64)>,
}

impl Salvaged {
    pub(super) fn of(layout: &Layout) -> Self {
        let (mut ledger, mut entries, mut lost) = (Ledger::default(), Vec::new(), Mark::default());
        let (opened, gone) = match open(&layout.database()) {
            Ok(opened) => (Some(opened), None),
            Err(why) => (None, Some(why)),
        };
        let connection = opened.as_ref().map(|opened| &*opened.connection);
        let read = connection.map(|connection| {
            read_each(connection, |entry| {
                if let Some(event) = NewerEvent::of(&entry.body, entry.hash) {
                    see(&mut lost, event.sequence, event.generation, 0);
                }
                let followed = ledger.follow(&entry).map_err(|broken| broken.to_string())?;
                entries.extend(followed.map(|_| entry));
                Ok(())
            })
        });
        let damage = read.map_or(gone, Result::err);
        let (witnesses, missing) = witnesses(layout, connection);
        let head = connection.and_then(|connection| super::head(connection).ok().flatten());
        if damage.is_some() {
            let seen = witnesses.iter().map(|witness| (witness.mark.sequence, witness.mark.head)).chain(head);
            drop_added(&mut ledger, &mut entries, seen.collect());
        }
        for Witness { mark, .. } in &witnesses {
            see(&mut lost, mark.sequence, mark.generation, mark.recoveries);
        }
        let broken = witnesses.iter().find_map(|witness| ledger.confirms(witness).err());
        let contradiction = broken.map(|broken| broken.to_string()).or(missing);
        let beside = connection.map(Beside::of).unwrap_or_default();
        Self { entries, ledger, beside, damage, contradiction, lost }
    }

    /// The ledger of an older copy in the place of what there is now: numbers and generations go on from whichever has seen
    /// the higher ones.
    #[cfg(feature = "journal")]
    pub(super) fn in_place_of(mut self, now: &Self) -> Self {
        for Mark { sequence, generation, recoveries, .. } in [&now.lost, &now.ledger.mark()] {
            see(&mut self.lost, *sequence, *generation, *recoveries);
        }
        self.beside.numbers = self.beside.numbers.max(now.beside.numbers);
        self
    }

    /// Writes a new database, and returns where its ledger ends.
    fn write(&self, path: &Path, author: &str, ended: &str) -> Result<Mark, String> {
        let mut ledger = self.ledger.clone();
        let event = ledger.state().recovery(&self.lost, author, ended.to_owned(), clock::now(), ledger.head());
        let body = event.to_json();
        let entry = Entry { sequence: event.sequence, hash: hash(&body), body };
        ledger.follow(&entry).map_err(|broken| broken.to_string())?;
        fill(path, self.entries.iter().chain([&entry]), &self.beside).map_err(|error| error.to_string())?;
        let unread = |why: String| format!("what was written is not what is there ({why}); is there room?");
        File::open(path).and_then(|file| file.sync_all()).map_err(|error| unread(InWords(&error).to_string()))?;
        let written = sqlite::open_to_read(path).map_err(|error| error.to_string())?;
        let mut found = Ledger::default();
        read_each(&written.connection, |entry| found.follow(&entry).map(drop).map_err(|broken| broken.to_string()))
            .map_err(unread)?;
        if found.mark() == ledger.mark() { Ok(found.mark()) } else { Err(unread("it ends elsewhere".to_owned())) }
    }
}

/// Drops whole events at the end that nobody has seen: somebody else than this program added them.
fn drop_added(ledger: &mut Ledger, entries: &mut Vec<Entry>, seen: Vec<(EventSequence, Digest)>) {
    let last = EventSequence::new(entries.len() as u64);
    let is_past = seen.iter().any(|(sequence, _)| *sequence > last);
    let ends = seen.iter().filter(|(sequence, head)| ledger.place_of(head) == Some(*sequence)).map(|(end, _)| *end);
    let Some(end) = ends.max().filter(|end| !is_past && *end > EventSequence::NONE) else { return };
    entries.truncate(usize::try_from(end.get()).unwrap_or(usize::MAX));
    let mut kept = Ledger::default();
    // They followed one another before.
    if entries.iter().all(|entry| kept.follow(entry).is_ok()) {
        *ledger = kept;
    }
}

fn see(lost: &mut Mark, sequence: EventSequence, generation: Generation, recoveries: u64) {
    lost.sequence = lost.sequence.max(sequence);
    lost.generation = lost.generation.max(generation);
    lost.recoveries = lost.recoveries.max(recoveries);
}

impl Beside {
    /// As far as it can be read.
    fn of(connection: &Connection) -> Self {
        let numbers =
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'processes' AND seq BETWEEN 0 AND ?";
        let numbers = connection.query_row(numbers, [NUMBER_MAX], |row| row.get(0)).unwrap_or(0);
        Self { numbers, hits: hits(connection).unwrap_or_default() }
    }
}

fn fill<'a>(path: &Path, entries: impl Iterator<Item = &'a Entry>, beside: &Beside) -> rusqlite::Result<()> {
    let mut connection = make_database(path)?;
    let transaction = super::immediate(&mut connection)?;
    for Entry { sequence, body, hash } in entries {
        transaction.execute("INSERT INTO events VALUES (?, ?, ?)", params![sequence.get(), body, hash.as_bytes()])?;
        transaction
            .execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?)", params![sequence.get(), hash.as_bytes()])?;
    }
    transaction.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('processes', ?)", [beside.numbers])?;
    for (rule, hits) in &beside.hits {
        transaction.execute("INSERT INTO hits VALUES (?, ?)", params![rule, hits])?;
    }
    transaction.commit()?;
    // All of it goes into the file, or it fails: what `-wal` held would be lost with it.
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy != 0 {
        return Err(super::damage("it is in use by somebody else"));
    }
    connection.close()
}

/// Who remembers how far the ledger went, as far as that can still be read, and what is missing that should say so.
fn witnesses(layout: &Layout, connection: Option<&Connection>) -> (Vec<Witness>, Option<String>) {
    let head = HeadFile::at(layout.head_file());
    let read = head.read();
    let is_missed = matches!(read, Err(HeadFileError::Gone))
        && connection.is_some_and(|connection| has_head_file(connection).unwrap_or(true));
    let missing = match &read {
        Err(HeadFileError::Gone) if !is_missed => None,
        Err(error) => Some(format!("nothing shows how far it went: of {}, {}", head.path().display(), in_full(&error))),
        Ok(_) => None,
    };
    let processes = connection.and_then(|connection| all(connection).ok()).unwrap_or_default();
    let of_file = read.ok().map(|mark| Witness { who: Who::File(head.path().to_owned()), mark });
    (of_file.into_iter().chain(processes.iter().filter_map(super::StoreProcess::witness)).collect(), missing)
}

/// Opens what is there without changing it: what is set aside is what was found.
fn open(database: &Path) -> Result<ToRead, String> {
    if database.symlink_metadata().is_err() {
        return Err("the database is gone".to_owned());
    }
    sqlite::open_to_read(database).map_err(|error| error.to_string())
}

/// Every entry from the first on, up to one that is refused. Nothing else may be there.
fn read_each(connection: &Connection, mut each: impl FnMut(Entry) -> Result<(), String>) -> Result<(), String> {
    let said = |error: rusqlite::Error| error.to_string();
    let query = "SELECT sequence, body, hash FROM events WHERE sequence > 0 ORDER BY sequence";
    let mut rows = connection.prepare(query).map_err(said)?;
    let mut rows = rows.query([]).map_err(said)?;
    let (mut last, mut refused) = (None, None);
    while let Some(row) = rows.next().map_err(said)? {
        let entry = to_entry(row).map_err(said)?;
        if refused.is_none() {
            last = Some((entry.sequence, entry.hash));
        }
        // What comes after one that is refused is only looked at.
        let done = each(entry);
        refused = refused.or(done.err());
    }
    if let Some(refused) = refused {
        return Err(refused);
    }
    super::refuse_strays(connection).map_err(said)?;
    check_tables(connection).map_err(said)?;
    match (super::head(connection).map_err(said)?, last) {
        (head, last) if head == last => check(connection),
        (Some((sequence, _)), Some((last, _))) if last > sequence => {
            Err(format!("events after {sequence} were added by something else than this program"))
        }
        (Some((sequence, _)), _) => Err(format!("the last of {sequence} events are missing")),
        (None, _) => Err("it does not say where it ends".to_owned()),
    }
}

/// What SQLite finds when it looks at every page.
fn check(connection: &Connection) -> Result<(), String> {
    let found: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|error| error.to_string())?;
    if found == "ok" { Ok(()) } else { Err(found) }
}
