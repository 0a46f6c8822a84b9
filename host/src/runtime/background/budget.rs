//! How much CPU is left for what is scored in the background.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How much of its share may be used at once after a pause: enough for the shadows of a burst of mail, and too little
/// to be felt.
const BURST: Duration = Duration::from_millis(200);

/// A share of the CPU, by the generic cell rate algorithm (ITU-T I.371): each use moves a clock ahead by the time in
/// which the share earns it, and nothing is let in while that clock is further ahead than a burst.
///
/// What is let in is paid when its cost is known, so what waits in the queue can overdraw it once; that is paid back.
pub(super) struct Budget {
    start: Instant,
    /// Nanoseconds of wall-clock time that earn one of CPU time; none for a share without bound.
    price: Option<f64>,
    /// Until when, in nanoseconds since the start, what was used is paid for.
    paid_until: AtomicU64,
}

impl Budget {
    /// A share of all cores: 0.3 of two cores earns 0.6 s of CPU time in a second. Without a share there is never room.
    pub(super) fn new(share: f64, cores: usize) -> Self {
        let price = (share < 1.0).then(|| 1.0 / (share * cores as f64));
        let paid_until = if share > 0.0 { 0 } else { u64::MAX };
        Self { start: Instant::now(), price, paid_until: AtomicU64::new(paid_until) }
    }

    /// Whether something may be used now.
    pub(super) fn has_room(&self) -> bool {
        self.price.is_none() || self.paid_until.load(Ordering::Relaxed) <= self.now() + nanos(BURST)
    }

    /// Whether there is a share at all, be it used or not.
    pub(super) fn exists(&self) -> bool {
        self.paid_until.load(Ordering::Relaxed) < u64::MAX
    }

    /// Pays for CPU time that was used.
    pub(super) fn pay(&self, used: Duration) {
        let Some(price) = self.price else { return };
        let cost = (nanos(used) as f64 * price) as u64;
        let now = self.now();
        // The closure always returns a value, so this never fails.
        let _ = self
            .paid_until
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |until| Some(until.max(now).saturating_add(cost)));
    }

    fn now(&self) -> u64 {
        nanos(self.start.elapsed())
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_overdrawn_has_to_be_earned_first() {
        let budget = Budget::new(0.5, 1);
        assert!(budget.has_room());
        // Earned in an hour.
        budget.pay(Duration::from_secs(1_800));
        assert!(!budget.has_room());
        let owed = budget.paid_until.load(Ordering::Relaxed) - budget.now();
        assert!(owed > nanos(Duration::from_secs(3_590)), "{owed} ns are owed");
    }

    #[test]
    fn without_a_share_there_is_never_room() {
        let none = Budget::new(0.0, 2);
        assert!(!none.has_room() && !none.exists());
        let spent = Budget::new(0.5, 1);
        spent.pay(Duration::from_secs(1_800));
        assert!(!spent.has_room() && spent.exists());
    }

    #[test]
    fn the_whole_cpu_is_no_bound() {
        let budget = Budget::new(1.0, 2);
        budget.pay(Duration::from_secs(1_800));
        assert!(budget.has_room());
    }
}
