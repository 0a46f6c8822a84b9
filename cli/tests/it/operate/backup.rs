//! Backups, as operators make them.

use std::fs;

use serde_json::Value;

use super::store::{Store, until};

#[test]
fn a_backup_is_made_beside_a_filter_and_restored_in_a_new_folder() {
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let _filter = store.filter("filter");
    let elsewhere = Store::nowhere();
    let file = elsewhere.path().with_extension("tar");
    let path = file.to_str().unwrap();
    let out = store.fine(["store", "backup", path]);
    assert!(out.contains("the ledger in it ends with event 4, head "), "{out}");
    let refused = store.refused(["store", "backup", path]);
    assert!(refused.ends_with("is there already, and is not written over: choose another name"), "{refused}");
    let out = elsewhere.fine(["store", "restore", path, "--author", "eve", "--reason", "the disk failed"]);
    assert!(
        out.starts_with("the ledger is that of the backup, up to event 4; event 5 records the restoration\n"),
        "{out}"
    );
    assert!(!out.contains("LOST"), "{out}");
    assert_eq!(elsewhere.live(), store.live());
    let history = elsewhere.fine(["history", "-n", "1"]);
    assert!(history.contains("eve") && history.contains("was restored: the disk failed"), "{history}");
    elsewhere.fine(["history", "verify"]);
    fs::remove_file(file).unwrap();
}

#[test]
fn a_store_that_is_there_is_replaced_only_on_purpose() {
    let store = Store::promoted(&["1.0.0"]);
    let file = store.path().with_extension("tar");
    let path = file.to_str().unwrap();
    let made = store.json(["store", "backup", path, "--json"]);
    assert_eq!((&made["contents"]["sequence"], &made["missing"]), (&2.into(), &Value::Array(Vec::new())));
    store.fine(["freeze", "--reason", "later"]);
    let refused = store.refused(["store", "restore", path]);
    assert!(refused.contains("use --replace") && refused.contains("nothing was changed"), "{refused}");
    let filter = store.filter("filter");
    let refused = store.refused(["store", "restore", path, "--replace"]);
    assert!(refused.contains("use --force") && refused.contains("is followed by filter (process 1"), "{refused}");
    drop(filter);
    let restored = store.json(["store", "restore", path, "--replace", "--json"]);
    assert_eq!((&restored["event"], &restored["known"]), (&3.into(), &3.into()));
    assert!(store.state().frozen.is_none());
    // What was there is whole still, for whoever wants it back.
    let aside = restored["aside"].as_str().unwrap();
    let frozen = "SELECT count(*) FROM events WHERE body LIKE '%freeze%'";
    let aside = rusqlite::Connection::open(aside).unwrap();
    assert_eq!(aside.query_row(frozen, [], |row| row.get::<_, u64>(0)).unwrap(), 1);
    fs::remove_file(file).unwrap();
}

#[test]
fn a_release_that_is_missing_ends_with_1_and_the_backup_is_made() {
    let store = Store::promoted(&["1.0.0"]);
    let file = store.path().with_extension("tar");
    fs::remove_dir_all(store.path().join("releases")).unwrap();
    let ran = store.run(["store", "backup", file.to_str().unwrap()]);
    assert!(ran.code == 1 && ran.err.contains("is missing from the store, and so from the backup"), "{ran:?}");
    fs::remove_file(file).unwrap();
}

/// The locks of a process on a file, as the kernel lists them (proc_locks(5)).
fn locks(pid: u32, inode: u64) -> usize {
    let held = fs::read_to_string("/proc/locks").unwrap();
    let is_of = |line: &&str| {
        let mut fields = line.split_ascii_whitespace().skip(4);
        fields.next() == Some(&pid.to_string())
            && fields.next().is_some_and(|file| file.ends_with(&format!(":{inode}")))
    };
    held.lines().filter(is_of).count()
}

#[test]
fn a_filter_holds_its_locks_on_the_databases_whatever_it_does() {
    use std::os::unix::fs::MetadataExt as _;
    if fs::read_to_string("/proc/locks").is_err() {
        eprintln!("SKIPPED: locks on databases are not seen where /proc/locks cannot be read");
        return;
    }
    let store = Store::promoted(&["1.0.0", "1.1.0"]);
    let scorer = store.scorer();
    let inode = |name: &str| fs::metadata(store.path().join(name)).ok().map(|metadata| metadata.ino());
    // The guard opens its database when it has begun.
    let held = |when: &str| {
        for name in ["control.db", "guard.db"] {
            let what = format!("it holds a lock on {name} {when}");
            until(&what, || inode(name).is_some_and(|inode| locks(scorer.child.id(), inode) > 0));
        }
    };
    held("when it has begun");
    store.fine(["revert", "--slot", "inbound"]);
    store.fine(["block", "--domain", "a.example", "--anyone", "--for", "1h", "--reason", "x"]);
    let file = store.path().with_extension("tar");
    store.fine(["store", "backup", file.to_str().unwrap()]);
    store.run(["status"]);
    store.fine(["history", "verify"]);
    store.fine(["guard", "status"]);
    held("after it obeyed");
    fs::remove_file(file).unwrap();
}

#[test]
fn the_mask_of_whoever_calls_opens_nothing() {
    let store = Store::promoted(&["1.0.0"]);
    let elsewhere = Store::nowhere();
    let file = elsewhere.path().with_extension("tar");
    for (args, to) in [
        (format!("store backup {}", file.display()), store.path()),
        (format!("store restore {}", file.display()), elsewhere.path()),
    ] {
        let line = format!("umask 000; exec {} {args}", env!("CARGO_BIN_EXE_switchback"));
        let ran = std::process::Command::new("sh").args(["-c", &line]).env("SWITCHBACK_STORE", to).output().unwrap();
        assert!(ran.status.success(), "{args}: {}", String::from_utf8_lossy(&ran.stderr));
    }
    elsewhere.fine(["history", "verify"]);
    fs::remove_file(file).unwrap();
}
