//! Where releases are taken apart.

use std::io;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use super::bindings::PluginPre;
use super::guest::Guest;

/// What is left of a release when its last user is done with it: its code and its memory image.
pub(crate) type Remains = PluginPre<Guest>;

/// A thread that unmaps releases, so that no scoring thread does. The last to let go of a release is
/// often one that just scored with it.
pub(crate) struct Reaper {
    remains: Option<Sender<Remains>>,
    thread: Option<JoinHandle<()>>,
}

impl Reaper {
    pub(crate) fn start() -> io::Result<Self> {
        let (remains, inbox) = mpsc::channel::<Remains>();
        let thread = thread::Builder::new()
            .name("switchback-reaper".to_owned())
            .spawn(move || inbox.into_iter().for_each(drop))?;
        Ok(Self { remains: Some(remains), thread: Some(thread) })
    }

    /// Where to send remains. `None` only while the reaper is being dropped.
    pub(crate) fn handle(&self) -> Option<Sender<Remains>> {
        self.remains.clone()
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        drop(self.remains.take());
        // Not joined: a release may outlive its sandbox, and with it a sender. The thread ends with the
        // last of them.
        drop(self.thread.take());
    }
}
