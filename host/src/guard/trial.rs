//! One candidate against one baseline.

use jiff::Timestamp;

use super::bets::Bets;
use super::counts::{Counts, Flip};
use super::culprits::culprits;
use super::evidence::{FlipEvidence, Test, log_threshold};
use super::first_key::{FirstKey, Mail};
use super::floor;
use super::memory::{KnownSenders, Memory};
use super::segment::{Segment, SegmentRef};
use super::sender::{Origin, Sender, key_of_its_own};
use super::settings::{Settings, Tolerance};
use super::sighting::{Key, Sighting, flip};
use super::tally::{Direction, Tally};
use crate::compare::Providers;
use crate::limits::GUARD_WARN_FLIPS_MIN;
use crate::release::ReleaseId;
use crate::verdict::Action;

/// What a finding is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// To tell somebody. Mail that anybody can make suffices for this.
    Warn,
    /// To take the candidate back.
    Act,
}

/// Evidence that a candidate does harm.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it is good for.
    pub level: Level,
    /// The numbers.
    pub evidence: FlipEvidence,
}

/// What one message led to: hardly ever anything.
pub type Findings = Vec<Finding>;

/// One candidate against one baseline in one slot, from shadow to the end of the cool-off: one error probability for all
/// of it. Counts are in a [`Memory`]; this knows only what is done with them.
///
/// # Examples
///
/// ```
/// use jiff::Timestamp;
/// use switchback::guard::{InMemory, Key, Level, Settings, Sighting, Trial};
/// use switchback::{Action, Digest, ReleaseId};
///
/// let baseline = ReleaseId {
///     name: "phish".parse()?,
///     version: "1.1.0".parse::<semver::Version>()?.into(),
///     digest: Digest::of(b"the release file"),
/// };
/// let at = |day: i64| Timestamp::from_second(day * 86_400).expect("a time");
/// let sighting = |day: i64, person: u8| Sighting {
///     at: at(day),
///     fingerprint: [person; 16].into(),
///     sender_domain: Some("gmail.com"),
///     sender: Some(Key::of_sender(&format!("person{person}@gmail.com"))),
///     is_authenticated: true,
///     recipient: None,
/// };
/// let trial = Trial::new(Settings::default(), baseline, at(14));
/// let mut memory = InMemory::default();
/// // Three days, the first two weeks ago, on which people are seen.
/// for day in [0, 5, 10] {
///     for person in 0..50 {
///         let sighting = sighting(day, person);
///         let Ok(_) = trial.learn(&mut memory, &sighting);
///     }
/// }
/// // Then all of their mail is quarantined.
/// assert!((0..50).any(|person| {
///     let Ok(findings) = trial.observe(&mut memory, &sighting(14, person), Action::Deliver, Action::Quarantine);
///     findings.into_iter().any(|finding| finding.level == Level::Act)
/// }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Trial {
    settings: Settings,
    providers: Providers,
    baseline: ReleaseId,
    began_at: Timestamp,
    act: Tests,
    warn: Tests,
}

/// Both tests at one level.
#[derive(Clone, Debug)]
struct Tests {
    tolerance: Tolerance,
    gross: Bets,
    net: Bets,
}

/// What a test decided.
#[derive(Clone, Copy, Debug)]
struct Decision {
    test: Test,
    tolerance: f64,
    alpha: f64,
    log_e: f64,
    log_threshold: f64,
}

impl Tests {
    fn new(tolerance: Tolerance) -> Self {
        Self { tolerance, gross: Test::Gross.bets(tolerance.gross), net: Test::Net.bets(tolerance.net) }
    }

    /// The test that suffices, with half of the error probability for each; if both do, the clearer one.
    fn decide(&self, counts: Counts, alpha: f64, weight: f64) -> Option<Decision> {
        let alpha = alpha / 2.0;
        let log_threshold = log_threshold(alpha, weight);
        let decide = |test, bets: &Bets, tolerance| {
            let log_e = bets.log_e_from(log_threshold, counts)?;
            Some(Decision { test, tolerance, alpha, log_e, log_threshold })
        };
        let gross = decide(Test::Gross, &self.gross, self.tolerance.gross);
        let net = decide(Test::Net, &self.net, self.tolerance.net);
        match (gross, net) {
            (Some(gross), Some(net)) if net.log_e > gross.log_e => Some(net),
            (gross, net) => gross.or(net),
        }
    }
}

/// Of what a message counts as.
#[derive(Clone, Copy, Debug)]
struct Counted {
    flip: Option<Flip>,
    /// Whether it counts as mail of a known sender: the pair is one of the first of its sender on its day.
    in_eligible: bool,
    /// Whether a flip counts as anybody's mail: it is the first of its address on its day.
    in_any: bool,
}

