//! Simulated mail, message by message, as the guard sees it.

use jiff::Timestamp;
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use switchback::guard::{Counts, GuardSettings, Key, Sighting};
use switchback::message::Fingerprint;
use switchback::{Action, Digest, ReleaseId};

/// The domains of a filter, each of a provider, so that every address in them is a sender: what one owner sends counts
/// so seldom that nothing would be measured.
#[derive(Clone, Debug)]
pub(crate) struct Domains {
    names: Vec<String>,
    /// Up to each of them, how much mail comes from it and from those before it.
    volumes: Vec<f64>,
}

impl Domains {
    /// So many domains, of which the volume falls as 1 / rank.
    pub(crate) fn new(count: usize) -> Self {
        let mut sum = 0.0;
        let volumes = (1..=count).map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        });
        Self { volumes: volumes.collect(), names: (1..=count).map(|rank| format!("{rank}.example")).collect() }
    }

    /// Settings under which each of them is a provider's, in groups of ten.
    pub(crate) fn settings(&self) -> GuardSettings {
        let groups = self.names.chunks(10).enumerate();
        groups.fold(GuardSettings::default().known_days(0), |settings, (number, names)| {
            settings.provider(format!("group-{number}"), names)
        })
    }

    /// One of the first so many, by volume; a drift of 1 turns the order of volumes round.
    pub(crate) fn draw(&self, among: usize, drift: f64, rng: &mut ChaCha8Rng) -> &str {
        let all = self.volumes[among - 1];
        let wanted = rng.random::<f64>() * all;
        let place = self.volumes[..among].partition_point(|volume| *volume < wanted).min(among - 1);
        let is_turned = rng.random::<f64>() < drift;
        &self.names[if is_turned { among - 1 - place } else { place }]
    }
}

/// A message of a person at a domain.
pub(crate) fn sighting<'a>(second: i64, domain: &'a str, campaign: u128, rng: &mut ChaCha8Rng) -> Sighting<'a> {
    Sighting::new(Timestamp::from_second(second).unwrap(), Fingerprint::from(campaign.to_le_bytes()))
        .sender_domain(Some(domain))
        .sender(Some(Key(rng.random())))
        .is_authenticated(true)
        .recipient(Some(Key(rng.random())))
}

/// The actions before and after, of a message that flips up with the first probability and down with the second.
pub(crate) fn actions(flips: f64, opposite: f64, rng: &mut ChaCha8Rng) -> [Action; 2] {
    let drawn: f64 = rng.random();
    if drawn < flips {
        [Action::Deliver, Action::Quarantine]
    } else if drawn < flips + opposite {
        [Action::Quarantine, Action::Deliver]
    } else {
        [Action::Deliver; 2]
    }
}

pub(crate) fn baseline() -> ReleaseId {
    ReleaseId::new("phish".parse().unwrap(), semver::Version::new(1, 1, 0), Digest::of(b"the baseline"))
}

/// How many flips the floors ask for, where each message is a campaign and a sender of its own.
pub(crate) fn flips_min(settings: &GuardSettings) -> u64 {
    settings.floor.campaigns.max(settings.floor.senders.into()).into()
}

/// The counts without what senders of an adversary could have added, of which the tests have to be sure.
pub(crate) fn sure(settings: &GuardSettings, counts: Counts) -> Counts {
    let adversary = u64::from(settings.floor.senders).saturating_sub(1);
    Counts::new(counts.flips.saturating_sub(adversary), counts.opposite, counts.all)
}

/// The address of a message's sender, and its domain.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) key: Key,
    pub(crate) domain: String,
}

impl Address {
    pub(crate) fn new(local: &str, domain: &str) -> Self {
        Self { key: Key::of_sender(&format!("{local}@{domain}")), domain: domain.to_owned() }
    }

    /// A message from it, a campaign of its own, at some time of a day.
    pub(crate) fn sighting(&self, day: i64, rng: &mut ChaCha8Rng) -> Sighting<'_> {
        let second = day * 86_400 + rng.random_range(0..86_400);
        sighting(second, &self.domain, rng.random(), rng).sender(Some(self.key))
    }
}
