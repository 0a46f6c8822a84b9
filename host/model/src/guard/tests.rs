//! Properties of the guard as a whole.

mod counting;
mod forms;
mod poisoning;

use jiff::Timestamp;

use super::{Findings, GuardSettings, InMemory, Key, Level, Sighting, Trial};
use crate::message::Fingerprint;
use crate::release::{Digest, ReleaseId};
use crate::verdict::Action;

/// A day of the tests, in seconds. They begin at one.
const DAY_S: i64 = 86_400;

fn release(version: &str) -> ReleaseId {
    ReleaseId {
        name: "phish".parse().unwrap(),
        version: version.parse::<semver::Version>().unwrap().into(),
        digest: Digest::of(version.as_bytes()),
    }
}

/// A trial and what it remembers.
struct World {
    trial: Trial,
    memory: InMemory,
}

/// One message, in what the guard sees of it.
#[derive(Clone, Copy)]
struct Letter<'a> {
    second: i64,
    domain: &'a str,
    person: u64,
    is_authenticated: bool,
    campaign: u64,
    recipient: u64,
}

/// A message of a day, of somebody at this domain, unlike any other.
fn letter(day: i64, domain: &str, number: u64) -> Letter<'_> {
    let second = day * DAY_S + number as i64 % DAY_S;
    Letter { second, domain, person: number, is_authenticated: true, campaign: number, recipient: number }
}

fn fingerprint(campaign: u64) -> Fingerprint {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&blake3::hash(&campaign.to_le_bytes()).as_bytes()[..16]);
    bytes.into()
}

impl<'a> Letter<'a> {
    fn sighting(&self, sender: Key) -> Sighting<'a> {
        Sighting {
            at: Timestamp::from_second(self.second).unwrap(),
            fingerprint: fingerprint(self.campaign),
            sender_domain: Some(self.domain),
            sender: Some(sender),
            is_authenticated: self.is_authenticated,
            recipient: Some(Key(self.recipient)),
        }
    }
}

impl World {
    fn new(settings: GuardSettings) -> Self {
        Self::entered(settings, 0)
    }

    /// One in which the candidate enters its trial on a day.
    fn entered(settings: GuardSettings, day: i64) -> Self {
        settings.validate().unwrap();
        let entered = Timestamp::from_second(day * DAY_S).unwrap();
        Self { trial: Trial::new(settings, release("1.1.0"), entered), memory: InMemory::default() }
    }

    /// Everybody is known who is authenticated.
    fn of_known() -> Self {
        Self::new(GuardSettings { known_days: 0, ..GuardSettings::default() })
    }

    fn judge(&mut self, letter: Letter<'_>, before: Action, after: Action) -> Findings {
        let sender = Key::of(&format!("{}@{}", letter.person, letter.domain));
        self.judge_from(letter, sender, before, after)
    }

    fn judge_from(&mut self, letter: Letter<'_>, sender: Key, before: Action, after: Action) -> Findings {
        let Ok(findings) = self.trial.observe(&mut self.memory, &letter.sighting(sender), before, after);
        for finding in &findings {
            assert!(finding.evidence.agrees() && finding.evidence.is_sufficient(), "{finding:?}");
        }
        findings
    }

    /// Only learns who sent it.
    fn learns(&mut self, letter: Letter<'_>, sender: Key) {
        let Ok(_) = self.trial.learn(&mut self.memory, &letter.sighting(sender));
    }

    fn flips_up(&mut self, letter: Letter<'_>) -> Findings {
        self.judge(letter, Action::Deliver, Action::Quarantine)
    }

    fn stays(&mut self, letter: Letter<'_>) -> Findings {
        self.judge(letter, Action::Deliver, Action::Tag)
    }
}

fn levels(findings: &Findings) -> Vec<Level> {
    findings.iter().map(|finding| finding.level).collect()
}

fn acts(findings: &Findings) -> bool {
    levels(findings).contains(&Level::Act)
}