impl Trial {
    /// A candidate that is compared with this baseline since then.
    #[must_use]
    pub fn new(settings: Settings, baseline: ReleaseId, began_at: Timestamp) -> Self {
        Self {
            providers: settings.all_providers(),
            act: Tests::new(settings.tolerance),
            warn: Tests::new(settings.tolerance_warn),
            settings,
            baseline,
            began_at,
        }
    }

    /// What is tolerated.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the candidate is compared with.
    pub fn baseline(&self) -> &ReleaseId {
        &self.baseline
    }

    /// Since when.
    pub fn began_at(&self) -> Timestamp {
        self.began_at
    }

    /// Counts what both made of a message, once per campaign, and says what follows. Of each segment and direction a
    /// level is found once. Also learns who sent it ([`learn`](Self::learn)).
    ///
    /// # Errors
    /// If the memory fails. What it kept until then, it may have kept; nothing else has happened.
    pub fn observe<M: Memory>(
        &self,
        memory: &mut M,
        sighting: &Sighting<'_>,
        before: Action,
        after: Action,
    ) -> Result<Findings, M::Error> {
        let origin = Origin::of(sighting, &self.providers);
        let sender = Sender::at(origin, memory, sighting, &self.settings, Some(self.began_at))?;
        let mail = if sender.is_eligible { Mail::Eligible } else { Mail::Any };
        let flip = flip(before, after);
        let hour = sighting.at.as_second().div_euclid(HOUR_S);
        let mut findings = Findings::new();
        let mut has_share = None;
        for segment in Origin::segments(origin) {
            let campaign = FirstKey::campaign(sighting.fingerprint, segment.key(), hour, mail);
            // From the smallest segment to the largest: what was counted in one was counted in those around it.
            if !memory.is_first(campaign, sighting.at, end(hour, HOUR_S))? {
                break;
            }
            let in_eligible = match has_share {
                Some(known) => known,
                None => *has_share.insert(self.has_share(memory, sighting, sender)?),
            };
            let in_any = flip.map_or(Ok(true), |flip| is_first_flip(memory, sighting, segment.key(), sender, flip))?;
            let counted = Counted { flip, in_eligible, in_any };
            count(memory.tally(segment)?, sighting, sender, counted);
            let Some(flip) = flip else { continue };
            let sure = if in_eligible { self.sure(memory, sighting, segment, flip)? } else { None };
            let found = self.judge(segment, memory.tally(segment)?, flip, counted, sure);
            if let Some(mut finding) = found {
                if finding.level == Level::Act {
                    finding.evidence.harmed = self.harmed(memory, finding.evidence.flip)?;
                }
                findings.push(finding);
            }
        }
        Ok(findings)
    }

