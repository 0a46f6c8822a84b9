//! Telling all tasks to stop.

use tokio::sync::watch;

/// Whoever can tell all to stop.
#[derive(Debug)]
pub(super) struct Stopper(watch::Sender<bool>);

/// Whether somebody was told to stop.
#[derive(Clone, Debug)]
pub(super) struct Stop(watch::Receiver<bool>);

/// One who tells, and one who is told.
pub(super) fn stop() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Tells all.
    pub(super) fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Waits until all are told to stop, or nobody is left who could.
    pub(super) async fn asked(&self) {
        let mut receiver = self.0.clone();
        // An error means that the one who tells is gone, and with it the program.
        drop(receiver.wait_for(|is_asked| *is_asked).await);
    }
}
