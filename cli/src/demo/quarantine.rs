//! Where a process of the demonstration puts the mail that its filter holds back.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, ScopedJoinHandle};

use anyhow::Context as _;
use switchback::Message;

/// A folder with a file for each message, written by a thread of its own, so that nobody who scores waits for a disk.
pub(super) struct Quarantine<'scope> {
    inbox: Sender<(u64, Message)>,
    thread: ScopedJoinHandle<'scope, io::Result<()>>,
}

impl<'scope> Quarantine<'scope> {
    pub(super) fn open<'env>(scope: &'scope thread::Scope<'scope, 'env>, dir: &'env Path) -> anyhow::Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("make {}", dir.display()))?;
        let (inbox, held_back) = mpsc::channel::<(u64, Message)>();
        let thread = scope.spawn(move || {
            held_back
                .iter()
                .try_for_each(|(number, message)| fs::write(dir.join(format!("{number}.eml")), message.bytes()))
        });
        Ok(Self { inbox, thread })
    }

    /// Where to put messages, with their numbers.
    pub(super) fn inbox(&self) -> Sender<(u64, Message)> {
        self.inbox.clone()
    }

    /// Waits until everything is written.
    pub(super) fn close(self) -> anyhow::Result<()> {
        drop(self.inbox);
        let written = self.thread.join().unwrap_or_else(|_| Err(io::Error::other("its thread panicked")));
        written.context("write the mail that is held back")
    }
}
