//! A release that is tried out step by step.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use switchback_model::guard::{MailCounts, Proof, Segment, Standing, TrialEvidence};
use switchback_model::lasting::Lasting;
use switchback_model::release::ReleaseId;
use switchback_model::route::BASIS_POINTS;

use super::note::OperationNote;
use crate::guard_store::PauseCause;
use crate::limits::ROLLOUT_STEPS_MAX;

/// What a release does in one step of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Exposure {
    /// It scores everything, and decides nothing.
    Shadow,
    /// It decides for a share, in basis points, 1 to 9,999.
    Canary(u16),
    /// It is live.
    Live,
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shadow => f.pad("shadow"),
            Self::Canary(share_bp) => write!(f, "{}%", f64::from(*share_bp) / 100.0),
            Self::Live => f.pad("100%"),
        }
    }
}

/// One step of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RolloutStep {
    /// What the release does.
    #[serde(rename = "trying")]
    pub exposure: Exposure,
    /// For how many seconds at least; 0 in the last one, which has no end.
    pub hold_s: u64,
}

impl fmt::Display for RolloutStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hold_s {
            0 => write!(f, "{}", self.exposure),
            s if s % 86_400 == 0 => write!(f, "{} {}d", self.exposure, s / 86_400),
            s if s % 3_600 == 0 => write!(f, "{} {}h", self.exposure, s / 3_600),
            s if s % 60 == 0 => write!(f, "{} {}m", self.exposure, s / 60),
            s => write!(f, "{} {s}s", self.exposure),
        }
    }
}

/// The steps of a rollout: a shadow first, if at all, then rising shares, up to everything.
///
/// Written as `shadow 24h, 1% 30m, 5% 30m, 25% 30m, 100%`: what the release does, and for how long at least, as
/// [`Lasting`] is written, in whole seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "Vec<RolloutStep>", into = "Vec<RolloutStep>")]
pub struct Plan(Vec<RolloutStep>);

impl Plan {
    /// The steps, at least one.
    pub fn steps(&self) -> &[RolloutStep] {
        &self.0
    }
}

impl From<Plan> for Vec<RolloutStep> {
    fn from(plan: Plan) -> Self {
        plan.0
    }
}

impl TryFrom<Vec<RolloutStep>> for Plan {
    type Error = InvalidPlan;

    fn try_from(steps: Vec<RolloutStep>) -> Result<Self, InvalidPlan> {
        let Some((last, before)) = steps.split_last() else { return Err(InvalidPlan::Empty) };
        if steps.len() > ROLLOUT_STEPS_MAX {
            return Err(InvalidPlan::TooLong(steps.len()));
        }
        if last.exposure != Exposure::Live || last.hold_s != 0 {
            return Err(InvalidPlan::Unfinished(last.to_string()));
        }
        if let Some(endless) = before.iter().find(|step| step.hold_s == 0) {
            return Err(InvalidPlan::Endless(endless.to_string()));
        }
        if let Some(pair) = steps.windows(2).find(|pair| share_bp(pair[0]) >= share_bp(pair[1])) {
            return Err(InvalidPlan::NotRising(pair[0].to_string(), pair[1].to_string()));
        }
        Ok(Self(steps))
    }
}

/// The share that a step decides for, in basis points.
fn share_bp(step: RolloutStep) -> u16 {
    match step.exposure {
        Exposure::Shadow => 0,
        Exposure::Canary(share_bp) => share_bp,
        Exposure::Live => BASIS_POINTS,
    }
}

impl FromStr for Plan {
    type Err = InvalidPlan;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').map(|step| parsed(step.trim())).collect::<Result<Vec<_>, _>>()?.try_into()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<_> = self.0.iter().map(RolloutStep::to_string).collect();
        f.write_str(&steps.join(", "))
    }
}

fn parsed(text: &str) -> Result<RolloutStep, InvalidPlan> {
    let invalid = || InvalidPlan::Step(text.to_owned());
    let (word, hold) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let exposure = exposure(word).ok_or_else(invalid)?;
    let hold_s = if hold.trim().is_empty() { Some(0) } else { seconds(hold) };
    Ok(RolloutStep { exposure, hold_s: hold_s.ok_or_else(invalid)? })
}

