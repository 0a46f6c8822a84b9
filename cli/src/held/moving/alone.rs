//! One at a time.

use std::fs::{File, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};

/// The file in the store's folder that is locked while mail is moved.
const LOCK: &str = "moving.lock";

/// Refuses to work beside another one: Dovecot copies a message twice if two move it at the same time. The programs that move
/// inherit the lock, so one that outlives this process is waited for.
pub(super) fn alone(store: &Path) -> anyhow::Result<File> {
    let path = store.join(LOCK);
    let opened = File::options().create(true).truncate(false).read(true).write(true).mode(0o600).open(&path);
    let file = opened.with_context(|| format!("cannot use {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("mail of this store is being moved already"),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}
