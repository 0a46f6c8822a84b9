//! Which messages are under way, so that the end of the program can wait for them.

use tokio::sync::watch;

/// The messages of all connections.
#[derive(Clone, Debug)]
pub(crate) struct Messages(watch::Sender<State>);

#[derive(Clone, Copy, Debug, Default)]
struct State {
    running: usize,
    is_stopping: bool,
}

impl Messages {
    /// None yet.
    pub(crate) fn none() -> Self {
        Self(watch::Sender::new(State::default()))
    }

    /// Begins one, unless the program is about to end.
    pub(crate) fn begin(&self) -> Option<Running> {
        let mut begun = None;
        self.0.send_if_modified(|state| {
            if !state.is_stopping {
                state.running += 1;
                begun = Some(Running(self.clone()));
            }
            begun.is_some()
        });
        begun
    }

    /// How many are under way.
    pub(crate) fn running(&self) -> usize {
        self.0.borrow().running
    }

    /// Lets no more begin.
    pub(crate) fn stop(&self) {
        self.0.send_modify(|state| state.is_stopping = true);
    }

    /// Waits until no more can begin.
    pub(crate) async fn stopping(&self) {
        self.until(|state| state.is_stopping).await;
    }

    /// Waits until none is under way.
    pub(crate) async fn ended(&self) {
        self.until(|state| state.running == 0).await;
    }

    async fn until(&self, condition: impl Fn(&State) -> bool) {
        // An error would say that nobody sends any more; this does.
        drop(self.0.subscribe().wait_for(condition).await);
    }
}

/// One message: from the sender's address until the mail server has its answer, or gives it up.
#[derive(Debug)]
pub(crate) struct Running(Messages);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| state.running -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_waits_for_what_has_begun_and_lets_nothing_begin() {
        let messages = Messages::none();
        let first = messages.begin().unwrap();
        let second = messages.begin().unwrap();
        messages.stop();
        messages.stopping().await;
        assert!(messages.begin().is_none());
        assert_eq!(messages.running(), 2);
        drop((first, second));
        messages.ended().await;
    }
}
