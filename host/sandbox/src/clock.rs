//! How long a call may still run.

use std::time::{Duration, Instant};

use switchback_model::message::time_of_thread;
use wasmtime::{Trap, UpdateDeadline};

use crate::limits::EPOCH_TICK;

/// The deadline of one call, which belongs to one thread. It moves by what the host derives meanwhile.
pub(crate) struct Clock {
    began: Instant,
    deadline: Duration,
    /// What this thread had derived before.
    derived_before: Duration,
}

impl Clock {
    /// A call begins now.
    pub(super) fn start(deadline: Duration) -> Self {
        Self { began: Instant::now(), deadline, derived_before: time_of_thread() }
    }

    /// What the host took to derive facts for this call.
    pub(super) fn derived(&self) -> Duration {
        time_of_thread() - self.derived_before
    }

    /// Time that the guest has left; none if it has none.
    fn left(&self) -> Option<Duration> {
        left(self.deadline, self.began.elapsed(), self.derived())
    }

    /// What to do with a guest whose epoch has come.
    pub(super) fn at_epoch(&self) -> UpdateDeadline {
        self.left().map_or(UpdateDeadline::Interrupt, |left| UpdateDeadline::Continue(ticks(left)))
    }

    /// Stops a guest that has no time left, where the host works for it.
    pub(super) fn check(&self) -> Result<(), Trap> {
        self.left().map(drop).ok_or(Trap::Interrupt)
    }
}

/// What is left of a deadline after a call has taken some time, of which the host derived facts for a part.
fn left(deadline: Duration, elapsed: Duration, derived: Duration) -> Option<Duration> {
    deadline.checked_sub(elapsed.saturating_sub(derived)).filter(|left| !left.is_zero())
}

/// Ticks after which to look at the clock again: at the first one after the time is up, or one before it.
pub(super) fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_nanos() / EPOCH_TICK.as_nanos()).unwrap_or(u64::MAX >> 1).clamp(1, u64::MAX >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_model::message::Message;

    #[test]
    fn the_clock_is_looked_at_before_the_time_is_up_and_then_at_each_tick() {
        let five = EPOCH_TICK * 5;
        assert_eq!((ticks(five), ticks(five + EPOCH_TICK / 2), ticks(EPOCH_TICK / 3)), (5, 5, 1));
        assert_eq!(ticks(Duration::MAX), u64::MAX >> 1);
    }

    #[test]
    fn what_the_host_derives_is_not_the_guests_time() {
        let [none, five, hundred] = [0, 5, 100].map(Duration::from_millis);
        assert_eq!(left(five, none, none), Some(five));
        assert_eq!(left(five, five, none), None);
        assert_eq!(left(five, hundred + five / 5, hundred), Some(five * 4 / 5));
        assert_eq!(left(five, hundred + five, hundred), None);
        assert_eq!(left(Duration::MAX, hundred, hundred), Some(Duration::MAX));
    }

    #[test]
    fn a_fact_moves_the_deadline_once() {
        let mail = format!("Content-Type: application/x-any\n\n{}", "text ".repeat(50_000));
        let message = Message::parse(mail.into_bytes());
        message.prepare();
        let clock = Clock::start(Duration::from_secs(3_600));
        assert_eq!(clock.derived(), Duration::ZERO);
        assert_eq!(message.attachments().items.len(), 1);
        let derived = clock.derived();
        assert!(derived > Duration::ZERO);
        assert_eq!(message.attachments().items.len(), 1);
        assert_eq!(clock.derived(), derived);
    }

    #[test]
    fn a_guest_is_stopped_only_when_its_time_is_up() {
        assert!(
            matches!(Clock::start(Duration::from_secs(3_600)).at_epoch(), UpdateDeadline::Continue(ticks) if ticks > 1)
        );
        let over = Clock::start(Duration::ZERO);
        assert!(matches!(over.at_epoch(), UpdateDeadline::Interrupt));
        assert_eq!(over.check(), Err(Trap::Interrupt));
    }
}
