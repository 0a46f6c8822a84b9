//! Which releases score a message in the background.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;
use switchback_model::route::{BASIS_POINTS, Roles};
use switchback_model::verdict::{Opinions, Role};
use switchback_sandbox::Loaded;
use switchback_system::clock;

/// A release that is to score a message in the background.
pub(super) struct ShadowCall {
    pub(super) release: Arc<Loaded>,
    pub(super) role: Role,
}

/// Releases that are to score a message in the background; each once.
pub(super) type ShadowCalls = SmallVec<[ShadowCall; 4]>;

/// Chooses the messages that shadows score, evenly: the fractional parts of the multiples of the golden ratio leave no
/// large gap (Weyl's sequence), so a rate is met within one message or so at any length. Two shadows of one rate
/// score the same messages.
#[derive(Default)]
pub(super) struct Sampler(AtomicU64);

/// 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Sampler {
    /// Goes on to the next message, and says where it lies in 0..10,000.
    fn next(&self) -> u16 {
        let place = self.0.fetch_add(GOLDEN, Ordering::Relaxed) >> 32;
        // Below 10,000, so it fits.
        ((place * u64::from(BASIS_POINTS)) >> 32) as u16
    }
}

/// Who is to score a message in the background, given who was asked for the answer already.
pub(super) fn shadow_calls(roles: &Roles<Arc<Loaded>>, sampler: &Sampler, opinions: &Opinions) -> ShadowCalls {
    let mut calls = ShadowCalls::new();
    let mut call = |release: &Arc<Loaded>, role| {
        let is_known = opinions.iter().any(|opinion| opinion.release == *release.id())
            || calls.iter().any(|call: &ShadowCall| call.release.id() == release.id());
        if !is_known {
            calls.push(ShadowCall { release: Arc::clone(release), role });
        }
    };
    let is_canary = opinions.decider.as_ref().is_some_and(|opinion| opinion.role == Role::Canary);
    if let Some(live) = roles.live.as_ref().filter(|_| is_canary) {
        call(live, Role::Live);
    }
    roles.canaries.iter().filter(|one| one.share.mirrored).for_each(|one| call(&one.release, Role::Canary));
    if roles.shadows.is_empty() && roles.cool_off.is_none() {
        return calls;
    }
    let place = sampler.next();
    roles.shadows.iter().filter(|one| place < one.rate_bp).for_each(|one| call(&one.release, Role::Shadow));
    if let Some(cool_off) = roles.cool_off.as_ref().filter(|one| place < one.rate_bp(clock::now())) {
        call(&cool_off.release, Role::Standby);
        // Where a segment is back at it, the live release is the one that was not asked.
        roles.live.iter().for_each(|live| call(live, Role::Live));
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_met_within_a_few_messages_at_any_length() {
        for rate_bp in [1, 100, 3_333, 5_000, 9_999, BASIS_POINTS] {
            let sampler = Sampler::default();
            let mut sampled = 0_u32;
            for count in 1..=20_000_u32 {
                sampled += u32::from(sampler.next() < rate_bp);
                let expected = f64::from(count) * f64::from(rate_bp) / f64::from(BASIS_POINTS);
                assert!((f64::from(sampled) - expected).abs() < 6.0, "{sampled} of {count} at {rate_bp}");
            }
        }
    }
}
