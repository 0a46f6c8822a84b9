//! Stores that released versions wrote: what they hold is read by every later one.
//!
//! `fixtures/store-<version>.tar` is a backup with its journal of a store on which everything was done once, made by that
//! version. `SWITCHBACK_KEEP_STORE=FILE` keeps such a backup of the version at hand, for when it is released.

use std::fs;
use std::path::{Path, PathBuf};

use super::store::{Store, until};
use crate::model::mail;

/// What a backup of each version is kept in.
fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// A store on which every kind of operation was done, with messages that were judged.
fn busy_store() -> Store {
    let store = Store::with(&["1.0.0", "1.1.0", "2.0.0"]);
    let all = [
        "promote linear@1.0.0 --slot inbound",
        "promote linear@1.1.0 --slot inbound",
        "revert --slot inbound --reason why",
        "shadow linear@1.1.0 --slot inbound --rate 50%",
        "withdraw linear@1.1.0 --slot inbound",
        "canary linear@1.1.0 --slot inbound --share 5% --force",
        "allow --domain a.example --for 1h --reason why",
        "block --sender b@b.example --anyone --for 1d --reason why",
        "guard set --slot inbound --mode warn",
        "freeze --reason why",
        "thaw --reason why",
        "freeze --slot inbound",
        "thaw --slot inbound",
        "quarantine linear@2.0.0 --reason why",
        "quarantine linear@2.0.0 --lift --reason why",
        "promote linear@1.1.0 --slot inbound --force",
        "revert --slot inbound --segment provider:gmail",
        "restore --slot inbound --segment provider:gmail --force",
        "rollout linear@2.0.0 --slot inbound",
        "rollout stop --slot inbound",
        "withdraw linear@2.0.0 --slot inbound",
        "unload linear@2.0.0",
    ];
    for line in all {
        let ran = store.run(line.split(' '));
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
    }
    let scorer = store.scorer_with(&["--journal"]);
    scorer.score(&mail("one", "a@example.org", 5_000));
    store
}

/// Restores a backup, and reads all that there is.
fn read_all(backup: &Path) {
    let store = Store::nowhere();
    store.fine(["store", "restore", backup.to_str().unwrap()]);
    let verified = store.fine(["history", "verify"]);
    assert!(verified.contains("each as it was written"), "{verified}");
    for args in
        ["history", "status", "overrides", "trust list", "guard status", "guard alerts", "journal", "rollout status"]
    {
        let ran = store.run(args.split(' '));
        assert!(ran.code == 0 && !ran.err.contains("newer"), "{args}: {ran:?}");
    }
    assert_eq!(store.fine(["journal", "--json"]).lines().count(), 1);
    // A filter goes on from it, and so does the operator.
    let filter = store.filter("filter");
    assert_eq!(filter.following().unwrap().trouble, None);
    store.fine(["freeze", "--reason", "all is read"]);
    until("it is obeyed", || filter.following().unwrap().mark == store.control().ledger().unwrap().mark());
}

#[test]
fn what_this_version_writes_is_read_by_it() {
    let store = busy_store();
    let backup = store.path().with_extension("tar");
    store.fine(["store", "backup", "--journal", backup.to_str().unwrap()]);
    read_all(&backup);
    if let Some(kept) = std::env::var_os("SWITCHBACK_KEEP_STORE") {
        fs::copy(&backup, kept).unwrap();
    }
    fs::remove_file(backup).unwrap();
}

#[test]
fn what_released_versions_wrote_is_read() {
    let fixtures = fixtures();
    assert!(!fixtures.is_empty());
    fixtures.iter().for_each(|backup| read_all(backup));
}
