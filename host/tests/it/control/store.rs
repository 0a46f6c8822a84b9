//! What can be wrong with a store: a clear error, nothing half done, and scoring goes on.

use std::error::Error as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use rusqlite::Connection;
use switchback::control::{Accept, ControlError, Preparation, ProcessNumber, PromoteError, SqliteStore, StoreError};
use switchback::verdict::DecidedBy;
use switchback::{Control, Runtime, SlotConfig};

use super::support::{PATIENCE, Store, promote, revert, until, write_over};
use crate::support::message;

fn database(store: &Store) -> Connection {
    Connection::open(store.path().join("control.db")).unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn files_and_folders_of_a_store_are_its_users_alone() {
    let (store, _) = Store::with(&["empty"]);
    let _process = store.process();
    let mut files = 0;
    for entry in walk(store.path()) {
        let expected = if entry.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&entry), expected, "{}", entry.display());
        files += usize::from(entry.is_file());
    }
    assert!(files >= 4, "database, its two companions, a release, a lock");
}

fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = vec![dir.to_owned()];
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        found.extend(if path.is_dir() { walk(&path) } else { vec![path] });
    }
    found
}

#[test]
fn a_store_that_is_locked_says_so_and_changes_nothing() {
    let (store, releases) = Store::with(&["empty"]);
    let process = store.process();
    let backup = database(&store);
    backup.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.control.promote(promote(&releases[0])).unwrap_err();
    assert!(matches!(error, PromoteError::Control(ControlError::Store(StoreError::Busy { .. }))), "{error}");
    assert!(error.to_string().contains("locked by another process"), "{error}");
    assert_eq!(process.slot("inbound").unwrap().score(&message()).decided_by, DecidedBy::Unscanned);
    backup.execute_batch("COMMIT").unwrap();
    assert_eq!(store.control.state().unwrap().generation.get(), 0);
    store.obeyed(promote(&releases[0]));
}

#[test]
fn a_store_of_a_newer_schema_is_left_alone() {
    let (store, _) = Store::with(&["empty"]);
    database(&store).pragma_update(None, "user_version", 2).unwrap();
    let error = Control::open(store.path()).err().unwrap();
    assert!(matches!(error, StoreError::NewerSchema { found: 2, known: 1, .. }), "{error}");
    let error = Runtime::builder().store_dir(store.path()).instances(1).build().err().unwrap();
    assert!(error.source().unwrap().to_string().contains("use a newer one"), "{error:?}");
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    Connection::open(dir.path().join("control.db")).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    let error = Control::open(dir.path()).err().unwrap();
    assert!(matches!(error, StoreError::NotOurs(_)), "{error}");
}

#[test]
fn there_is_no_store_where_nobody_made_one() {
    let dir = tempfile::tempdir().unwrap();
    let error = Control::open(dir.path()).err().unwrap();
    assert!(error.to_string().contains("there is no store"), "{error}");
    assert!(std::fs::read_dir(dir.path()).unwrap().next().is_none(), "nothing was made");
}

#[test]
fn a_damaged_database_is_an_error_and_scoring_goes_on() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let process = store.process();
    store.obeyed(promote(&releases[0]));
    let bytes = std::fs::metadata(store.path().join("control.db")).unwrap().len() as usize;
    let damaged = store.path().join("damaged");
    std::fs::write(&damaged, vec![0xA5; bytes.max(8192)]).unwrap();
    for companion in ["control.db-wal", "control.db-shm"] {
        let _ = std::fs::remove_file(store.path().join(companion));
    }
    std::fs::rename(&damaged, store.path().join("control.db")).unwrap();
    let error = store.control.promote(promote(&releases[1])).unwrap_err();
    assert!(matches!(error, PromoteError::Control(ControlError::Store(StoreError::Damaged { .. }))), "{error}");
    let verdict = process.slot("inbound").unwrap().score(&message());
    assert_eq!(verdict.release.as_ref(), Some(&releases[0]));
}

#[test]
fn an_edited_ledger_is_named_and_not_obeyed() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let process = store.process();
    store.obeyed(promote(&releases[0]));
    database(&store).execute("UPDATE events SET body = replace(body, 'ada', 'eve') WHERE sequence = 2", []).unwrap();
    let error = store.control.history().unwrap_err();
    assert!(error.to_string().contains("event 2 was edited"), "{error}");
    let error = store.control.promote(promote(&releases[1])).unwrap_err();
    assert!(matches!(error, PromoteError::Control(ControlError::Broken(_))), "{error}");
    assert_eq!(process.slot("inbound").unwrap().live().as_ref(), Some(&releases[0]));
}

