//! Waiting for a change of a store without asking again and again.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, Once, PoisonError};
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, Timestamps, UTIME_NOW, inotify, open, utimensat};
use rustix::io::{Errno, read, write};
use switchback_system::shortage::InWords;

use super::Watch;
use crate::limits::FOLLOW_INTERVAL_MAX;

/// Waits for changes in these folders: told by the kernel, or where that is not to be had (a limit of inotify, of open
/// files, a sandbox) by looking again and again.
pub(super) fn on(dirs: &[&Path]) -> Box<dyn Watch> {
    match Inotify::new(dirs) {
        Ok(inotify) => Box::new(inotify),
        Err(errno) => {
            say_once(errno);
            Box::new(Polling::default())
        }
    }
}

/// An operator can change it, and nothing else is lost by it than some milliseconds.
fn say_once(errno: Errno) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let why = match errno {
            Errno::MFILE | Errno::NOSPC => {
                "inotify is used up (fs.inotify.max_user_instances, max_user_watches), or this process has too many files open"
                    .to_owned()
            }
            other => InWords(&other.into()).to_string(),
        };
        let every_ms = FOLLOW_INTERVAL_MAX.as_millis();
        tracing::warn!(%why, "the system tells of no changes of the store, so it is looked at every {every_ms} ms");
    });
}

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

/// Looks again and again. Needs nothing of the system.
#[derive(Default)]
struct Polling(Arc<Bell>);

#[derive(Default)]
struct Bell {
    rung: Mutex<bool>,
    change: Condvar,
}

impl Watch for Polling {
    fn wait(&mut self, timeout: Duration) {
        let rung = self.0.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = timeout.min(FOLLOW_INTERVAL_MAX);
        let waited = self.0.change.wait_timeout_while(rung, pause, |rung| !*rung);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }

    fn bell(&self) -> Box<dyn Fn() + Send + Sync> {
        let bell = Arc::clone(&self.0);
        Box::new(move || {
            *bell.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
            bell.change.notify_all();
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn where_the_kernel_tells_nobody_a_wait_is_short_and_a_bell_ends_it() {
        let mut polling = Polling::default();
        let begun = Instant::now();
        polling.wait(Duration::from_secs(3_600));
        assert!(begun.elapsed() < Duration::from_secs(60));
        let bell = polling.bell();
        bell();
        assert!(*polling.0.rung.lock().unwrap(), "one that rings before the wait is heard");
        polling.wait(Duration::from_secs(3_600));
        assert!(!*polling.0.rung.lock().unwrap());
    }

    #[test]
    fn a_folder_that_cannot_be_watched_is_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let mut watch = on(&[&dir.path().join("not there")]);
        let begun = Instant::now();
        watch.wait(Duration::from_secs(3_600));
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
}
