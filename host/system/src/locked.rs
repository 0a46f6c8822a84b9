//! Files that are locked until they are dropped.

use std::fs::{File, TryLockError};
use std::io;
use std::ops::Deref;

use crate::forked::Origin;

/// A file with a lock of this process's (flock(2)), which ends when this is dropped.
///
/// Closing a file is not enough for that: a child that another thread has forked has it open, too, until it executes its
/// program, and the lock is there for as long as anybody has. In a fork that goes on with this program the lock stays: it is
/// the parent's.
#[derive(Debug)]
pub struct Locked {
    file: File,
    origin: Origin,
}

impl Locked {
    /// Waits until nobody else has a lock on it.
    ///
    /// # Errors
    /// If the file system has no locks.
    pub fn alone(file: File) -> io::Result<Self> {
        file.lock().map(|()| Self::of(file))
    }

    /// Waits until nobody is [alone](Locked::alone) with it.
    ///
    /// # Errors
    /// If the file system has no locks.
    pub fn shared(file: File) -> io::Result<Self> {
        file.lock_shared().map(|()| Self::of(file))
    }

    /// [`Locked::alone`] without waiting.
    ///
    /// # Errors
    /// [`TryLockError::WouldBlock`] while somebody else has a lock on it.
    pub fn try_alone(file: File) -> Result<Self, TryLockError> {
        file.try_lock().map(|()| Self::of(file))
    }

    /// [`Locked::shared`] without waiting.
    ///
    /// # Errors
    /// [`TryLockError::WouldBlock`] while somebody is alone with it.
    pub fn try_shared(file: File) -> Result<Self, TryLockError> {
        file.try_lock_shared().map(|()| Self::of(file))
    }

    fn of(file: File) -> Self {
        Self { file, origin: Origin::here() }
    }
}

impl Deref for Locked {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if !self.origin.is_elsewhere() {
            // What fails here ends with the last who has the file open.
            let _ = self.file.unlock();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_lock_ends_when_it_is_dropped_although_a_child_has_the_file_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        fs::write(&path, "").unwrap();
        let open = || File::open(&path).unwrap();
        let locked = Locked::try_alone(open()).unwrap();
        // What a child has between being forked and executing its program: another descriptor of the same open file.
        let of_child = locked.try_clone().unwrap();
        assert!(matches!(Locked::try_shared(open()), Err(TryLockError::WouldBlock)));
        drop(locked);
        let shared = Locked::try_shared(open()).unwrap();
        assert!(matches!(Locked::try_alone(open()), Err(TryLockError::WouldBlock)));
        drop(shared);
        Locked::try_alone(open()).unwrap();
        drop(of_child);
    }

    #[test]
    fn a_lock_of_the_parent_stays_when_a_fork_drops_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        fs::write(&path, "").unwrap();
        let open = || File::open(&path).unwrap();
        let parents = Locked::try_alone(open()).unwrap();
        let in_fork = Locked { file: parents.try_clone().unwrap(), origin: Origin::elsewhere() };
        drop(in_fork);
        assert!(matches!(Locked::try_shared(open()), Err(TryLockError::WouldBlock)));
    }
}