#[test]
fn a_damaged_release_file_is_set_aside_and_a_whole_one_taken() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    store.control.promote(promote(&releases[0])).unwrap();
    let file = store.path().join("releases").join(format!("{}.wasm", releases[0].digest));
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    let process = store.process();
    let slot = process.slot("inbound").unwrap();
    assert_eq!(slot.score(&message()).decided_by, DecidedBy::Unscanned);
    let aside = file.with_file_name(format!("{}.wasm.damaged-1", releases[0].digest));
    assert_eq!(std::fs::read(aside).unwrap(), bytes, "what was damaged is kept");
    let registered = &store.control.processes().unwrap()[0];
    let Some(Preparation::Failed { why }) = registered.preparation(&releases[0].digest) else {
        panic!("{registered:?}")
    };
    assert!(why.contains("set aside") && why.contains("load the release again"), "{why}");
    let problem = registered.acknowledged.as_ref().unwrap().problem.as_ref().unwrap();
    assert!(problem.contains("cannot take charge of inbound"), "{problem}");
    assert_eq!(store.load("empty", "1.0.0"), releases[0]);
    until("the whole file is taken", || slot.live().as_ref() == Some(&releases[0]));
    store.control.wait_until_ready(&releases[0], PATIENCE).unwrap();
}

#[test]
fn a_release_that_is_larger_than_one_process_takes_is_not_damaged() {
    let (store, releases) = Store::with(&["empty"]);
    store.control.promote(promote(&releases[0])).unwrap();
    let mut limits = switchback::Limits::default();
    limits.release_bytes_max = 1_000;
    let small = store.builder().limits(limits).build().unwrap();
    assert_eq!(small.slot("inbound").unwrap().live(), None);
    let file = store.path().join("releases").join(format!("{}.wasm", releases[0].digest));
    assert!(file.is_file(), "others use it");
    assert_eq!(store.process().slot("inbound").unwrap().live().as_ref(), Some(&releases[0]));
}

#[test]
fn a_release_file_that_is_a_link_or_that_others_can_write_to_is_refused() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let file = |index: usize| store.path().join("releases").join(format!("{}.wasm", releases[index].digest));
    std::fs::set_permissions(file(0), std::fs::Permissions::from_mode(0o666)).unwrap();
    let elsewhere = store.path().join("elsewhere");
    std::fs::rename(file(1), &elsewhere).unwrap();
    symlink(&elsewhere, file(1)).unwrap();
    let _process = store.process();
    let why = |index: usize| match store.control.wait_until_ready(&releases[index], PATIENCE) {
        Err(PromoteError::Unable { processes, .. }) => processes[0].1.clone(),
        other => panic!("{other:?}"),
    };
    assert!(why(0).contains("written to by other users"), "{}", why(0));
    assert!(why(1).contains("symbolic link"), "{}", why(1));
}

#[test]
fn a_filter_on_a_store_without_releases_answers_by_its_policy() {
    let dir = tempfile::tempdir().unwrap();
    let runtime =
        Runtime::builder().slot(SlotConfig::new("inbound")).store_dir(dir.path()).instances(4).build().unwrap();
    assert_eq!(runtime.slot("inbound").unwrap().score(&message()).decided_by, DecidedBy::Unscanned);
}

#[test]
fn a_damaged_database_is_set_aside_and_the_rest_of_its_ledger_kept() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let process = store.process();
    releases.iter().for_each(|release| drop(store.obeyed(promote(release))));
    store.obeyed(revert());
    let recover = || SqliteStore::recover(store.path(), "ada", Accept::damage()).unwrap();
    assert_eq!(recover(), None, "a whole one stays");
    database(&store).execute("UPDATE events SET body = '{}' WHERE sequence = 5", []).unwrap();
    let recovered = recover().unwrap();
    assert_eq!((recovered.events, recovered.known.get()), (4, 5));
    assert!(recovered.ended.contains("event 5 was edited"), "{recovered:?}");
    assert!(recovered.aside.unwrap().is_file());
    assert_eq!(store.control.history().unwrap().len(), 5, "the last one says that it was recovered");
    until("the recovered ledger is followed", || {
        process.slot("inbound").unwrap().live().as_ref() == Some(&releases[1])
    });
    let after = store.obeyed(revert());
    assert_eq!(after.sequence.get(), 6);
}

