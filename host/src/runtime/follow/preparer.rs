//! Makes releases ready, beside everything else.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use switchback_model::release::Digest;

use super::shared::Shared;

/// A thread that loads what the store says has to be ready. It takes milliseconds where the release was
/// compiled before, and seconds where not: too long for the thread that follows.
pub(super) struct Preparer {
    jobs: Option<Sender<Digest>>,
    thread: Option<JoinHandle<()>>,
}

impl Preparer {
    pub(super) fn start(shared: Arc<Shared>) -> io::Result<Self> {
        let (jobs, inbox) = mpsc::channel::<Digest>();
        let thread = thread::Builder::new()
            .name("switchback-prepare".to_owned())
            .spawn(move || inbox.into_iter().for_each(|release| shared.prepare(&release)))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Where to say what to make ready.
    pub(super) fn jobs(&self) -> Sender<Digest> {
        // Present until dropped.
        self.jobs.clone().unwrap_or_else(|| mpsc::channel().0)
    }
}

impl Drop for Preparer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        // Nothing in its loop panics; if it did, it has stopped.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