    /// Whether a pair counts as a known sender's: the first ones of its sender on its day do. What the pair shows has no
    /// part in this, or a sender could choose what counts.
    fn has_share<M: Memory>(&self, memory: &mut M, sighting: &Sighting<'_>, sender: Sender) -> Result<bool, M::Error> {
        let Some(unit) = sender.unit.filter(|_| sender.is_eligible) else { return Ok(false) };
        let day = day(sighting.at);
        for place in 0..sender.pairs(&self.settings) {
            if memory.is_first(FirstKey::pair(unit, day, place), sighting.at, end(day, DAY_S))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What the tests have to be sure of before anything is done in a segment ([`floor::reached`]).
    fn sure<M: Memory>(
        &self,
        memory: &mut M,
        sighting: &Sighting<'_>,
        segment: SegmentRef<'_>,
        flip: Flip,
    ) -> Result<Option<Counts>, M::Error> {
        let days = day(sighting.at) - day(self.began_at) + 1;
        floor::reached(&self.settings, memory, segment, flip, u64::try_from(days).unwrap_or(1))
    }

    /// Remembers who sent a message, if that sender was authenticated, and says who stands for it. For messages that only
    /// one release has answered; [`observe`](Self::observe) does it for pairs.
    ///
    /// # Errors
    /// If the memory fails.
    pub fn learn<M: KnownSenders>(&self, memory: &mut M, sighting: &Sighting<'_>) -> Result<Sender, M::Error> {
        Sender::of(memory, sighting, &self.settings, &self.providers, Some(self.began_at))
    }

    /// Every segment in which verdicts flip this way by now, beyond what is tolerated at the level of warnings: at most
    /// 32, the clearest first. Of those that it names, on average at most `alpha_warn` are not harmed.
    ///
    /// # Errors
    /// If the memory fails.
    pub fn harmed<M: Memory>(&self, memory: &mut M, flip: Flip) -> Result<Vec<Segment>, M::Error> {
        Ok(culprits(memory.flipped(flip, GUARD_WARN_FLIPS_MIN)?, &self.settings))
    }

    /// The evidence on eligible mail at the level of warnings, by now.
    pub(super) fn is_warned_by_eligible(&self, direction: &Direction, flip: Flip, weight: f64) -> bool {
        direction.eligible.flips >= GUARD_WARN_FLIPS_MIN
            && (direction.is_harmed || self.warn.decide(direction.eligible, self.settings.alpha_warn, weight).is_some())
            && self.acts_on(flip)
    }

    fn acts_on(&self, flip: Flip) -> bool {
        flip == Flip::Up || self.settings.acts_on_flips_down
    }

    /// Judges a flip that was counted. Others can only lessen the evidence for harm.
    fn judge(
        &self,
        segment: SegmentRef<'_>,
        tally: &mut Tally,
        flip: Flip,
        counted: Counted,
        sure: Option<Counts>,
    ) -> Option<Finding> {
        let weight = tally.weight;
        let direction = tally.direction_mut(flip);
        let alpha = match flip {
            Flip::Up => self.settings.alpha,
            Flip::Down => self.settings.alpha_down,
        };
        if let Some(sure) = sure
            && !direction.is_harmed
            && let Some(decision) = self.act.decide(direction.eligible, alpha, weight)
            && self.act.decide(sure, alpha, weight).is_some()
        {
            direction.is_harmed = true;
            let was_warned = std::mem::replace(&mut direction.is_warned, true);
            let level = if self.acts_on(flip) { Level::Act } else { Level::Warn };
            let evidence = self.evidence(segment, flip, weight, direction, direction.eligible, decision);
            return (level == Level::Act || !was_warned).then_some(Finding { level, evidence });
        }
        if counted.in_any
            && !direction.is_warned
            && direction.any.flips >= GUARD_WARN_FLIPS_MIN
            && let Some(decision) = self.warn.decide(direction.any, self.settings.alpha_warn, weight)
        {
            direction.is_warned = true;
            let evidence = self.evidence(segment, flip, weight, direction, direction.any, decision);
            return Some(Finding { level: Level::Warn, evidence });
        }
        None
    }

    fn evidence(
        &self,
        segment: SegmentRef<'_>,
        flip: Flip,
        weight: f64,
        direction: &Direction,
        counts: Counts,
        decision: Decision,
    ) -> FlipEvidence {
        FlipEvidence {
            baseline: self.baseline.clone(),
            began_at: self.began_at,
            segment: segment.to_segment(),
            flip,
            test: decision.test,
            counts,
            tolerance: decision.tolerance,
            alpha: decision.alpha,
            weight,
            log_e: decision.log_e,
            log_threshold: decision.log_threshold,
            senders: u8::try_from(direction.senders.accounts()).unwrap_or(u8::MAX),
            recipients: direction.recipients.count(),
            harmed: Vec::new(),
        }
    }
}

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;

fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(DAY_S)
}

/// When an hour or a day is over.
fn end(period: i64, seconds: i64) -> Timestamp {
    Timestamp::from_second((period + 1) * seconds).unwrap_or(Timestamp::MAX)
}

/// Whether a flip is the first one of its address today, whoever it is.
fn is_first_flip<M: Memory>(
    memory: &mut M,
    sighting: &Sighting<'_>,
    segment: Key,
    sender: Sender,
    flip: Flip,
) -> Result<bool, M::Error> {
    let day = day(sighting.at);
    memory.is_first(FirstKey::flip(sender.address, segment, day, flip), sighting.at, end(day, DAY_S))
}

/// Counts a campaign in both directions. Of a known sender it counts or it does not, whatever it shows. Of anybody, a flip
/// over the share of its address counts in the other direction alone, where it speaks for the candidate.
fn count(tally: &mut Tally, sighting: &Sighting<'_>, sender: Sender, counted: Counted) {
    for flip in [Flip::Up, Flip::Down] {
        let direction = tally.direction_mut(flip);
        add(&mut direction.any, flip, counted.flip, counted.in_any);
        if !counted.in_eligible {
            continue;
        }
        add(&mut direction.eligible, flip, counted.flip, true);
        if counted.flip == Some(flip) {
            direction.senders.add(sender.witness());
            direction.recipients.add(sighting.recipient.unwrap_or_else(|| key_of_its_own(sighting)));
        }
    }
}

fn add(counts: &mut Counts, direction: Flip, flip: Option<Flip>, is_counted: bool) {
    match flip {
        None => {}
        Some(flip) if flip != direction => counts.opposite += 1,
        Some(_) if is_counted => counts.flips += 1,
        Some(_) => return,
    }
    counts.all += 1;
}