fn exposure(word: &str) -> Option<Exposure> {
    if word == "shadow" {
        return Some(Exposure::Shadow);
    }
    let share_bp = word.strip_suffix('%')?.parse::<f64>().ok()? * 100.0;
    let is_share = (1.0..=f64::from(BASIS_POINTS)).contains(&share_bp) && (share_bp - share_bp.round()).abs() < 1e-6;
    // At most 10,000.
    let share_bp = is_share.then_some(share_bp.round() as u16)?;
    Some(if share_bp == BASIS_POINTS { Exposure::Live } else { Exposure::Canary(share_bp) })
}

fn seconds(hold: &str) -> Option<u64> {
    let Lasting(hold) = hold.parse().ok()?;
    (hold.subsec_nanos() == 0).then_some(hold.as_secs())
}

/// Why a text, or a list of steps, is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPlan {
    /// There is no step.
    #[error("a plan has at least one step, such as `shadow 24h, 1% 30m, 100%`")]
    Empty,
    /// There are too many.
    #[error("a plan has at most {ROLLOUT_STEPS_MAX} steps, this one has {0}")]
    TooLong(usize),
    /// A step that cannot be read.
    #[error("`{0}` is no step: `shadow 24h`, `2.5% 30m` or, as the last one, `100%` are")]
    Step(String),
    /// The last step is not everything.
    #[error("the last step has to be `100%`, without a time: that is where a rollout leads; this one ends with `{0}`")]
    Unfinished(String),
    /// A step before the last without a time.
    #[error("`{0}` needs a time, such as `{0} 30m`: a rollout goes on after it")]
    Endless(String),
    /// Shares that do not rise.
    #[error("`{1}` cannot follow `{0}`: shares only rise")]
    NotRising(String, String),
}

/// A rollout on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Rollout {
    /// What is rolled out.
    pub release: ReleaseId,
    /// What was live when it began. Where another release takes charge, the rollout ends.
    pub baseline: ReleaseId,
    /// The steps.
    pub plan: Plan,
    /// The step that it is in, from 0.
    pub step: usize,
    /// Since when.
    pub step_began: Timestamp,
    /// Who began it, when and why.
    pub began: OperationNote,
}

impl Rollout {
    /// A rollout of a release by a plan, which is in its first step since somebody began it.
    #[doc(hidden)]
    pub fn new(release: ReleaseId, baseline: ReleaseId, plan: Plan, began: OperationNote) -> Self {
        Self { release, baseline, plan, step: 0, step_began: began.at, began }
    }
}

/// How a rollout goes on.
#[derive(Clone, Debug, PartialEq)]
// Exhaustive: whoever drives a rollout has to act on each.
pub enum Progress {
    /// The next step is due, and nothing speaks against it.
    Due(usize),
    /// Its step takes its time.
    Holds {
        /// Until then.
        until: Timestamp,
    },
    /// Its step has taken its time, and something is missing or wrong.
    Paused(Pause),
}

/// Why a rollout pauses.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Pause {
    /// Segments are harmed.
    #[error("{} is harmed: look at what the guard counted, then withdraw the release", .0.iter().map(Segment::to_string).collect::<Vec<_>>().join(", "))]
    Harmed(Vec<Segment>),
    /// Not enough is known.
    #[error("not enough is known yet: {proof} ({pairs})")]
    Unproven {
        /// What is known of all senders together, and what it takes.
        proof: Proof,
        /// All pairs that both releases scored.
        pairs: MailCounts,
    },
}

impl Pause {
    /// Its cause, without the numbers.
    #[doc(hidden)]
    pub const fn cause(&self) -> PauseCause {
        match self {
            Self::Harmed(_) => PauseCause::Harmed,
            Self::Unproven { .. } => PauseCause::Unproven,
        }
    }
}

impl Rollout {
    /// The step that it is in.
    pub fn current(&self) -> Option<RolloutStep> {
        self.plan.steps().get(self.step).copied()
    }

