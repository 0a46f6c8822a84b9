//! Backups of a store in use, and what is restored of them.

use std::fs;
use std::path::{Path, PathBuf};

use switchback::Control;
use switchback::backup::{Backup, BackupError, Restore};
use switchback::control::{Accept, EventSequence, Request, SqliteStore, StoreError};

use super::newer;
use super::support::{Store, promote, revert, until};
use crate::support::message;

fn freeze(slot: &str) -> Request {
    Request::Freeze { slot: Some(slot.to_owned()) }
}

fn backup(store: &Store, name: &str) -> PathBuf {
    let file = store.path().with_extension(name);
    Backup::of(store.path()).write(&file).unwrap();
    file
}

#[test]
fn a_backup_restored_elsewhere_is_the_same_store_and_says_so() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let _process = store.process();
    releases.iter().for_each(|release| drop(store.obeyed(promote(release))));
    let file = backup(&store, "tar");
    let there = tempfile::tempdir().unwrap();
    let restored = Restore::new(&file, there.path()).author("eve").reason("a new machine").run().unwrap();
    assert_eq!([restored.contents.sequence, restored.event, restored.known].map(EventSequence::get), [4, 5, 4]);
    assert_eq!((&restored.aside, restored.kept.len()), (&None, 0));
    let control = Control::open(there.path()).unwrap();
    let history = control.history().unwrap();
    assert_eq!(history[..4], store.control.history().unwrap());
    assert_eq!((history[4].author.as_str(), history.len()), ("eve", 5));
    assert!(history[4].reason.ends_with("which ended with event 4, was restored: a new machine"), "{:?}", history[4]);
    // With all that it takes to score.
    let filter = switchback::Runtime::builder().slot(switchback::SlotConfig::new("inbound")).instances(4);
    let filter = filter.store_dir(there.path()).cache_dir(crate::support::shared_cache()).build().unwrap();
    assert_eq!(filter.slot("inbound").unwrap().score(&message()).release.as_ref(), Some(&releases[1]));
    assert!(control.processes().unwrap()[0].number > store.control.processes().unwrap()[0].number);
    fs::remove_file(file).unwrap();
}

#[test]
fn an_older_store_that_comes_back_is_an_event_that_processes_obey() {
    let (store, releases) = Store::with(&["empty", "stateful", "empty"]);
    let process = store.process();
    store.obeyed(promote(&releases[0]));
    store.obeyed(promote(&releases[1]));
    let file = backup(&store, "tar");
    let later = store.obeyed(promote(&releases[2]));
    let restore = || Restore::new(&file, store.path()).author("ada");
    let error = restore().run().unwrap_err();
    assert!(matches!(error, BackupError::StoreThere(_)), "{error}");
    let error = restore().replacing().run().unwrap_err();
    assert!(matches!(error, BackupError::Store(StoreError::Followed { .. })), "{error}");
    assert_eq!(store.control.history().unwrap().len(), 6, "nothing was changed");
    let restored = restore().replacing().accepting_followers().run().unwrap();
    assert_eq!((restored.event.get(), restored.known.get()), (6, 6));
    assert!(restored.aside.is_some_and(|aside| aside.is_file()));
    until("the process goes on from there", || process.slot("inbound").unwrap().live().as_ref() == Some(&releases[1]));
    let generation = store.control.state().unwrap().generation;
    assert!(generation > later.generation, "no generation is given twice: {generation}");
    store.obeyed(revert());
    fs::remove_file(file).unwrap();
}

#[test]
fn a_backup_is_of_one_moment_however_much_is_written_meanwhile() {
    let (store, _) = Store::with(&["empty"]);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let control = Control::open(store.path()).unwrap();
            (0..60).for_each(|slot| drop(control.commit(freeze(&format!("slot-{slot}"))).unwrap()));
        });
        let mut made = 0;
        while !writer.is_finished() || made == 0 {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("backup.tar");
            let contents = Backup::of(store.path()).write(&file).unwrap().contents;
            Restore::new(&file, dir.path().join("store")).run().unwrap();
            let ledger = Control::open(dir.path().join("store")).unwrap().ledger().unwrap();
            assert_eq!(ledger.place_of(&contents.head), Some(contents.sequence));
            made += 1;
        }
    });
}

#[test]
fn what_is_no_whole_backup_changes_nothing() {
    let (store, _) = Store::with(&["empty"]);
    let file = backup(&store, "tar");
    let whole = fs::read(&file).unwrap();
    let place = |what: &[u8]| whole.windows(what.len()).position(|window| window == what).unwrap();
    let changed = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    for (bytes, why) in [
        (Vec::new(), "cut off"),
        (b"rubbish".repeat(1_000), "is no backup"),
        (whole[..whole.len() / 2].to_vec(), "cut off"),
        (changed(place(b"SQLite format 3") + 5_000), "was changed"),
        (changed(place(b"\"sequence\": 1") + 12), "it ends with event 1, and not with event 0"),
    ] {
        fs::write(&file, bytes).unwrap();
        let there = store.path().with_extension("there");
        let error = Restore::new(&file, &there).run().unwrap_err().to_string();
        assert!(error.contains(why), "{why}: {error}");
        assert!(error.contains(&file.display().to_string()), "{error}");
        assert!(!there.exists(), "{why}: something was made");
    }
    fs::remove_file(file).unwrap();
}

