//! Starting anew with what can still be read of a damaged database.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};

use super::super::head::{HeadFile, HeadFileError};
use super::super::layout::{Layout, LayoutError};
use super::register::all;
use super::schema::{check_tables, has_head_file, make_database};
use super::{SqliteStore, StoreError, to_entry};
use crate::clock;
use crate::control::event::{Event, hash};
use crate::control::ledger::{Entry, Ledger};
use crate::control::mark::{Mark, Who, Witness};
use crate::private;
use crate::release::Digest;
use crate::sqlite;

/// What somebody who recovers a store puts up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// That events are lost which cannot be read, or are not as they were written.
    Damage,
    /// Also that a ledger which is whole ends before what was seen of it: an older copy was put there on purpose.
    GoingBack,
}

/// What became of a damaged database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// How many events were kept: all up to the first that could not be read or was not whole. One more says that the
    /// ledger was recovered.
    pub events: u64,
    /// The last event that is known to have been there.
    pub known: u64,
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
    /// If there is no store, or it cannot be written; [`StoreError::WouldGoBack`] if the ledger is whole and ends before
    /// what was seen of it, unless that is accepted.
    pub fn recover(dir: &Path, author: &str, accept: Accept) -> Result<Option<Recovered>, StoreError> {
        let layout = Layout::reclaim(dir)?;
        let salvaged = Salvaged::of(&layout);
        let ended = match (&salvaged.damage, &salvaged.contradiction) {
            (None, None) => return Ok(None),
            (Some(damage), _) => damage.clone(),
            (None, Some(why)) if accept == Accept::GoingBack => why.clone(),
            (None, Some(why)) => return Err(StoreError::WouldGoBack(why.clone())),
        };
        let unusable = |source| LayoutError::Unusable { path: layout.dir().to_owned(), source };
        // Made elsewhere, and put in its place when it is complete: a crash leaves the one or the other.
        let made = tempfile::tempdir_in(layout.dir()).map_err(unusable)?;
        let failed = |why: String| StoreError::Failed { store: layout.dir().display().to_string(), why };
        let new = made.path().join("control.db");
        let mark = salvaged.write(&new, author, &ended).map_err(failed)?;
        let mut aside = None;
        for file in [layout.database()].into_iter().chain(sqlite::companions(&layout.database())) {
            if file.symlink_metadata().is_ok() {
                let place = private::set_aside(&file).map_err(unusable)?;
                aside = aside.or(Some(place));
            }
        }
        std::fs::rename(new, layout.database()).map_err(unusable)?;
        let head = HeadFile::at(layout.head_file());
        if head.path().symlink_metadata().is_ok() && head.read().is_err() {
            private::set_aside(head.path()).map_err(unusable)?;
        }
        head.write(&mark).map_err(|error| failed(error.to_string()))?;
        let store = Self::of(layout)?;
        store.ring(&store.layout().bell());
        let (events, known) = (salvaged.entries.len() as u64, salvaged.lost.sequence);
        Ok(Some(Recovered { events, known, ended, aside }))
    }
}

/// What is left of a store.
struct Salvaged {
    /// The entries that can be read and follow one another.
    entries: Vec<Entry>,
    ledger: Ledger,
    /// Why there are no more; none if that is all.
    damage: Option<String>,
    /// What shows that a whole ledger went further once.
    contradiction: Option<String>,
    /// The furthest that is known of it, whoever says so.
    lost: Mark,
}

impl Salvaged {
    fn of(layout: &Layout) -> Self {
        let (mut ledger, mut entries, mut lost) = (Ledger::default(), Vec::new(), Mark::default());
        let damage = read_each(&layout.database(), |entry| {
            if let Ok(event) = Event::from_json(&entry.body) {
                see(&mut lost, event.sequence, event.generation, 0);
            }
            ledger.follow(&entry).map_err(|broken| broken.to_string())?;
            entries.push(entry);
            Ok(())
        });
        let (witnesses, missing) = witnesses(layout);
        let head = open(&layout.database()).and_then(|connection| super::head(&connection)).ok().flatten();
        if damage.is_err() {
            let seen = witnesses.iter().map(|witness| (witness.mark.sequence, witness.mark.head)).chain(head);
            drop_added(&mut ledger, &mut entries, seen.collect());
        }
        for Witness { mark, .. } in &witnesses {
            see(&mut lost, mark.sequence, mark.generation, mark.recoveries);
        }
        let broken = witnesses.iter().find_map(|witness| ledger.confirms(witness).err());
        let contradiction = broken.map(|broken| broken.to_string()).or(missing);
        Self { entries, ledger, damage: damage.err(), contradiction, lost }
    }