    /// How it goes on at this time. It never goes on for lack of evidence, however long it waited.
    pub fn progress(&self, now: Timestamp, evidence: &TrialEvidence) -> Progress {
        let hold = self.current().map_or(0, |step| step.hold_s);
        let hold = SignedDuration::try_from(Duration::from_secs(hold)).unwrap_or(SignedDuration::MAX);
        let until = self.step_began.checked_add(hold).unwrap_or(Timestamp::MAX);
        if !evidence.harmed.is_empty() {
            return Progress::Paused(Pause::Harmed(evidence.harmed.clone()));
        }
        if now < until {
            return Progress::Holds { until };
        }
        if evidence.everything.standing != Standing::Proven {
            return Progress::Paused(Pause::Unproven { proof: evidence.everything, pairs: evidence.pairs });
        }
        Progress::Due(self.step + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::number::EventSequence;
    use switchback_model::guard::GuardSettings;
    use switchback_model::release::Digest;

    const PLAN: &str = "shadow 1d, 1% 30m, 2.5% 90s, 100%";

    #[test]
    fn a_plan_reads_back_as_it_is_written() {
        let plan: Plan = PLAN.parse().unwrap();
        assert_eq!(plan.to_string(), PLAN);
        for same in ["shadow 24h,1%  30m , 2.5% 90s,100%", "shadow 1 day, 1% 30 minutes, 2.5% 1min 30s, 100%"] {
            assert_eq!(same.parse(), Ok(plan.clone()), "{same}");
        }
        assert_eq!(serde_json::from_str::<Plan>(&serde_json::to_string(&plan).unwrap()).unwrap(), plan);
    }

    #[test]
    fn what_is_no_plan_is_refused_with_what_to_do() {
        for (text, why) in [
            ("", "`` is no step"),
            ("1% 5x, 100%", "`1% 5x` is no step"),
            ("1% 1mo, 100%", "`1% 1mo` is no step"),
            ("1% 1.5s, 100%", "`1% 1.5s` is no step"),
            ("0% 5m, 100%", "`0% 5m` is no step"),
            ("0.001% 5m, 100%", "is no step"),
            ("101%", "`101%` is no step"),
            ("1% 30m", "the last step has to be `100%`"),
            ("100% 5m", "the last step has to be `100%`"),
            ("1%, 100%", "`1%` needs a time, such as `1% 30m`"),
            ("5% 1m, 1% 1m, 100%", "`1% 1m` cannot follow `5% 1m`"),
            ("1% 1m, shadow 1h, 100%", "`shadow 1h` cannot follow `1% 1m`"),
            ("100%, 100%", "`100%` needs a time"),
        ] {
            let error = text.parse::<Plan>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        let long: Vec<_> = (1..=u16::try_from(ROLLOUT_STEPS_MAX).unwrap())
            .map(|share_bp| RolloutStep { exposure: Exposure::Canary(share_bp), hold_s: 1 })
            .chain([RolloutStep { exposure: Exposure::Live, hold_s: 0 }])
            .collect();
        assert_eq!(Plan::try_from(long), Err(InvalidPlan::TooLong(ROLLOUT_STEPS_MAX + 1)));
    }

    #[test]
    fn a_rollout_goes_on_only_with_time_and_evidence() {
        let release = |version: &str| {
            let digest = Digest::of(version.as_bytes());
            ReleaseId::new("phish".parse().unwrap(), semver::Version::parse(version).unwrap(), digest)
        };
        let (began, later) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(86_400).unwrap());
        let note =
            OperationNote { sequence: EventSequence::new(1), at: began, author: "ada".into(), reason: String::new() };
        let rollout = Rollout::new(release("2.0.0"), release("1.0.0"), PLAN.parse().unwrap(), note);
        let mut pairs = MailCounts::default();
        (pairs.messages, pairs.authenticated, pairs.eligible, pairs.addressed) = (30, 12, 10, 30);
        let proof = |campaigns| Proof::of(0.02, 0, campaigns);
        let evidence = |harmed: &[Segment], everything| {
            let mut evidence = TrialEvidence::none(&GuardSettings::default());
            (evidence.harmed, evidence.everything, evidence.pairs) = (harmed.to_vec(), everything, pairs);
            evidence
        };
        let proven = evidence(&[], proof(177));
        let soon = later - SignedDuration::from_secs(1);
        assert_eq!(rollout.progress(soon, &proven), Progress::Holds { until: later });
        assert_eq!(rollout.progress(later, &proven), Progress::Due(1));
        let unproven = evidence(&[], proof(9));
        assert_eq!(rollout.progress(later, &unproven), Progress::Paused(Pause::Unproven { proof: proof(9), pairs }));
        assert_eq!(
            Pause::Unproven { proof: proof(9), pairs }.to_string(),
            "not enough is known yet: of the 177 campaigns of authenticated, known senders that it takes 9 were compared, \
             0 of them newly flagged; so with 95 % confidence fewer than 32.31 % flip, and it takes fewer than 2 % (30 \
             messages: 10 of authenticated, known senders, 2 of authenticated senders that are new, 18 of unauthenticated \
             ones)"
        );
        let gmail = [Segment::Domain("gmail.com".into())];
        let harmed = evidence(&gmail, proof(177));
        assert_eq!(rollout.progress(later, &harmed), Progress::Paused(Pause::Harmed(gmail.to_vec())));
    }
}
