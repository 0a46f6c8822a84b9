//! Disks that are slow, or full.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::journal::stream::Disk;

/// A disk that takes its time for each batch.
pub(super) struct Slow(pub(super) Duration);

impl Disk for Slow {
    fn append(&mut self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        std::thread::sleep(self.0);
        file.write_all(bytes)
    }
}

/// A disk that writes half of what it gets, and then says that it is full, while it is.
pub(super) struct Full(pub(super) Arc<AtomicBool>);

impl Disk for Full {
    fn append(&mut self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        if self.0.load(Ordering::SeqCst) {
            file.write_all(&bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        file.write_all(bytes)
    }
}

/// A disk that waits until it may write.
pub(super) struct Stuck(pub(super) crossbeam_channel::Receiver<()>);

impl Disk for Stuck {
    fn append(&mut self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        // Whoever has let go of the other end lets everything pass.
        let _ = self.0.recv();
        file.write_all(bytes)
    }
}
