//! Whether a runtime is still at work, and who is at work in it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};

use switchback_system::forked::Origin;

pub(crate) use switchback_model::gone::{Forked, RuntimeGone};

/// The life of a runtime.
pub(crate) struct Life {
    origin: Origin,
    is_over: AtomicBool,
    /// Calls that are being answered.
    inside: Pending,
    /// Whether somebody was told that it is over.
    is_told: AtomicBool,
    /// What a fork does once, when it notices that it is one.
    in_fork: OnceLock<Box<dyn Fn() + Send + Sync>>,
    has_noticed: AtomicBool,
}

/// A call that is being answered.
pub(crate) struct Inside<'a>(&'a Life);

impl Life {
    pub(crate) fn begin() -> Self {
        Self {
            origin: Origin::here(),
            is_over: AtomicBool::new(false),
            inside: Pending::default(),
            is_told: AtomicBool::new(false),
            in_fork: OnceLock::new(),
            has_noticed: AtomicBool::new(false),
        }
    }

    /// Says what a fork is to do when it notices that it is one. It must wait for nobody.
    #[cfg(feature = "store")]
    pub(crate) fn in_fork(&self, notice: impl Fn() + Send + Sync + 'static) {
        // It is said once, while the runtime is built.
        let _ = self.in_fork.set(Box::new(notice));
    }

    /// A call begins, which the end waits for.
    ///
    /// # Errors
    /// If there is nobody any more who could answer it.
    pub(crate) fn enter(&self) -> Result<Inside<'_>, RuntimeGone> {
        self.origin.check().inspect_err(|_| self.notice())?;
        self.inside.add();
        let inside = Inside(self);
        // After the call is counted: whoever ends it counts after saying so.
        if self.is_over.load(Ordering::SeqCst) { Err(RuntimeGone::ShutDown) } else { Ok(inside) }
    }

    fn notice(&self) {
        if let Some(notice) = self.in_fork.get().filter(|_| !self.has_noticed.swap(true, Ordering::Relaxed)) {
            notice();
        }
    }

    /// Lets nobody enter any more.
    ///
    /// # Errors
    /// If this process is a fork, in which there is nothing to end.
    pub(crate) fn end(&self) -> Result<(), Forked> {
        self.origin.check()?;
        self.is_over.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Waits until everybody who entered has left.
    pub(crate) fn wait_for_leaving(&self) {
        self.inside.wait();
    }

    /// Says once in the log that it is over: no message is passed over in silence.
    pub(crate) fn tell(&self, gone: RuntimeGone) {
        if !self.is_told.swap(true, Ordering::Relaxed) {
            tracing::error!(
                "messages are not scored, and are answered as the slots' policy for `no-release` says: {gone}"
            );
        }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let Life { inside, is_over, .. } = self.0;
        // Scoring takes no lock unless somebody waits for this: who ends it says so, and then looks who is inside.
        if inside.leave() && is_over.load(Ordering::SeqCst) {
            inside.wake();
        }
    }
}

/// How much is not done yet.
#[derive(Default)]
pub(crate) struct Pending {
    count: AtomicU64,
    waiting: Mutex<()>,
    done: Condvar,
}

impl Pending {
    pub(crate) fn add(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn done(&self) {
        if self.leave() {
            self.wake();
        }
    }

    /// One is done; returns whether it was the last one.
    fn leave(&self) -> bool {
        self.count.fetch_sub(1, Ordering::SeqCst) == 1
    }

    fn wake(&self) {
        drop(self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        self.done.notify_all();
    }

    pub(crate) fn wait(&self) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let is_pending = |_: &mut ()| self.count.load(Ordering::SeqCst) > 0;
        drop(self.done.wait_while(waiting, is_pending).unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn the_end_waits_for_whoever_is_inside_and_lets_nobody_in() {
        let life = Life::begin();
        let (left, has_left) = mpsc::channel();
        thread::scope(|scope| {
            let inside = life.enter().unwrap();
            life.end().unwrap();
            assert_eq!(life.enter().err(), Some(RuntimeGone::ShutDown));
            let life = &life;
            scope.spawn(move || {
                life.wait_for_leaving();
                left.send(()).unwrap();
            });
            assert!(has_left.try_recv().is_err());
            drop(inside);
            has_left.recv().unwrap();
        });
    }
}