#[test]
fn a_backup_of_a_newer_program_says_so() {
    let (store, _) = Store::with(&["empty"]);
    let file = backup(&store, "tar");
    let mut bytes = fs::read(&file).unwrap();
    let (known, newer) = (b"\"format\": 1", b"\"format\": 2");
    let at = bytes.windows(known.len()).position(|window| window == known).unwrap();
    bytes[at..at + newer.len()].copy_from_slice(newer);
    fs::write(&file, bytes).unwrap();
    let error = Restore::new(&file, store.path().with_extension("there")).run().unwrap_err().to_string();
    assert!(error.contains("of Switchback made it: use that, or a newer one"), "{error}");
    fs::remove_file(file).unwrap();
}

/// An archive names what its maker wants.
#[test]
fn nothing_is_unpacked_beside_a_store() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("evil.tar");
    for name in ["../outside", "compiled/1/code.cwasm", "control.db-journal"] {
        let mut tar = tar::Builder::new(fs::File::create(&file).unwrap());
        let mut header = tar::Header::new_gnu();
        header.set_size(1);
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, &b"x"[..]).unwrap();
        tar.finish().unwrap();
        let error = Restore::new(&file, dir.path().join("store")).run().unwrap_err().to_string();
        assert!(error.contains("is no file of a backup"), "{name}: {error}");
        assert!(!dir.path().join("outside").exists() && !dir.path().join("store").exists());
    }
}

