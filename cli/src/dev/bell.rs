//! Being told by the kernel that something in a folder changes (inotify(7)). What changes is not asked: whoever is told looks.

use std::collections::BTreeSet;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;

use super::event::Event;

/// What is told of a folder: what comes, goes or is written there. Not that a file is read, which a build does all the time.
const TOLD: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::MOVE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR);

/// Room for events that are read at once.
const BUFFER_BYTES: usize = 16 << 10;

/// Sends an event whenever something changes in the folders that are kept.
pub(super) struct Bell {
    changes: Arc<OwnedFd>,
    /// The kernel's numbers of the folders.
    kept: BTreeSet<i32>,
}

impl Bell {
    pub(super) fn new(events: Sender<Event>) -> Result<Self, Errno> {
        let changes = Arc::new(inotify::init(CreateFlags::CLOEXEC)?);
        let read = Arc::clone(&changes);
        let spawned = thread::Builder::new().name("changes".to_owned()).spawn(move || ring(&read, &events));
        spawned.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::AGAIN))?;
        Ok(Self { changes, kept: BTreeSet::new() })
    }

    /// Keeps these folders, and no others. Returns whether one of them is new: what happened there before was not told.
    ///
    /// A folder that was made again under its name is another one for the kernel, and so is what a link leads to now.
    pub(super) fn keep<'a>(&mut self, folders: impl Iterator<Item = &'a Path>) -> Result<bool, Errno> {
        let mut kept = BTreeSet::new();
        for folder in folders {
            match inotify::add_watch(&*self.changes, folder, TOLD) {
                Ok(watch) => kept.extend([watch]),
                Err(limit @ (Errno::NOSPC | Errno::NOMEM)) => return Err(limit),
                // It has gone since it was seen, or may not be read.
                Err(_) => {}
            }
        }
        let is_any_new = !kept.is_subset(&self.kept);
        for gone in self.kept.difference(&kept) {
            // Fails where the folder is gone, and the kernel has let go of it.
            let _ = inotify::remove_watch(&*self.changes, *gone);
        }
        self.kept = kept;
        Ok(is_any_new)
    }
}

/// Reads events until nobody wants to know.
fn ring(changes: &OwnedFd, events: &Sender<Event>) {
    let mut buffer = [MaybeUninit::uninit(); BUFFER_BYTES];
    let mut reader = inotify::Reader::new(changes, &mut buffer);
    loop {
        match reader.next().map(drop) {
            Err(Errno::INTR) => {}
            Ok(()) if !reader.is_buffer_empty() || events.send(Event::Touched).is_ok() => {}
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn a_folder_that_is_made_again_is_new_and_what_comes_there_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| dir.path().join(name));
        let (one, two) = (one.as_path(), two.as_path());
        fs::create_dir(one).unwrap();
        fs::create_dir(two).unwrap();
        let (events, told) = mpsc::channel();
        let mut bell = Bell::new(events).unwrap();
        let mut keep = |folders: &[&Path]| bell.keep(folders.iter().copied()).unwrap();
        assert!(keep(&[one, two]) && !keep(&[one, two]), "new once");
        fs::remove_dir(one).unwrap();
        assert!(!keep(&[one, two]), "it is not there");
        fs::create_dir(one).unwrap();
        assert!(keep(&[one, two]), "another folder");
        assert!(!keep(&[one]) && keep(&[one, two]), "kept again");
        // What was told so far: the kernel tells in order.
        fs::write(two.join("x"), "").unwrap();
        told.recv_timeout(PATIENCE).unwrap();
        while told.recv_timeout(Duration::ZERO).is_ok() {}
        fs::write(one.join("x"), "").unwrap();
        assert!(matches!(told.recv_timeout(PATIENCE), Ok(Event::Touched)));
    }
}