    /// Writes a new database, and returns where its ledger ends.
    fn write(&self, path: &Path, author: &str, ended: &str) -> Result<Mark, String> {
        let mut ledger = self.ledger.clone();
        let event = ledger.state().recovery(&self.lost, author, ended.to_owned(), clock::now(), ledger.head());
        let body = event.to_json().map_err(|error| error.to_string())?;
        let entry = Entry { sequence: event.sequence, hash: hash(&body), body };
        ledger.follow(&entry).map_err(|broken| broken.to_string())?;
        fill(path, self.entries.iter().chain([&entry])).map_err(|error| error.to_string())?;
        Ok(ledger.mark())
    }
}

/// Drops whole events at the end that nobody has seen: somebody else than this program added them.
fn drop_added(ledger: &mut Ledger, entries: &mut Vec<Entry>, seen: Vec<(u64, Digest)>) {
    let last = entries.len() as u64;
    let is_past = seen.iter().any(|(sequence, _)| *sequence > last);
    let ends = seen.iter().filter(|(sequence, head)| ledger.place_of(head) == Some(*sequence)).map(|(end, _)| *end);
    let Some(end) = ends.max().filter(|end| !is_past && *end > 0) else { return };
    entries.truncate(usize::try_from(end).unwrap_or(usize::MAX));
    let mut kept = Ledger::default();
    // They followed one another before.
    if entries.iter().all(|entry| kept.follow(entry).is_ok()) {
        *ledger = kept;
    }
}

fn see(lost: &mut Mark, sequence: u64, generation: u64, recoveries: u64) {
    lost.sequence = lost.sequence.max(sequence);
    lost.generation = lost.generation.max(generation);
    lost.recoveries = lost.recoveries.max(recoveries);
}

fn fill<'a>(path: &Path, entries: impl Iterator<Item = &'a Entry>) -> rusqlite::Result<()> {
    let mut connection = make_database(path)?;
    let transaction = super::immediate(&mut connection)?;
    for Entry { sequence, body, hash } in entries {
        transaction.execute("INSERT INTO events VALUES (?, ?, ?)", params![sequence, body, hash.as_bytes()])?;
        transaction.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?)", params![sequence, hash.as_bytes()])?;
    }
    transaction.commit()
}

/// Who remembers how far the ledger went, as far as that can still be read, and what is missing that should say so.
fn witnesses(layout: &Layout) -> (Vec<Witness>, Option<String>) {
    let head = HeadFile::at(layout.head_file());
    let read = head.read();
    let connection = open(&layout.database());
    let is_missed = matches!(read, Err(HeadFileError::Gone))
        && connection.as_ref().is_ok_and(|connection| has_head_file(connection).unwrap_or(true));
    let missing = match &read {
        Err(HeadFileError::Gone) if !is_missed => None,
        Err(error) => Some(format!("nothing shows how far it went: of {}, {error}", head.path().display())),
        Ok(_) => None,
    };
    let processes = connection.and_then(|connection| all(&connection)).unwrap_or_default();
    let of_process = |process: super::Process| {
        let mark = process.acknowledged.as_ref()?.mark()?;
        Some(Witness { who: Who::Process { number: process.number, name: process.registered.name }, mark })
    };
    let of_file = read.ok().map(|mark| Witness { who: Who::File(head.path().to_owned()), mark });
    (of_file.into_iter().chain(processes.into_iter().filter_map(of_process)).collect(), missing)
}

fn open(database: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(sqlite::literal(database), OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// Every entry from the first on, up to one that is refused. Nothing else may be there.
fn read_each(database: &Path, mut each: impl FnMut(Entry) -> Result<(), String>) -> Result<(), String> {
    let said = |error: rusqlite::Error| error.to_string();
    if database.symlink_metadata().is_err() {
        return Err("the database is gone".to_owned());
    }
    let connection = open(database).map_err(said)?;
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
    super::refuse_strays(&connection).map_err(said)?;
    check_tables(&connection).map_err(said)?;
    match (super::head(&connection).map_err(said)?, last) {
        (head, last) if head == last => check(&connection),
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
