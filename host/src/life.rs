//! Whether a runtime is still at work, and who is at work in it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};

use switchback_system::forked::Origin;

pub(crate) use switchback_model::gone::{Forked, RuntimeGone};

/// The life of a runtime.
pub(crate) struct Life {
    origin: Origin,
    is_over: AtomicBool,
    /// Calls that are being answered.
    inside: Calls,
    /// Whether somebody was told that it is over.
    is_told: AtomicBool,
    /// What a fork does once, when it notices that it is one.
    in_fork: OnceLock<Box<dyn Fn() + Send + Sync>>,
    has_noticed: AtomicBool,
}

/// A call that is being answered.
pub(crate) struct Inside<'a> {
    life: &'a Life,
    /// Where it is counted.
    place: &'a AtomicU64,
}

impl Life {
    pub(crate) fn begin() -> Self {
        Self {
            origin: Origin::here(),
            is_over: AtomicBool::new(false),
            inside: Calls::default(),
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
        let place = self.inside.place();
        place.fetch_add(1, Ordering::SeqCst);
        let inside = Inside { life: self, place };
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
        let Life { inside, is_over, .. } = self.life;
        // Scoring takes no lock unless somebody waits for this: who ends it says so, and then looks who is inside.
        if self.place.fetch_sub(1, Ordering::SeqCst) == 1 && is_over.load(Ordering::SeqCst) {
            inside.left.wake();
        }
    }
}

/// Places in which calls are counted: enough for as many cores to score at once. They take 8 KiB.
const PLACES: usize = 64;

/// Calls that are being answered. Each thread counts its calls in one place, so that cores do not take one cache line from
/// each other twice a message.
struct Calls {
    places: Box<[Place]>,
    left: Condition,
}

/// A count with two cache lines for itself: processors fetch them in pairs.
#[derive(Default)]
#[repr(align(128))]
struct Place(AtomicU64);

impl Default for Calls {
    fn default() -> Self {
        Self { places: (0..PLACES).map(|_| Place::default()).collect(), left: Condition::default() }
    }
}

impl Calls {
    /// Where this thread counts.
    fn place(&self) -> &AtomicU64 {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local!(static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed));
        // A thread that is ending has none any more.
        let number = NUMBER.try_with(|number| *number).unwrap_or_default();
        &self.places[number % PLACES].0
    }

    /// Waits until nobody is inside. Whoever enters after it was said that it is over leaves at once, so a place that was
    /// empty by then stays so.
    fn wait(&self) {
        self.left.wait_while(|| self.is_anybody_inside());
    }

    fn is_anybody_inside(&self) -> bool {
        self.places.iter().any(|place| place.0.load(Ordering::SeqCst) > 0)
    }
}

/// How much is not done yet.
#[derive(Default)]
pub(crate) struct Pending {
    count: AtomicU64,
    done: Condition,
}

impl Pending {
    pub(crate) fn add(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn done(&self) {
        if self.count.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.done.wake();
        }
    }

    pub(crate) fn wait(&self) {
        self.done.wait_while(|| self.count.load(Ordering::SeqCst) > 0);
    }
}

/// Something of which atomics tell, and which somebody waits for.
#[derive(Default)]
struct Condition {
    waiting: Mutex<()>,
    changed: Condvar,
}

impl Condition {
    fn wake(&self) {
        drop(self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    fn wait_while(&self, is_so: impl Fn() -> bool) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_while(waiting, |()| is_so()).unwrap_or_else(PoisonError::into_inner));
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

    #[test]
    fn whoever_is_inside_is_seen_whichever_thread_it_is() {
        let life = Life::begin();
        for _ in 0..2 * PLACES {
            let is_seen = thread::scope(|scope| {
                let alone = scope.spawn(|| life.enter().is_ok_and(|_inside| life.inside.is_anybody_inside()));
                alone.join().unwrap()
            });
            assert!(is_seen && !life.inside.is_anybody_inside());
        }
    }
}
