//! Stores that can only be read: on a disk that is full or mounted read-only, or of another user.

use std::error::Error as _;
use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use switchback::control::{ControlError, Request, StoreError};
use switchback::journal::JournalConfig;
use switchback::runtime::FollowTrouble;
use switchback::{Control, Runtime, SlotConfig};
use tempfile::TempDir;

use super::support::{copy_database, promote, until};
use crate::support::{message, release, shared_cache};

/// A file system of its own, unmounted in the end.
struct Disk(TempDir);

impl Disk {
    /// None where this user may not mount: then nothing is tried, and that is said.
    fn new() -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        if mount(&["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs"], disk.0.path()) {
            return Some(disk);
        }
        eprintln!("NOT TRIED: a file system cannot be mounted here");
        None
    }

    fn store(&self) -> PathBuf {
        self.0.path().join("store")
    }

    fn read_only(&self) {
        assert!(mount(&["-o", "remount,ro"], self.0.path()));
    }

    fn writable(&self) {
        assert!(mount(&["-o", "remount,rw"], self.0.path()));
    }

    /// Leaves no byte.
    fn fill(&self) {
        for (file, piece) in [("fill", 4_096), ("rest", 1)] {
            let mut file = fs::File::create(self.0.path().join(file)).unwrap();
            while std::io::Write::write_all(&mut file, &vec![0; piece]).is_ok() {}
        }
    }

    fn empty(&self) {
        ["fill", "rest"].iter().for_each(|file| fs::remove_file(self.0.path().join(file)).unwrap());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn mount(args: &[&str], at: &Path) -> bool {
    Command::new("mount").args(args).arg(at).output().is_ok_and(|mounted| mounted.status.success())
}

/// A store with a live release, its database closed, and what its ledger is.
fn made(store: &Path) -> switchback::control::Ledger {
    let control = Control::create(store).unwrap().author("ada");
    let runtime = Runtime::builder().cache_dir(shared_cache()).instances(1).build().unwrap();
    let file = store.with_extension("wasm");
    fs::write(&file, release("empty", "1.0.0").as_slice()).unwrap();
    let (id, _) = runtime.load_into(&control, &file).unwrap();
    fs::remove_file(file).unwrap();
    control.admit(promote(&id)).unwrap();
    control.ledger().unwrap()
}

fn filter(store: &Path) -> Runtime {
    let builder = Runtime::builder().slot(SlotConfig::new("inbound")).instances(1).name("filter");
    builder.store_dir(store).cache_dir(shared_cache()).build().unwrap()
}

/// Everything that only reads answers, and says what it said before.
fn answers(store: &Path, ledger: &switchback::control::Ledger, how: &str) {
    let control = Control::open(store).unwrap_or_else(|error| panic!("{how}: {error}"));
    assert_eq!(&control.ledger().unwrap(), ledger, "{how}");
    assert_eq!(control.history().unwrap().len(), 2, "{how}");
    control.processes().unwrap();
    control.hits().unwrap();
    control.witnesses().unwrap();
    let refused = control.commit(Request::Freeze { slot: None }).unwrap_err();
    let is_said =
        matches!(refused, ControlError::Store(StoreError::ReadOnly(_) | StoreError::Full(_) | StoreError::Layout(_)));
    assert!(is_said, "{how}: {refused}");
}

/// How the files beside the database were left.
const LEFT: [&str; 3] = ["closed", "killed", "killed, without shared memory"];

/// Leaves the database so. `killed`: what was committed last is only in `-wal`.
fn leave(store: &Path, how: &str) {
    if how == LEFT[0] {
        return;
    }
    let (kept, control) = (store.with_extension("kept"), Control::open(store).unwrap());
    control.ledger().unwrap();
    fs::create_dir(&kept).unwrap();
    let copied = ["control.db", "control.db-wal", "control.db-shm"];
    for file in copied {
        copy_database(&store.join(file), &kept.join(file));
    }
    drop(control);
    copied.iter().for_each(|file| fs::rename(kept.join(file), store.join(file)).unwrap());
    fs::remove_dir(kept).unwrap();
    if how == LEFT[2] {
        fs::remove_file(store.join("control.db-shm")).unwrap();
    }
}

#[test]
fn a_store_on_a_disk_that_is_read_only_or_full_can_be_read() {
    for how in LEFT {
        let Some(disk) = Disk::new() else { return };
        let ledger = made(&disk.store());
        leave(&disk.store(), how);
        disk.read_only();
        answers(&disk.store(), &ledger, &format!("read-only, {how}"));
        disk.writable();
        disk.fill();
        answers(&disk.store(), &ledger, &format!("full, {how}"));
        disk.empty();
        let control = Control::open(disk.store()).unwrap();
        control.commit(Request::Freeze { slot: None }).unwrap();
    }
}

#[test]
fn a_filter_with_a_journal_starts_where_none_can_be_begun_and_begins_it_later() {
    for is_full in [false, true] {
        let Some(disk) = Disk::new() else { return };
        made(&disk.store());
        if is_full {
            disk.fill()
        } else {
            disk.read_only()
        }
        let builder = Runtime::builder().slot(SlotConfig::new("inbound")).instances(1);
        let journal = JournalConfig::new(disk.store().join("journal"));
        let filter = builder.store_dir(disk.store()).cache_dir(shared_cache()).journal(journal).build().unwrap();
        let score = || {
            assert!(filter.slot("inbound").unwrap().score(&message()).release.is_some());
            filter.flush();
            filter.journal_counts().unwrap()
        };
        let counts = score();
        assert_eq!((counts.written, counts.failed), (0, 1), "{counts:?}");
        if is_full {
            disk.empty()
        } else {
            disk.writable()
        }
        let counts = score();
        assert_eq!((counts.written, counts.failed), (1, 1), "{counts:?}");
        drop(filter);
    }
}

#[test]
fn a_filter_starts_on_a_store_that_cannot_be_written_and_says_so() {
    for is_full in [false, true] {
        let Some(disk) = Disk::new() else { return };
        made(&disk.store());
        if is_full {
            disk.fill()
        } else {
            disk.read_only()
        }
        let filter = filter(&disk.store());
        assert!(filter.slot("inbound").unwrap().score(&message()).release.is_some());
        let trouble = filter.following().unwrap().trouble;
        assert!(matches!(trouble, Some(FollowTrouble::Silent(_))), "full: {is_full}: {trouble:?}");
        assert_eq!((filter.process(), filter.following().unwrap().mark.sequence.get()), (None, 2));
        if is_full {
            disk.empty()
        } else {
            disk.writable()
        }
        until("it says that it is there", || {
            filter.process().is_some() && filter.following().unwrap().trouble.is_none()
        });
        let control = Control::open(disk.store()).unwrap();
        let freeze = control.commit(Request::Freeze { slot: None }).unwrap().event;
        let obeyed = control.acknowledgements(&freeze, super::support::PATIENCE).unwrap();
        assert_eq!((obeyed.obeyed.len(), obeyed.silent.len()), (1, 0));
    }
}

#[test]
fn a_filter_follows_what_another_mount_of_its_store_is_told() {
    let Some(disk) = Disk::new() else { return };
    made(&disk.store());
    let seen = tempfile::tempdir().unwrap();
    if !mount(&["--bind", disk.store().to_str().unwrap()], seen.path()) {
        return eprintln!("NOT TRIED: a folder cannot be mounted twice here");
    }
    let seen = Disk(seen);
    assert!(mount(&["-o", "remount,ro,bind"], seen.0.path()));
    let filter = filter(seen.0.path());
    let control = Control::open(disk.store()).unwrap();
    let freeze = control.commit(Request::Freeze { slot: None }).unwrap().event;
    until("it obeys", || filter.following().unwrap().mark.sequence == freeze.sequence);
}

#[test]
fn a_store_of_another_user_can_be_read_and_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let ledger = made(&store);
    let foreign = |path: &Path| chown(path, Some(1), Some(1));
    if foreign(&store).is_err() {
        return eprintln!("NOT TRIED: a file cannot be given to another user here");
    }
    let list = || fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    list().iter().for_each(|path| foreign(path).unwrap());
    let before = list();
    answers(&store, &ledger, "of another user");
    assert_eq!(list(), before, "nothing was left in it");
    let error = Runtime::builder().store_dir(&store).instances(1).build().err().unwrap();
    assert!(error.source().unwrap().to_string().contains("belongs to another user"), "{error:?}");
}
