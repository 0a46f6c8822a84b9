//! One candidate against one baseline.

use jiff::Timestamp;
use serde::Serialize;

use super::bets::Bets;
use super::counts::{Counts, Flip};
use super::culprits::culprits;
use super::evidence::{FlipEvidence, Test, log_threshold};
use super::first_key::{FirstKey, Mail};
use super::floor::{self, Circumstances};
use super::memory::{KnownSenders, Memory};
use super::requirement::{Found, Requirements};
use super::segment::{Segment, SegmentRef};
use super::sender::{Origin, Sender, key_of_its_own};
use super::settings::{GuardSettings, Tolerance};
use super::sighting::{Key, Sighting, flip};
use super::tally::{DirectionTally, Tally};
use crate::compare::Providers;
use crate::limits::GUARD_WARN_FLIPS_MIN;
use crate::release::ReleaseId;
use crate::verdict::Action;

/// What a finding is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
// Exhaustive: whoever learns of it tells or acts.
pub enum Level {
    /// To tell somebody. Mail that anybody can make suffices for this.
    Warn,
    /// To take the candidate back.
    Act,
}

/// Evidence that a candidate does harm.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// What it is good for.
    pub level: Level,
    /// The numbers.
    pub evidence: FlipEvidence,
    /// What it takes to act, and what there is of it: of a warning, why nothing is done.
    pub requirements: Requirements,
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
/// use switchback::guard::{InMemory, Key, Level, GuardSettings, Sighting, Trial};
/// use switchback::{Action, Digest, ReleaseId};
///
/// let version: semver::Version = "1.1.0".parse()?;
/// let baseline = ReleaseId::new("phish".parse()?, version, Digest::of(b"the release file"));
/// let at = |day: i64| Timestamp::from_second(day * 86_400).expect("a time");
/// let sighting = |day: i64, person: u8| {
///     Sighting::new(at(day), [person; 16].into())
///         .sender_domain(Some("gmail.com"))
///         .sender(Some(Key::of_sender(&format!("person{person}@gmail.com"))))
///         .is_authenticated(true)
/// };
/// let trial = Trial::new(GuardSettings::default(), baseline, at(14));
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
    settings: GuardSettings,
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

/// The evidence of a test, be it enough or not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Strength {
    /// Which test.
    pub test: Test,
    /// The share that it tolerates.
    pub tolerance: f64,
    /// Its error probability for the whole rollout.
    pub alpha: f64,
    /// The natural logarithm of the E-value.
    pub log_e: f64,
    /// What that has to reach.
    pub log_threshold: f64,
}

impl Tests {
    fn new(tolerance: Tolerance) -> Self {
        Self { tolerance, gross: Test::Gross.bets(tolerance.gross), net: Test::Net.bets(tolerance.net) }
    }

    /// The clearer test, with half of the error probability for each.
    fn strength(&self, counts: Counts, alpha: f64, weight: f64) -> Strength {
        let alpha = alpha / 2.0;
        let log_threshold = log_threshold(alpha, weight);
        let of = |test, bets: &Bets, tolerance| Strength {
            test,
            tolerance,
            alpha,
            log_e: bets.log_e(counts),
            log_threshold,
        };
        let gross = of(Test::Gross, &self.gross, self.tolerance.gross);
        let net = of(Test::Net, &self.net, self.tolerance.net);
        if net.log_e > gross.log_e { net } else { gross }
    }

    /// The logarithm of one test's E-value.
    fn log_e(&self, test: Test, counts: Counts) -> f64 {
        match test {
            Test::Gross => self.gross.log_e(counts),
            Test::Net => self.net.log_e(counts),
        }
    }