#[test]
fn nothing_can_be_recovered_of_what_is_no_database_and_it_is_kept() {
    let (store, _) = Store::with(&["empty"]);
    let rubbish = vec![0x5A; 20_000];
    write_over(&store.path().join("control.db"), &rubbish);
    for companion in ["control.db-wal", "control.db-shm"] {
        let _ = std::fs::remove_file(store.path().join(companion));
    }
    let recovered = SqliteStore::recover(store.path(), "ada", Accept::damage()).unwrap().unwrap();
    assert_eq!((recovered.events, recovered.known.get()), (0, 1));
    assert_eq!(std::fs::read(recovered.aside.unwrap()).unwrap(), rubbish);
    assert_eq!(store.control.history().unwrap().len(), 1);
}

/// With a trigger a change is reported, and the ledger does not have it.
#[test]
fn a_database_with_what_this_program_did_not_make_is_refused_and_recovered() {
    let ignored = "CREATE TRIGGER t BEFORE INSERT ON events BEGIN SELECT RAISE(IGNORE); END";
    for (change, why) in [
        (ignored, "trigger `t`"),
        ("CREATE TRIGGER u AFTER INSERT ON head BEGIN DELETE FROM hits; END", "trigger `u`"),
        ("CREATE VIEW v AS SELECT * FROM events", "view `v`"),
        ("CREATE TABLE mine (x)", "table `mine`"),
        ("CREATE UNIQUE INDEX i ON events (hash)", "index `i`"),
        ("DROP TABLE hits; CREATE TABLE hits (rule, hits)", "table `hits` is not as Switchback made it"),
    ] {
        let store = Store::new();
        let commit = |request| store.control.commit(request);
        commit(switchback::control::Request::Freeze { slot: None }).unwrap();
        let thaw = || switchback::control::Request::Thaw { slot: None };
        database(&store).execute_batch(change).unwrap();
        // Also by whoever had it open before.
        let errors = [commit(thaw()).unwrap_err().to_string(), Control::open(store.path()).err().unwrap().to_string()];
        for error in errors {
            assert!(error.contains(why), "{change}: {error}");
        }
        let recovered = SqliteStore::recover(store.path(), "ada", Accept::damage()).unwrap().unwrap();
        assert!(recovered.ended.contains(why) && recovered.events == 1, "{recovered:?}");
        Control::open(store.path()).unwrap().commit(thaw()).unwrap();
    }
}

#[test]
fn what_sqlite_makes_for_itself_belongs_to_a_store() {
    let (store, releases) = Store::with(&["empty"]);
    database(&store).execute_batch("ANALYZE").unwrap();
    Control::open(store.path()).unwrap().promote(promote(&releases[0])).unwrap();
}

/// Outside the chain of the ledger nothing is checked, so nothing there may keep anybody from working.
#[test]
fn rows_outside_the_ledger_that_nobody_wrote_are_passed_over() {
    let (store, releases) = Store::with(&["empty"]);
    database(&store)
        .execute_batch(
            "INSERT INTO processes (number, registered) VALUES (9223372036854775807, '{}'), (-7, '{}');
             INSERT INTO processes (number, registered) VALUES (3, CAST(x'ff' AS TEXT));
             INSERT INTO preparations VALUES (3, x'00', CAST(x'ff' AS TEXT));
             INSERT INTO hits VALUES (1, -1), (-2, 5), (3, 9223372036854775807)",
        )
        .unwrap();
    for expected in [4, 5] {
        let process = store.process();
        assert_eq!(store.control.processes().unwrap()[0].number.get(), expected, "it is a number of the register");
        drop(process);
    }
    assert_eq!(store.control.hits().unwrap(), [(1, 0), (3, i64::MAX as u64)]);
    let _process = store.process();
    store.obeyed(promote(&releases[0]));
}

/// Puts something in the place of a file.
type Put = fn(&Path);

