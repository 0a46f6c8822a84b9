//! What has to have flipped before anything is done, whatever the tests say.

use super::counts::{Counts, Flip};
use super::memory::Memory;
use super::segment::SegmentRef;
use super::settings::Settings;
use super::tally::Direction;

/// Of what has flipped in a segment, what the tests have to be sure of: none, where too little has, of campaigns, senders or
/// recipients.
///
/// One sender fewer than the floor asks for may be an adversary's, whatever they send. Without all that those can have
/// added, what is left flipped for others, of which the tests are sure by themselves: so they achieve nothing together with
/// what flips by chance either. Among all senders together fewer suffice that have been known for long, if the filter knows
/// few. Of a segment that is harmed already nobody asks.
pub(super) fn reached<M: Memory>(
    settings: &Settings,
    memory: &mut M,
    segment: SegmentRef<'_>,
    flip: Flip,
    days: u64,
) -> Result<Option<Counts>, M::Error> {
    let floor = settings.floor;
    let direction = memory.tally(segment)?.direction(flip);
    if direction.is_harmed
        || direction.eligible.flips < floor.campaigns.into()
        || direction.recipients.count() < floor.recipients
    {
        return Ok(None);
    }
    let of_others = Counts { flips: flips_of_others(settings, direction, days), ..direction.eligible };
    let all = direction.eligible;
    if segment == SegmentRef::EVERYTHING && is_enough_of_few(settings, direction) {
        let days = settings.known_days.max(1);
        if memory.senders_seen(days, settings.few.known)? < settings.few.known {
            return Ok(Some(all));
        }
    }
    Ok((of_others.flips > 0).then_some(of_others))
}

/// How many addresses an account has that count one by one where pairs are counted.
const ADDRESSES_MAX: u32 = 10;

/// How many flips are at least of others than the senders of an adversary: by how many senders they are of, each with one,
/// or by how many an adversary's can have added until now.
fn flips_of_others(settings: &Settings, direction: &Direction, days: u64) -> u64 {
    let Some(adversary) = settings.floor.senders.checked_sub(1).map(u64::from) else { return direction.eligible.flips };
    let by_senders = u64::from(direction.senders.accounts()).saturating_sub(adversary);
    let pairs = (ADDRESSES_MAX * settings.account_pairs).max(settings.domain_pairs);
    let most = adversary * u64::from(pairs) * days;
    by_senders.max(direction.eligible.flips.saturating_sub(most)).min(direction.eligible.flips)
}

fn is_enough_of_few(settings: &Settings, direction: &Direction) -> bool {
    settings.few.known > 0 && direction.senders.accounts_long_known() >= settings.few.senders
}
