//! Of what has flipped, how much is certain to be of others than a few.

use super::counts::Flip;
use super::memory::Memory;
use super::segment::SegmentRef;
use super::settings::GuardSettings;
use super::tally::DirectionTally;

/// What a decision depends on beside what was counted in the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Circumstances {
    /// The days of UTC that a trial has lasted, the first and the last included.
    pub days: u64,
    /// Whether this is the mail of everybody in a filter that knows few senders ([`Few`](super::Few)).
    pub knows_few: bool,
}

/// How many addresses an account has that count one by one where pairs are counted.
const ADDRESSES_MAX: u32 = 10;

/// How many flips are of others than the senders of an adversary.
///
/// One sender fewer than the floor asks for may be an adversary's, whatever they send. Without all that those can have
/// added, what is left flipped for others, of which the tests have to be sure by themselves: so they achieve nothing
/// together with what flips by chance either. Among all senders together fewer suffice that have been known for long, if
/// the filter knows few.
pub(super) fn flips_of_others(
    settings: &GuardSettings,
    direction: &DirectionTally,
    circumstances: Circumstances,
) -> u64 {
    let flips = direction.eligible.flips;
    if circumstances.knows_few && is_enough_of_few(settings, direction) {
        return flips;
    }
    let Some(adversary) = settings.floor.senders.checked_sub(1).map(u64::from) else { return flips };
    let by_senders = u64::from(direction.senders.accounts()).saturating_sub(adversary);
    let pairs = (ADDRESSES_MAX * settings.account_pairs).max(settings.domain_pairs);
    let most = adversary * u64::from(pairs) * circumstances.days;
    by_senders.max(flips.saturating_sub(most)).min(flips)
}

/// Whether the filter knows few senders, where that matters: it takes a look at all of them.
pub(super) fn knows_few<M: Memory>(
    settings: &GuardSettings,
    memory: &mut M,
    segment: SegmentRef<'_>,
    flip: Flip,
) -> Result<bool, M::Error> {
    if segment != SegmentRef::EVERYTHING || !is_enough_of_few(settings, memory.tally(segment)?.direction(flip)) {
        return Ok(false);
    }
    Ok(memory.senders_seen(settings.known_days.max(1), settings.few.known)? < settings.few.known)
}

fn is_enough_of_few(settings: &GuardSettings, direction: &DirectionTally) -> bool {
    settings.few.known > 0 && direction.senders.accounts_long_known() >= settings.few.senders
}
