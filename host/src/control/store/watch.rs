//! Waiting for a change of a store without asking again and again.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, Timestamps, UTIME_NOW, inotify, open, utimensat};
use rustix::io::{Errno, read, write};

use super::Watch;

/// Tells whoever waits that something was committed: touches a file of which the kernel tells them. What SQLite
/// writes is seen by inotify too, but before the commit is done, and the last step of it is in shared memory.
pub(super) fn ring(bell: &Path) -> Result<(), Errno> {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let touch = Timestamps { last_access: now, last_modification: now };
    match utimensat(CWD, bell, &touch, AtFlags::SYMLINK_NOFOLLOW) {
        // A store of an earlier version has not all of them. Making one wakes as well.
        Err(Errno::NOENT) => {
            let anew = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
            open(bell, anew, Mode::RUSR | Mode::WUSR).map(drop)
        }
        touched => touched,
    }
}

/// Told by the kernel (inotify(7)) when somebody rings, and when another file takes the place of one.
pub(super) struct Inotify {
    changes: OwnedFd,
    bell: Arc<OwnedFd>,
}

impl Inotify {
    pub(super) fn new(dirs: &[&Path]) -> Result<Self, Errno> {
        let changes = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
        let told = inotify::WatchFlags::ATTRIB | inotify::WatchFlags::CREATE | inotify::WatchFlags::MOVED_TO;
        for dir in dirs {
            inotify::add_watch(&changes, *dir, told)?;
        }
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { changes, bell: Arc::new(bell) })
    }

    /// Which file it was is not asked: the store is read either way.
    fn drain(&self) {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut changes = inotify::Reader::new(&self.changes, &mut buffer);
        while changes.next().is_ok() {}
        let mut count = [0; 8];
        let _ = read(&*self.bell, &mut count);
    }
}

impl Watch for Inotify {
    fn wait(&mut self, timeout: Duration) {
        let mut sources = [PollFd::new(&self.changes, PollFlags::IN), PollFd::new(&*self.bell, PollFlags::IN)];
        let timeout = Timespec::try_from(timeout).ok();
        // Interrupted or not: whoever waits looks at the store next.
        let _ = poll(&mut sources, timeout.as_ref());
        self.drain();
    }

    fn bell(&self) -> Box<dyn Fn() + Send + Sync> {
        let bell = Arc::clone(&self.bell);
        // Fails only if the count is at its maximum, and then the bell is ringing.
        Box::new(move || {
            let _ = write(&*bell, &1_u64.to_ne_bytes());
        })
    }
}
