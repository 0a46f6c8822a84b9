//! Who stands for a message.

use jiff::Timestamp;

use super::account::{Addresses, addresses};
use super::days::Past;
use super::memory::KnownSenders;
use super::segment::{Segment, SegmentRef};
use super::settings::GuardSettings;
use super::sighting::{Key, Sighting};
use super::tally::Witness;
use crate::compare::Providers;
use crate::limits::KNOWN_SINCE_DAYS_MAX;
use crate::organisation::organisation;

/// Who stands for a message, as far as counting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    /// At a mailbox provider the account; elsewhere the whole organisation, because its owner can make up addresses at
    /// will; and so at a provider whose accounts can make up any number of them. None if the sender was not authenticated.
    pub unit: Option<Key>,
    /// The address that the message says to be from; of a message without one, a key of its own.
    pub address: Key,
    /// What was known of it when it was asked whether it is known.
    pub past: Past,
    /// Whether anything may be done on this one's behalf: authenticated, and known for as long as the settings ask for.
    pub is_eligible: bool,
    /// Whether this is its first message of the day: where mail is added up, senders are, and not what each of them sends.
    pub is_first_today: bool,
    /// Whether it has been known for so long that it counts where the filter knows few.
    is_long_known: bool,
    kind: Kind,
}

/// What a sender is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An account of a provider.
    Account,
    /// One of several addresses that an account of a provider may have.
    OneOfTen,
    /// Everybody whose mail cannot be told apart.
    Organisation,
}

impl Sender {
    /// Who stands for a message. Remembers the sender, if it was authenticated. Whether it is known is asked of the days
    /// before a candidate `entered` its trial; without one, of those before the message.
    ///
    /// # Errors
    /// If the memory fails.
    pub fn of<M: KnownSenders>(
        memory: &mut M,
        sighting: &Sighting<'_>,
        settings: &GuardSettings,
        providers: &Providers,
        entered: Option<Timestamp>,
    ) -> Result<Self, M::Error> {
        Self::at(Origin::of(sighting, providers), memory, sighting, settings, entered)
    }

    /// Who counts as the one that stands for a message, whether it is known or not; none if it was not authenticated.
    #[doc(hidden)]
    pub fn unit_of(sighting: &Sighting<'_>, providers: &Providers) -> Option<Key> {
        Origin::of(sighting, providers)?.unit(sighting)
    }

    /// The same of a message of which it is known where it came from.
    pub(super) fn at<M: KnownSenders>(
        origin: Option<Origin<'_>>,
        memory: &mut M,
        sighting: &Sighting<'_>,
        settings: &GuardSettings,
        entered: Option<Timestamp>,
    ) -> Result<Self, M::Error> {
        let today = day(sighting.at);
        let unit = origin.and_then(|origin| origin.unit(sighting));
        let (mut past, mut is_eligible, mut is_first_today, mut is_long_known) = (Past::default(), false, false, false);
        if let Some(unit) = unit {
            let entered = entered.map_or(today, day).min(today);
            let known_at = entered.max(today.saturating_sub(KNOWN_SINCE_DAYS_MAX));
            past = memory.past(unit, known_at)?;
            is_eligible = is_known(past, settings, known_at);
            is_long_known = is_aged(past, settings.few.age_days, entered);
            is_first_today = memory.learn(unit, today)?;
        }
        let address = sighting.sender.unwrap_or_else(|| key_of_its_own(sighting));
        let kind = origin.map_or(Kind::Organisation, |origin| origin.kind);
        Ok(Self { unit, address, past, is_eligible, is_first_today, is_long_known, kind })
    }

    /// How many of its pairs count on a day.
    pub(super) fn pairs(&self, settings: &GuardSettings) -> u32 {
        match self.kind {
            Kind::Account | Kind::OneOfTen => settings.account_pairs,
            Kind::Organisation => settings.domain_pairs,
        }
    }

    /// What it counts as where senders are counted.
    pub(super) fn witness(&self) -> Key {
        let (is_one_of_ten, is_long_known) = (self.kind == Kind::OneOfTen, self.is_long_known);
        Witness { sender: self.unit.unwrap_or(self.address), is_one_of_ten, is_long_known }.key()
    }

    /// A sender of its own kind, for tests of what is done with one.
    #[cfg(test)]
    pub(super) fn for_test(unit: Option<Key>, address: Key, is_eligible: bool) -> Self {
        let past = Past::default();
        Self { unit, address, past, is_eligible, is_first_today: false, is_long_known: false, kind: Kind::Account }
    }
}

/// Whether somebody of whom this was known when a candidate entered its trial, on that day, is known.
pub fn is_known(past: Past, settings: &GuardSettings, entered: i32) -> bool {
    settings.known_days == 0 || past.days >= settings.known_days && is_aged(past, settings.known_age_days, entered)
}

/// Whether the first day was so many days before one.
fn is_aged(past: Past, age_days: u32, day: i32) -> bool {
    past.first_day.is_some_and(|first| i64::from(day) - i64::from(first) >= i64::from(age_days))
}

/// The day of UTC, counted since 1970.
fn day(at: Timestamp) -> i32 {
    // As long as jiff has years for it, a day fits.
    at.as_second().div_euclid(DAY_S) as i32
}

const DAY_S: i64 = 24 * 3_600;

/// Where an authenticated message came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    domain: SegmentRef<'a>,
    provider: Option<SegmentRef<'a>>,
    kind: Kind,
}

impl<'a> Origin<'a> {
    /// None if the sender was not authenticated, or its domain can be the name of no segment. One that cannot, such as
    /// `localhost`, is nobody's on the internet, and counts as mail that nobody vouches for.
    pub(super) fn of(sighting: &Sighting<'a>, providers: &'a Providers) -> Option<Self> {
        let is_usable = |domain: &&str| sighting.is_authenticated && Segment::is_domain(domain);
        let domain = organisation(sighting.sender_domain.filter(is_usable)?);
        let name = providers.of(domain);
        let kind = match name.map(addresses) {
            Some(Addresses::One) => Kind::Account,
            Some(Addresses::Ten) => Kind::OneOfTen,
            Some(Addresses::Any) | None => Kind::Organisation,
        };
        Some(Self { domain: SegmentRef::domain(domain), provider: name.map(SegmentRef::provider), kind })
    }

    /// Who counts as one sender.
    fn unit(self, sighting: &Sighting<'_>) -> Option<Key> {
        match self.kind {
            Kind::Account | Kind::OneOfTen => sighting.sender,
            Kind::Organisation => Some(self.provider.unwrap_or(self.domain).key()),
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
