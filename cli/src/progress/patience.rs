//! Lines about what takes long, where no terminal shows a spinner.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long nothing has to be said.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Says what is being done, once, if that takes longer than [`PATIENCE`]. Ends when it is dropped.
pub(crate) struct Patience {
    /// What is being done now. None when it is over.
    now: Option<Sender<String>>,
    thread: Option<JoinHandle<()>>,
}

impl Patience {
    pub(super) fn with(what: String) -> Self {
        Self::telling(what, PATIENCE, crate::exit::say)
    }

    fn telling(what: String, patience: Duration, say: impl Fn(&str) + Send + 'static) -> Self {
        let (now, steps) = channel();
        // Where no thread can be had, nothing is said.
        let thread =
            thread::Builder::new().name("patience".to_owned()).spawn(move || watch(what, &steps, patience, &say));
        Self { now: Some(now), thread: thread.ok() }
    }

    pub(super) fn now(&self, what: String) {
        // Only a thread that could not be had does not listen.
        let _ = self.now.as_ref().map(|now| now.send(what));
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        self.now = None;
        // Whatever came of it: it only says things.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Waits for the next step, and says what the current one is if it does not come.
fn watch(mut what: String, steps: &Receiver<String>, patience: Duration, say: &dyn Fn(&str)) {
    loop {
        let next = match steps.recv_timeout(patience) {
            Err(RecvTimeoutError::Timeout) => {
                if !what.is_empty() {
                    say(&format!("{what} ..."));
                }
                steps.recv().ok()
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Ok(next) => Some(next),
        };
        match next {
            Some(next) => what = next,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds the value until as many lines were said.
    fn said(patience: Duration, steps: &[&str], lines: usize) -> Vec<String> {
        let (say, heard) = channel();
        let busy = Patience::telling("first".to_owned(), patience, move |line| say.send(line.to_owned()).unwrap());
        let mut all: Vec<String> = Vec::new();
        for step in steps {
            if all.len() < lines {
                all.push(heard.recv().unwrap());
            }
            busy.now((*step).to_owned());
        }
        drop(busy);
        all.extend(heard.iter());
        all
    }

    #[test]
    fn each_step_that_takes_long_is_said_once() {
        assert_eq!(said(Duration::ZERO, &["second", ""], 2), ["first ...", "second ..."]);
    }

    #[test]
    fn what_is_over_soon_is_not_worth_a_line() {
        assert_eq!(said(Duration::MAX, &["second", "third"], 0), [""; 0]);
    }
}
