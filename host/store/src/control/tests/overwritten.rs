//! A database that somebody writes over while it is in use.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::control::{ControlStore as _, EventSequence, SqliteStore};

/// By another process: closing the file here would let go of SQLite's locks on it.
fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").args([from, to]).status().unwrap().success());
}

#[test]
fn it_is_seen_by_who_opened_the_database_again_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let (database, backup) = (dir.path().join("control.db"), dir.path().join("backup"));
    let store = SqliteStore::create(dir.path()).unwrap();
    assert!(!store.is_overwritten().unwrap());
    copy(&database, &backup);
    copy(&backup, &database);
    // Something that is damage lets it open the database again.
    let other = Connection::open(&database).unwrap();
    other.execute("INSERT INTO events VALUES (-1, '', x'')", []).unwrap();
    store.entries_after(EventSequence::NONE).unwrap_err();
    other.execute("DELETE FROM events", []).unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while !store.is_overwritten().unwrap() {
        assert!(Instant::now() < end, "it is not seen");
        std::thread::yield_now();
    }
}