#[test]
fn a_backup_is_written_over_nothing_and_left_half_by_nobody() {
    let (store, _) = Store::with(&["empty"]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("backup.tar");
    fs::write(&file, "mine").unwrap();
    let error = Backup::of(store.path()).write(&file).unwrap_err();
    assert!(matches!(error, BackupError::Exists(_)), "{error}");
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    let error = Backup::of(Path::new("/nowhere")).write(dir.path().join("other.tar")).unwrap_err();
    assert!(error.to_string().contains("there is no store in /nowhere"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left of an attempt");
}

#[test]
fn a_release_that_is_missing_in_the_store_is_named() {
    let (store, releases) = Store::with(&["empty"]);
    fs::remove_file(store.path().join("releases").join(format!("{}.wasm", releases[0].digest))).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let made = Backup::of(store.path()).write(dir.path().join("backup.tar")).unwrap();
    assert_eq!(made.missing, [releases[0].digest]);
}

#[test]
fn what_a_newer_program_wrote_since_the_backup_is_named_as_lost() {
    let (store, _) = Store::with(&["empty"]);
    let file = backup(&store, "tar");
    newer::add(&store, newer::pin);
    newer::add(&store, |event| event["generation"] = serde_json::json!(9));
    let process = store.process();
    let error = Restore::new(&file, store.path()).replacing().run().unwrap_err();
    assert!(matches!(error, BackupError::Store(StoreError::Followed { .. })), "{error}");
    drop(process);
    let restored = Restore::new(&file, store.path()).replacing().run().unwrap();
    assert_eq!((restored.event.get(), restored.known.get()), (2, 3));
    let generation = store.control.state().unwrap().generation;
    assert!(generation.get() > 9, "no generation is given twice: {generation}");
    fs::remove_file(file).unwrap();
}

/// A store whose database was about to be replaced by one that knows of `known` events, when the machine stopped.
fn interrupted(known: u64) -> Store {
    let (store, _) = Store::with(&["empty"]);
    while store.control.history().unwrap().len() < known as usize {
        store.control.commit(freeze(&format!("slot-{}", store.control.history().unwrap().len()))).unwrap();
    }
    let (file, copy) = (backup(&store, "tar"), store.path().with_extension("copy"));
    Restore::new(&file, &copy).run().unwrap();
    fs::rename(copy.join("control.db"), store.path().join("control.db.next")).unwrap();
    fs::remove_dir_all(copy).unwrap();
    fs::remove_file(file).unwrap();
    store
}

fn set_aside(store: &Store) {
    fs::rename(store.path().join("control.db"), store.path().join("control.db.damaged-1")).unwrap();
}

#[test]
fn a_replacement_that_a_crash_interrupted_is_finished_and_said() {
    let store = interrupted(3);
    set_aside(&store);
    fs::write(store.path().join("control.db-wal"), "left").unwrap();
    let finished = SqliteStore::recover(store.path(), "ada", Accept::damage()).unwrap().unwrap();
    assert_eq!((finished.events, finished.known.get()), (3, 3));
    assert_eq!(finished.aside, Some(store.path().join("control.db.damaged-1")));
    assert!(store.path().join("control.db.damaged-1-wal").exists(), "what belongs together stays together");
    assert_eq!(Control::open(store.path()).unwrap().history().unwrap().len(), 4);
}

#[test]
fn a_replacement_that_was_interrupted_long_ago_replaces_nothing() {
    let store = interrupted(3);
    store.control.commit(freeze("later")).unwrap();
    set_aside(&store);
    let recovered = SqliteStore::recover(store.path(), "ada", Accept::damage()).unwrap().unwrap();
    assert_eq!((recovered.events, recovered.known.get()), (0, 4), "an older ledger is not taken for the whole one");
    // Nor does it lie there, where the database is in its place.
    let store = interrupted(3);
    assert_eq!(SqliteStore::recover(store.path(), "ada", Accept::damage()).unwrap(), None);
    assert!(!store.path().join("control.db.next").exists());
}

#[test]
fn a_backup_does_not_lie_in_its_store() {
    let (store, _) = Store::with(&["empty"]);
    for name in ["control.db-wal", "releases/x.tar", "backup.tar"] {
        let error = Backup::of(store.path()).write(store.path().join(name)).unwrap_err();
        assert!(matches!(error, BackupError::Inside(_) | BackupError::Exists(_)), "{name}: {error}");
    }
    store.control.ledger().unwrap();
}

#[test]
fn a_release_that_neither_the_backup_nor_the_store_has_is_named() {
    let (store, releases) = Store::with(&["empty"]);
    fs::remove_dir_all(store.path().join("releases")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("backup.tar");
    Backup::of(store.path()).write(&file).unwrap();
    let restored = Restore::new(&file, dir.path().join("there")).run().unwrap();
    assert_eq!(restored.missing, [releases[0].digest]);
}

#[test]
fn a_memory_of_the_guard_that_is_damaged_keeps_nobody_from_a_backup_and_is_replaced_by_one() {
    let (store, _) = Store::with(&["empty"]);
    drop(store.process());
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole.tar");
    assert_eq!(Backup::of(store.path()).write(&whole).unwrap().without_guard, None);
    fs::write(store.path().join("guard.db"), vec![7; 8_192]).unwrap();
    fs::write(store.path().join("guard.db-wal"), "left").unwrap();
    let made = Backup::of(store.path()).write(dir.path().join("without.tar")).unwrap();
    assert!(made.without_guard.is_some_and(|why| why.contains("guard.db is damaged")));
    let restored = Restore::new(&whole, store.path()).replacing().run().unwrap();
    assert_eq!(restored.kept, ["guard.since"]);
    assert!(!store.path().join("guard.db-wal").exists(), "nothing of the damaged one stands above it");
    switchback::guard::GuardReader::open(store.path()).unwrap();
}

#[test]
fn a_full_disk_leaves_the_store_that_was_there() {
    let disk = tempfile::tempdir().unwrap();
    let mut mount = std::process::Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs"]).arg(disk.path());
    if !mount.output().is_ok_and(|mounted| mounted.status.success()) {
        eprintln!("NOT TRIED: a file system cannot be mounted here");
        return;
    }
    let (store, _) = Store::with(&["empty"]);
    (0..40).for_each(|slot| drop(store.control.commit(freeze(&format!("{slot}-{}", "x".repeat(50)))).unwrap()));
    let file = backup(&store, "tar");
    for room in (0..400).step_by(8) {
        let there = disk.path().join("store");
        assert!(std::process::Command::new("cp").arg("-a").args([store.path(), &there]).status().unwrap().success());
        fs::remove_file(there.join("control.head")).unwrap();
        let fill = disk.path().join("fill");
        let free = rustix::fs::statvfs(disk.path()).unwrap();
        let bytes = usize::try_from(free.f_bavail * free.f_frsize).unwrap().saturating_sub(room * 1_024);
        let _ = fs::write(&fill, vec![0; bytes]);
        let restored = Restore::new(&file, &there).replacing().run();
        fs::remove_file(fill).unwrap();
        let found = SqliteStore::recover(&there, "ada", Accept::damage().going_back());
        let events = Control::open(&there).map(|control| control.history().map(|all| all.len()));
        match &restored {
            Ok(restored) => assert_eq!(restored.event.get(), 42),
            Err(_) => assert!(matches!(&events, Ok(Ok(41 | 42))), "{room} KiB: {restored:?}, {found:?}, {events:?}"),
        }
        fs::remove_dir_all(there).unwrap();
    }
    assert!(std::process::Command::new("umount").arg("-l").arg(disk.path()).status().unwrap().success());
    fs::remove_file(file).unwrap();
}
