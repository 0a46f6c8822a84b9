//! What has to have flipped before anything is done, whatever the tests say.

use super::counts::Flip;
use super::memory::Memory;
use super::segment::SegmentRef;
use super::settings::Settings;
use super::tally::Direction;

/// Whether enough has flipped in a segment: campaigns, senders of those, recipients. Among all senders together fewer
/// suffice that have been known for long, if the filter knows few. Of a segment that is harmed already nobody asks.
pub(super) fn is_reached<M: Memory>(
    settings: &Settings,
    memory: &mut M,
    segment: SegmentRef<'_>,
    flip: Flip,
) -> Result<bool, M::Error> {
    let floor = settings.floor;
    let direction = memory.tally(segment)?.direction(flip);
    if direction.is_harmed
        || direction.eligible.flips < floor.campaigns.into()
        || direction.recipients.count() < floor.recipients
    {
        return Ok(false);
    }
    if direction.senders.accounts() >= floor.senders {
        return Ok(true);
    }
    if segment != SegmentRef::EVERYTHING || !is_enough_of_few(settings, direction) {
        return Ok(false);
    }
    let days = settings.known_days.max(1);
    Ok(memory.senders_seen(days, settings.few.known)? < settings.few.known)
}

fn is_enough_of_few(settings: &Settings, direction: &Direction) -> bool {
    settings.few.known > 0 && direction.senders.accounts_long_known() >= settings.few.senders
}
