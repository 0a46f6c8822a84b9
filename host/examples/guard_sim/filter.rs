//! A simulated filter of people and organisations that it knows, watched by the guard.

use jiff::Timestamp;
use rand::Rng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use switchback::guard::{GuardSettings, InMemory, Level, Segment, Trial};

use crate::mail::{Address, actions, baseline};

/// The day on which the candidate enters its trial.
pub(crate) const ENTERED: i64 = 400;

/// For how many days it is tried.
pub(crate) const DAYS: i64 = 7;

/// How long ago, in days before the candidate, everybody was seen who is honest.
const SEEN: [i64; 4] = [190, 60, 40, 20];

/// How large a filter is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Accounts of Gmail that it knows.
    pub(crate) accounts: usize,
    /// Organisations that it knows.
    pub(crate) domains: usize,
    /// Of either, those that write on a day.
    pub(crate) share: f64,
    /// How many messages each of them writes then, on average.
    pub(crate) messages: f64,
}

/// A filter that gets 840 messages a day, five of eight from Gmail.
pub(crate) const MIDDLE: Size = Size { accounts: 1_000, domains: 600, share: 0.35, messages: 1.5 };

/// One that gets 16.
pub(crate) const SMALL: Size = Size { accounts: 30, domains: 15, share: 0.35, messages: 1.0 };

/// What a candidate does to honest mail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    /// The share of Gmail's that it newly flags.
    pub(crate) gmail: f64,
    /// The share of others'.
    pub(crate) others: f64,
    /// The share that it no longer flags.
    pub(crate) opposite: f64,
}

/// One that does no harm.
pub(crate) const HARMLESS: Candidate = Candidate { gmail: 0.003, others: 0.003, opposite: 0.002 };

/// One that newly flags a fifth of Gmail.
pub(crate) const HARMFUL: Candidate = Candidate { gmail: 0.2, ..HARMLESS };

/// Mail of an adversary.
pub(crate) struct Adversary {
    pub(crate) addresses: Vec<Address>,
    /// On which days before the candidate each of them was seen.
    pub(crate) seen: Vec<i64>,
    /// Messages of each on a day, one after another and each a campaign.
    pub(crate) messages: usize,
    /// Whether the candidate newly flags them.
    pub(crate) is_flagged: bool,
}

impl Adversary {
    /// Nobody.
    pub(crate) fn nobody() -> Self {
        Self { addresses: Vec::new(), seen: Vec::new(), messages: 0, is_flagged: false }
    }
}

/// When the candidate was taken back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reverted {
    /// After how many days.
    pub(crate) days: f64,
    /// After how many honest messages from Gmail.
    pub(crate) gmail: u64,
}

/// Somebody who writes on a day, and what becomes of it.
#[derive(Clone, Copy)]
enum Writes<'a> {
    Gmail(&'a Address),
    Other(&'a Address),
    Adversary(&'a Address),
}

/// Tries a candidate for a week; when it was taken back, if it was.
pub(crate) fn tried(
    size: Size,
    settings: &GuardSettings,
    candidate: Candidate,
    adversary: &Adversary,
    rng: &mut ChaCha8Rng,
) -> Option<Reverted> {
    let accounts: Vec<_> =
        (0..size.accounts).map(|number| Address::new(&format!("person{number}"), "gmail.com")).collect();
    let domains: Vec<_> =
        (0..size.domains).map(|number| Address::new("somebody", &format!("company-{number}.example"))).collect();
    let entered = Timestamp::from_second(ENTERED * 86_400).unwrap();
    let trial = Trial::new(settings.clone(), baseline(), entered);
    // Last week's mail gave the weights.
    let volumes = [
        (Segment::Everything, 840),
        (Segment::Provider("gmail".into()), 520),
        (Segment::Domain("gmail.com".into()), 520),
    ];
    let mut memory = InMemory::new(volumes.into_iter().collect());
    let mut learn = |address: &Address, ago: i64, rng: &mut ChaCha8Rng| {
        let Ok(_) = trial.learn(&mut memory, &address.sighting(ENTERED - ago, rng));
    };
    for ago in SEEN {
        accounts.iter().chain(&domains).for_each(|address| learn(address, ago, rng));
    }
    for ago in &adversary.seen {
        adversary.addresses.iter().for_each(|address| learn(address, *ago, rng));
    }
    let mut gmail = 0;
    for day in 0..DAYS {
        let mail = day_of(size, &accounts, &domains, adversary, rng);
        for (place, writes) in mail.iter().enumerate() {
            let (address, flips) = match writes {
                Writes::Gmail(address) => (address, candidate.gmail),
                Writes::Other(address) => (address, candidate.others),
                Writes::Adversary(address) => (address, f64::from(u8::from(adversary.is_flagged))),
            };
            gmail += u64::from(matches!(writes, Writes::Gmail(_)));
            let opposite = if matches!(writes, Writes::Adversary(_)) { 0.0 } else { candidate.opposite };
            let [before, after] = actions(flips, opposite, rng);
            let Ok(findings) = trial.observe(&mut memory, &address.sighting(ENTERED + day, rng), before, after);
            if findings.iter().any(|finding| finding.level == Level::Act) {
                return Some(Reverted { days: day as f64 + place as f64 / mail.len() as f64, gmail });
            }
        }
    }
    None
}

/// The mail of a day, in any order.
fn day_of<'a>(
    size: Size,
    accounts: &'a [Address],
    domains: &'a [Address],
    adversary: &'a Adversary,
    rng: &mut ChaCha8Rng,
) -> Vec<Writes<'a>> {
    let mut mail = Vec::new();
    let gmail = accounts.iter().map(Writes::Gmail);
    for writes in gmail.chain(domains.iter().map(Writes::Other)) {
        if rng.random_bool(size.share) {
            // Geometric: at least one.
            mail.push(writes);
            while rng.random_bool(1.0 - 1.0 / size.messages) {
                mail.push(writes);
            }
        }
    }
    let theirs = adversary.addresses.iter().flat_map(|address| std::iter::repeat_n(address, adversary.messages));
    mail.extend(theirs.map(Writes::Adversary));
    mail.shuffle(rng);
    mail
}