    /// The same if it suffices.
    fn decide(&self, counts: Counts, alpha: f64, weight: f64) -> Option<Strength> {
        let threshold = log_threshold(alpha / 2.0, weight);
        let suffices = |bets: &Bets| bets.log_e_from(threshold, counts).is_some();
        (suffices(&self.gross) || suffices(&self.net)).then(|| self.strength(counts, alpha, weight))
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
    pub fn new(settings: GuardSettings, baseline: ReleaseId, began_at: Timestamp) -> Self {
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
    pub fn settings(&self) -> &GuardSettings {
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
        self.observe_at(origin, memory, (sighting, sender), flip(before, after))
    }

    /// The same of a message of which it is known who stands for it, and that was learned from.
    ///
    /// # Errors
    /// As [`observe`](Self::observe).
    pub fn observe_from<M: Memory>(
        &self,
        memory: &mut M,
        sighting: &Sighting<'_>,
        sender: Sender,
        before: Action,
        after: Action,
    ) -> Result<Findings, M::Error> {
        self.observe_at(Origin::of(sighting, &self.providers), memory, (sighting, sender), flip(before, after))
    }

    fn observe_at<M: Memory>(
        &self,
        origin: Option<Origin<'_>>,
        memory: &mut M,
        (sighting, sender): (&Sighting<'_>, Sender),
        flip: Option<Flip>,
    ) -> Result<Findings, M::Error> {
        let mail = if sender.is_eligible { Mail::Eligible } else { Mail::Any };
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
            let knows_few = floor::knows_few(&self.settings, memory, segment, flip)?;
            let circumstances = self.circumstances(sighting.at, knows_few);
            let found = self.judge(segment, memory.tally(segment)?, flip, counted, circumstances);
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
    pub(super) fn is_warned_by_eligible(&self, direction: &DirectionTally, flip: Flip, weight: f64) -> bool {
        direction.eligible.flips >= GUARD_WARN_FLIPS_MIN
            && (direction.is_harmed || self.warn.decide(direction.eligible, self.settings.alpha_warn, weight).is_some())
            && self.acts_on(flip)
    }

    /// What has to be so before the candidate is taken back for flips this way in a segment, and how much of it there is by
    /// now. The guard acts when all of it is met, if it [acts on](Self::acts_on) flips this way.
    pub fn requirements(&self, tally: &Tally, flip: Flip, circumstances: Circumstances) -> Requirements {
        let direction = tally.direction(flip);
        let others = self.of_others(tally, flip, circumstances);
        let sure = self.strength_of(tally, flip, others);
        let found = Found {
            flips: direction.eligible.flips,
            senders: senders(direction),
            recipients: direction.recipients.count(),
            others: others.flips,
            log_e: self.act.log_e(sure.test, direction.eligible),
            log_e_of_others: sure.log_e,
            log_threshold: sure.log_threshold,
        };
        Requirements::of(&self.settings.floor, found)
    }

    /// The evidence for acting on flips this way, by now.
    pub fn strength(&self, tally: &Tally, flip: Flip) -> Strength {
        self.strength_of(tally, flip, tally.direction(flip).eligible)
    }

    fn strength_of(&self, tally: &Tally, flip: Flip, counts: Counts) -> Strength {
        self.act.strength(counts, self.alpha(flip), tally.weight)
    }

    /// What is left without all that an adversary can have added. Whatever test is sure of this is sure of all.
    fn of_others(&self, tally: &Tally, flip: Flip, circumstances: Circumstances) -> Counts {
        let direction = tally.direction(flip);
        direction.eligible.with_flips(floor::flips_of_others(&self.settings, direction, circumstances))
    }

    /// What a decision at this time depends on beside the counts; whether the filter knows few senders is asked for all mail
    /// together alone.
    pub fn circumstances(&self, at: Timestamp, knows_few: bool) -> Circumstances {
        Circumstances { days: u64::try_from(day(at) - day(self.began_at) + 1).unwrap_or(1), knows_few }
    }

    /// Whether flips this way are acted on, and not only warned about.
    pub fn acts_on(&self, flip: Flip) -> bool {
        flip == Flip::Up || self.settings.acts_on_flips_down
    }

    fn alpha(&self, flip: Flip) -> f64 {
        match flip {
            Flip::Up => self.settings.alpha,
            Flip::Down => self.settings.alpha_down,
        }
    }

    /// Judges a flip that was counted. Others can only lessen the evidence for harm.
    fn judge(
        &self,
        segment: SegmentRef<'_>,
        tally: &mut Tally,
        flip: Flip,
        counted: Counted,
        circumstances: Circumstances,
    ) -> Option<Finding> {
        let weight = tally.weight;
        let direction = tally.direction(flip);
        let others = self.of_others(tally, flip, circumstances);
        if counted.in_eligible
            && !direction.is_harmed
            && others.flips > 0
            && self.act.decide(others, self.alpha(flip), weight).is_some()
            && self.requirements(tally, flip, circumstances).are_met()
        {
            let level = if self.acts_on(flip) { Level::Act } else { Level::Warn };
            let strength = self.strength_of(tally, flip, others);
            let strength = Strength { log_e: self.act.log_e(strength.test, direction.eligible), ..strength };
            let finding = self.finding(level, (segment, tally, flip, circumstances), (direction.eligible, strength));
            let direction = tally.direction_mut(flip);
            direction.is_harmed = true;
            let was_warned = std::mem::replace(&mut direction.is_warned, true);
            return (level == Level::Act || !was_warned).then_some(finding);
        }
        if counted.in_any
            && !direction.is_warned
            && direction.any.flips >= GUARD_WARN_FLIPS_MIN
            && let Some(strength) = self.warn.decide(direction.any, self.settings.alpha_warn, weight)
        {
            let finding = self.finding(Level::Warn, (segment, tally, flip, circumstances), (direction.any, strength));
            tally.direction_mut(flip).is_warned = true;
            return Some(finding);
        }
        None
    }

    fn finding(
        &self,
        level: Level,
        (segment, tally, flip, circumstances): (SegmentRef<'_>, &Tally, Flip, Circumstances),
        (counts, strength): (Counts, Strength),
    ) -> Finding {
        let direction = tally.direction(flip);
        let evidence = FlipEvidence {
            baseline: self.baseline.clone(),
            began_at: self.began_at,
            segment: segment.to_segment(),
            flip,
            test: strength.test,
            counts,
            tolerance: strength.tolerance,
            alpha: strength.alpha,
            weight: tally.weight,
            log_e: strength.log_e,
            log_threshold: strength.log_threshold,
            senders: senders(direction),
            recipients: direction.recipients.count(),
            others: Some(self.of_others(tally, flip, circumstances).flips),
            harmed: Vec::new(),
        };
        Finding { level, evidence, requirements: self.requirements(tally, flip, circumstances) }
    }
}

/// How many accounts have flipped, up to 255.
fn senders(direction: &DirectionTally) -> u8 {
    u8::try_from(direction.senders.accounts()).unwrap_or(u8::MAX)
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
