//! Who stands for a message.

use super::memory::KnownSenders;
use super::segment::{Segment, SegmentRef};
use super::settings::Settings;
use super::sighting::{Key, Sighting};
use crate::compare::Providers;

/// Who stands for a message, as far as counting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    /// At a mailbox provider the address; elsewhere the whole organisational domain, because its owner can make up
    /// addresses at will. None if the sender was not authenticated.
    pub unit: Option<Key>,
    /// The address that the message says to be from; of a message without one, a key of its own.
    pub address: Key,
    /// On how many earlier days it was seen authenticated.
    pub days_before: u32,
    /// Whether anything may be done on this one's behalf: authenticated, and known from earlier days.
    pub is_eligible: bool,
}

impl Sender {
    /// Who stands for a message. Remembers the sender, if it was authenticated.
    ///
    /// # Errors
    /// If the memory fails.
    pub fn of<M: KnownSenders>(
        memory: &mut M,
        sighting: &Sighting<'_>,
        settings: &Settings,
        providers: &Providers,
    ) -> Result<Self, M::Error> {
        Self::at(Origin::of(sighting, providers), memory, sighting, settings)
    }

    /// Who counts as the one that stands for a message, whether it is known or not; none if it was not authenticated.
    pub(crate) fn unit_of(sighting: &Sighting<'_>, providers: &Providers) -> Option<Key> {
        Origin::of(sighting, providers)?.unit(sighting)
    }

    /// The same of a message of which it is known where it came from.
    pub(super) fn at<M: KnownSenders>(
        origin: Option<Origin<'_>>,
        memory: &mut M,
        sighting: &Sighting<'_>,
        settings: &Settings,
    ) -> Result<Self, M::Error> {
        // As long as jiff has years for it, a day fits.
        let day = sighting.at.as_second().div_euclid(DAY_S) as i32;
        let unit = origin.and_then(|origin| origin.unit(sighting));
        let (mut days_before, mut is_eligible) = (0, false);
        if let Some(unit) = unit {
            days_before = memory.days_seen_before(unit, day)?;
            is_eligible = days_before >= settings.known_days;
            memory.learn(unit, day)?;
        }
        let address = sighting.sender.unwrap_or_else(|| key_of_its_own(sighting));
        Ok(Self { unit, address, days_before, is_eligible })
    }
}

const DAY_S: i64 = 24 * 3_600;

/// Where an authenticated message came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    domain: SegmentRef<'a>,
    provider: Option<SegmentRef<'a>>,
}

impl<'a> Origin<'a> {
    /// None if the sender was not authenticated, or its domain can be the name of no segment. One that cannot, such as
    /// `localhost`, is nobody's on the internet, and counts as mail that nobody vouches for.
    pub(super) fn of(sighting: &Sighting<'a>, providers: &'a Providers) -> Option<Self> {
        let is_usable = |domain: &&str| sighting.is_authenticated && Segment::is_domain(domain);
        let domain = sighting.sender_domain.filter(is_usable)?;
        Some(Self { domain: SegmentRef::domain(domain), provider: providers.of(domain).map(SegmentRef::provider) })
    }

    /// Who counts as one sender.
    fn unit(self, sighting: &Sighting<'_>) -> Option<Key> {
        match self.provider {
            Some(_) => sighting.sender,
            None => Some(self.domain.key()),
        }
    }

    /// The segments that a message counts in, the smallest first.
    pub(super) fn segments(origin: Option<Self>) -> impl Iterator<Item = SegmentRef<'a>> {
        let smallest = origin.map_or(SegmentRef::UNAUTHENTICATED, |origin| origin.domain);
        let provider = origin.and_then(|origin| origin.provider);
        [Some(smallest), provider, Some(SegmentRef::EVERYTHING)].into_iter().flatten()
    }
}

/// Of a message that does not say who has part in it: who has is somebody else than in any other campaign.
pub(super) fn key_of_its_own(sighting: &Sighting<'_>) -> Key {
    let mut last = [0; 8];
    last.copy_from_slice(&sighting.fingerprint.as_bytes()[8..]);
    Key(u64::from_le_bytes(last))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_domain_that_no_segment_can_be_called_after_is_nobody_s() {
        let of = |domain: &'static str| {
            let sighting = Sighting {
                at: Timestamp::UNIX_EPOCH,
                fingerprint: [0; 16].into(),
                sender_domain: Some(domain),
                sender: None,
                is_authenticated: true,
                recipient: None,
            };
            Origin::of(&sighting, &Providers::none()).map(|origin| origin.domain.to_segment())
        };
        for odd in ["localhost", "", "group:x.example", "a b.example"] {
            assert_eq!(of(odd), None, "{odd}");
        }
        let shop = of("shop.example").unwrap();
        assert_eq!(shop.to_string().parse(), Ok(shop));
    }
}
