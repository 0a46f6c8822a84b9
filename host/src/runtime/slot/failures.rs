//! Saying in the log that releases fail, and not for each message.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use switchback_model::release::Digest;
use switchback_model::verdict::Role;
use switchback_sandbox::ScoreError;

use crate::limits::FAILURE_REMINDER_INTERVAL;

/// The failures of releases in one slot.
#[derive(Default)]
pub(super) struct Failures(Mutex<BTreeMap<Digest, Told>>);

/// What was said of one release.
struct Told {
    at: Instant,
    /// How often it failed since.
    since: u64,
}

impl Failures {
    /// A release failed on a message. Its first failure is told, then one in a while with how many there were meanwhile.
    pub(super) fn failed(&self, slot: &str, role: Role, error: &ScoreError) {
        // Scoring waits for nobody: whoever holds it is about to tell.
        let Ok(mut told) = self.0.try_lock() else { return };
        let Some(failures) = due(&mut told, error.release.digest, Instant::now()) else { return };
        drop(told);
        tracing::warn!(slot, %role, failures, "a release failed on a message: {error}");
    }
}

/// How many failures to tell of, if it is time to.
fn due(told: &mut BTreeMap<Digest, Told>, release: Digest, now: Instant) -> Option<u64> {
    let Some(known) = told.get_mut(&release) else {
        told.insert(release, Told { at: now, since: 0 });
        return Some(1);
    };
    known.since += 1;
    if now.duration_since(known.at) < FAILURE_REMINDER_INTERVAL {
        return None;
    }
    known.at = now;
    Some(std::mem::take(&mut known.since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_is_told_and_then_how_many_there_were_in_a_while() {
        let (mut told, begin) = (BTreeMap::new(), Instant::now());
        let [one, other] = [&b"one"[..], b"other"].map(Digest::of);
        assert_eq!(due(&mut told, one, begin), Some(1));
        assert_eq!(due(&mut told, other, begin), Some(1));
        for _ in 0..10_000 {
            assert_eq!(due(&mut told, one, begin), None);
        }
        assert_eq!(due(&mut told, one, begin + FAILURE_REMINDER_INTERVAL), Some(10_001));
        assert_eq!(due(&mut told, one, begin + FAILURE_REMINDER_INTERVAL), None);
    }
}