fn make_pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn what_is_no_file_of_a_store_is_refused() {
    let link = |path: &Path| symlink("/dev/null", path).unwrap();
    let folder = |path: &Path| std::fs::create_dir(path).unwrap();
    let open = |path: &Path| {
        std::fs::write(path, "").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).unwrap();
    };
    let ways: [(Put, &str); 4] = [
        (make_pipe, "no regular file"),
        (link, "symbolic link"),
        (folder, "no regular file"),
        (open, "written to by other users"),
    ];
    for file in ["control.db", "control.db-wal", "control.db-shm", "control.db-journal", "control.head", "changed"] {
        for (put, why) in ways {
            let store = Store::new();
            store.control.commit(switchback::control::Request::Freeze { slot: None }).unwrap();
            let path = store.path().join(file);
            let _ = std::fs::remove_file(&path);
            put(&path);
            // What recovers a store reads its database, too.
            let is_read = file.starts_with("control.db");
            let recovered = || SqliteStore::recover(store.path(), "ada", Accept::damage());
            let recovered = is_read.then(|| recovered().err().map(|error| error.to_string()));
            let runtime = Runtime::builder().store_dir(store.path()).instances(1).build();
            let errors = [
                recovered.unwrap_or_else(|| Some(format!("{file}: {why}"))),
                Control::open(store.path()).err().map(|error| error.to_string()),
                runtime.err().map(|error| error.source().unwrap().to_string()),
            ];
            for error in errors {
                let error = error.unwrap_or_else(|| panic!("{file} is taken: {why}"));
                assert!(error.contains(why) && error.contains(file), "{file}: {error}");
            }
        }
    }
}

#[test]
fn a_lock_that_is_no_file_is_not_waited_for() {
    let (store, _) = Store::with(&[]);
    let lock = store.path().join("processes").join("1.lock");
    make_pipe(&lock);
    // A number that a file of whatever kind has is not given.
    let process = store.process();
    assert_eq!(process.process(), Some(ProcessNumber::new(2)));
    assert_eq!(store.control.processes().unwrap().len(), 1);
}

#[test]
fn a_folder_of_a_store_that_is_a_link_or_that_others_can_write_to_is_refused() {
    for folder in ["releases", "processes"] {
        let store = Store::new();
        let (path, elsewhere) = (store.path().join(folder), store.path().join("elsewhere"));
        std::fs::rename(&path, &elsewhere).unwrap();
        symlink(&elsewhere, &path).unwrap();
        let error = Control::open(store.path()).err().unwrap().to_string();
        assert!(error.contains("symbolic link") && error.contains(folder), "{error}");
        std::fs::remove_file(&path).unwrap();
        std::fs::rename(&elsewhere, &path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o770)).unwrap();
        let error = Control::open(store.path()).err().unwrap().to_string();
        assert!(error.contains("written to by other users"), "{error}");
    }
}

/// Closing any descriptor of a file lets go of the locks that SQLite has on it; then others take the database for one
/// that nobody has open.
#[test]
fn a_filter_keeps_its_locks_on_the_database() {
    use std::os::unix::fs::MetadataExt as _;
    let store = Store::new();
    let _process = store.process();
    drop(SqliteStore::create(store.path()).unwrap());
    drop(switchback::guard::GuardStore::open(store.path()).unwrap());
    drop(switchback::guard::GuardReader::open(store.path()).unwrap());
    let Ok(locks) = std::fs::read_to_string("/proc/locks") else {
        return eprintln!("NOT TRIED: this system does not say who holds locks");
    };
    for file in ["control.db", "guard.db"] {
        let (pid, inode) = (std::process::id().to_string(), std::fs::metadata(store.path().join(file)).unwrap().ino());
        let is_held = |line: &str| {
            let mut words = line.split_whitespace();
            words.any(|word| word == "POSIX") && line.contains(&pid) && line.contains(&format!(":{inode} "))
        };
        assert!(locks.lines().any(is_held), "{file} is not locked: {locks}");
    }
}

#[test]
fn a_path_that_is_too_long_for_a_database_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("a".repeat(250)).join("b".repeat(250));
    std::fs::create_dir_all(&deep).unwrap();
    let error = Control::create(deep.join("store")).err().unwrap().to_string();
    assert!(error.contains("and SQLite takes 511: put the store in a folder nearer to the root"), "{error}");
    // It is the same one by a link.
    symlink(&deep, dir.path().join("near")).unwrap();
    let error = Control::create(dir.path().join("near")).err().unwrap().to_string();
    assert!(error.contains("and SQLite takes 511"), "{error}");
}
