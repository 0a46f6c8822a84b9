//! What the guard may do, and from when on.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::segment::{InvalidSegment, Segment};
use crate::compare::Providers;
use crate::limits::{BREAKER_FAILURES_MAX, FLOOR_MAX, SENDER_PAIRS_MAX};

/// What the guard does by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: whoever asks the guard has to know what each does.
pub enum Mode {
    /// It reverts, withdraws and blocks.
    #[default]
    Act,
    /// It raises alerts, and changes nothing.
    Warn,
    /// It does not look.
    Off,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Act => "act",
            Self::Warn => "warn",
            Self::Off => "off",
        })
    }
}

/// How large a share of flips a test tolerates: its null hypothesis.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Tolerance {
    /// Of the gross test: the share of campaigns that flip in the direction that is tested. 0 to 0.5.
    pub gross: f64,
    /// Of the net test: that share less the share that flips the other way. 0 to 0.5.
    pub net: f64,
}

/// How much has to have flipped in a segment before anything is done, whatever the tests say: so that no campaign of a
/// few people decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Floor {
    /// Campaigns that flipped.
    pub campaigns: u32,
    /// Senders of those: accounts of a provider, else organisations. Of a provider whose accounts have several addresses
    /// that nobody can tell from others', ten addresses are one. At most 50.
    pub senders: u8,
    /// Recipients of those. At most 50.
    pub recipients: u8,
}

/// A floor for a filter that knows few senders, where as many as [`Floor::senders`] may never write: fewer suffice among
/// all senders together, if each of them has been known for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Few {
    /// A filter that knows fewer senders than this knows few. 0 turns it off. At most 1,000.
    pub known: u32,
    /// So many senders of flips suffice there. At most 50.
    pub senders: u8,
    /// If each was seen first so many days before the candidate entered its trial.
    pub age_days: u32,
}

/// When a release fails too much to wait for statistics.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BreakerSettings {
    /// Over how many seconds is counted. 1 to 3,600.
    pub window_s: u32,
    /// So many failures (traps, deadlines, results outside the contract) of so many senders trip it. Where no
    /// baseline was asked they have to be a larger share of the calls than [`failures_share`](Self::failures_share), too. 1
    /// to 1,024.
    pub failures: u32,
    /// So large a share of the calls that fails trips it, from [`calls_min`](Self::calls_min) calls on. 0 to 1.
    pub failures_share: f64,
    /// How many calls in the window say something about a share.
    pub calls_min: u32,
    /// A call that takes longer than this, in milliseconds, without what the host reads of the message, is slow. More than
    /// [`failures_share`](Self::failures_share) slow calls trip it, where the baseline has no more than half as many.
    pub slow_ms: u32,
    /// How much larger the share of scores at the rails (below 0.001 or above 0.999) may be than the baseline's before somebody is warned.
    /// 0 to 1.
    pub rails_rise: f64,
    /// To which part of the baseline's standard deviation that of the scores may fall before somebody is warned. 0 to 1.
    pub spread_min: f64,
}

/// What the guard may do in a slot, and from when on. In a store it is part of the ledger, so every process goes by the
/// same, and a decision can be computed again.
///
/// The defaults revert a harmless candidate in at most one rollout of a thousand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct GuardSettings {
    /// What it does by itself.
    pub mode: Mode,
    /// The probability that a harmless candidate is reverted in the course of one rollout. Default 0.001.
    pub alpha: f64,
    /// The same for flips down, spam that is let in. Default 0.001.
    pub alpha_down: f64,
    /// The probability that a harmless candidate is warned about, for each direction. Default 0.05.
    pub alpha_warn: f64,
    /// What is tolerated before anything is done. Default 2 % gross, 0.5 % net.
    pub tolerance: Tolerance,
    /// What is tolerated before somebody is warned. Default 1 % gross, 0.2 % net.
    pub tolerance_warn: Tolerance,
    /// What has to have flipped before anything is done. Default 10 campaigns, 20 senders, 5 recipients.
    pub floor: Floor,
    /// How many senders suffice where few are known. Default 4 that are known for half a year, where fewer than 100 are known.
    pub few: Few,
    /// Whether flips down are acted on as flips up are. Default no: they warn. Where they come from senders that are
    /// authenticated and known, they are more often a mistake that was mended than spam that was let in.
    pub acts_on_flips_down: bool,
    /// On how many days (UTC) a sender must have been seen, authenticated, before the candidate entered its trial, to be
    /// known. Default 3; 0 takes everybody who is authenticated.
    pub known_days: u32,
    /// How many days before the candidate entered its trial the first of them must have been. Default 14.
    pub known_age_days: u32,
    /// How many pairs of one account of a provider count on a day: the first ones, whatever they show. Default 1; 1 to 64.
    pub account_pairs: u32,
    /// The same of an organisation that is no provider. Default 3.
    pub domain_pairs: u32,
    /// Providers beside those that Switchback knows, or more domains of those: names, each with organisational domains in
    /// lower case and ASCII.
    /// The senders of such a domain count one by one, so list only domains in which nobody can make up senders at will.
    pub providers: BTreeMap<String, Vec<String>>,
    /// How many segments of a slot may go back by themselves before the whole release does. Default 0: the whole
    /// release goes back at once. At most 8.
    pub segment_reverts: u8,
    /// When a release fails too much to wait for statistics.
    pub breakers: BreakerSettings,
    /// The flip rate below which a segment has to be, with 95 % confidence, to be called proven. Default 0.02.
    pub proof_rate: f64,
}

impl Tolerance {
    /// What the gross test tolerates, and the net test.
    pub const fn new(gross: f64, net: f64) -> Self {
        Self { gross, net }
    }
}

impl Floor {
    /// So many campaigns of so many senders to so many recipients.
    pub const fn new(campaigns: u32, senders: u8, recipients: u8) -> Self {
        Self { campaigns, senders, recipients }
    }
}

impl Few {
    /// Where fewer senders than `known` are known, `senders` suffice that were seen first `age_days` days before.
    pub const fn new(known: u32, senders: u8, age_days: u32) -> Self {
        Self { known, senders, age_days }
    }
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            window_s: 60,
            failures: 3,
            failures_share: 0.01,
            calls_min: 300,
            slow_ms: 250,
            rails_rise: 0.5,
            spread_min: 0.1,
        }
    }
}

impl BreakerSettings {
    crate::setters! {
        /// Sets over how many seconds is counted.
        pub window_s: u32;

        /// Sets how many failures trip a breaker.
        pub failures: u32;

        /// Sets how large a share of the calls has to fail.
        pub failures_share: f64;

        /// Sets from how many calls on a share says something.
        pub calls_min: u32;

        /// Sets from how many milliseconds on a call is slow.
        pub slow_ms: u32;

        /// Sets how much larger the share of scores at the rails may be than the baseline's.
        pub rails_rise: f64;

        /// Sets to which part of the baseline's standard deviation that of the scores may fall.
        pub spread_min: f64;
    }
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            mode: Mode::Act,
            alpha: 0.001,
            alpha_down: 0.001,
            alpha_warn: 0.05,
            tolerance: Tolerance { gross: 0.02, net: 0.005 },
            tolerance_warn: Tolerance { gross: 0.01, net: 0.002 },
            floor: Floor { campaigns: 10, senders: 20, recipients: 5 },
            few: Few { known: 100, senders: 4, age_days: 180 },
            acts_on_flips_down: false,
            known_days: 3,
            known_age_days: 14,
            account_pairs: 1,
            domain_pairs: 3,
            providers: BTreeMap::new(),
            segment_reverts: 0,
            breakers: BreakerSettings::default(),
            proof_rate: 0.02,
        }
    }
}

impl GuardSettings {
    crate::setters! {
        /// Sets what the guard does by itself.
        pub mode: Mode;

        /// Sets the probability that a harmless candidate is reverted in the course of one rollout.
        pub alpha: f64;

        /// Sets the same for flips down.
        pub alpha_down: f64;

        /// Sets the probability that a harmless candidate is warned about, for each direction.
        pub alpha_warn: f64;

        /// Sets what is tolerated before anything is done.
        pub tolerance: Tolerance;

        /// Sets what is tolerated before somebody is warned.
        pub tolerance_warn: Tolerance;

        /// Sets what has to have flipped before anything is done.
        pub floor: Floor;

        /// Sets how many senders suffice where few are known.
        pub few: Few;
    }

    /// Acts on flips down as on flips up.
    #[must_use]
    pub fn acting_on_flips_down(mut self) -> Self {
        self.acts_on_flips_down = true;
        self
    }

    crate::setters! {
        /// Sets on how many days a sender must have been seen before the trial, to be known.
        pub known_days: u32;

        /// Sets how many days before the trial the first of them must have been.
        pub known_age_days: u32;

        /// Sets how many pairs of one account of a provider count on a day.
        pub account_pairs: u32;

        /// Sets how many pairs of an organisation that is no provider count on a day.
        pub domain_pairs: u32;
    }

    /// Adds a provider, or domains of one that is known.
    #[must_use]
    pub fn provider(mut self, name: impl Into<String>, domains: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.providers.entry(name.into()).or_default().extend(domains.into_iter().map(Into::into));
        self
    }

    crate::setters! {
        /// Sets how many segments of a slot may go back by themselves before the whole release does.
        pub segment_reverts: u8;

        /// Sets when a release fails too much to wait for statistics.
        pub breakers: BreakerSettings;

        /// Sets the flip rate below which a segment has to be to be called proven.
        pub proof_rate: f64;
    }

    /// The providers of Switchback's table and of these settings.
    pub fn all_providers(&self) -> Providers {
        self.providers.iter().fold(Providers::default(), |all, (name, domains)| all.with(name, domains))
    }

    /// The organisational domains of a segment, in the order of the alphabet; none of those that are not told apart by
    /// domains.
    pub fn domains_of(&self, segment: &Segment) -> Vec<String> {
        match segment {
            Segment::Everything | Segment::Unauthenticated => Vec::new(),
            Segment::Domain(domain) => vec![domain.to_string()],
            Segment::Provider(name) => self.all_providers().domains_of(name),
        }
    }

    /// Refuses a provider's domain that no mail is counted under, unless these settings had it `before`: such are in ledgers of
    /// before there was this rule.
    #[doc(hidden)]
    pub fn check_providers(&self, before: Option<&Self>) -> Result<(), InvalidSegment> {
        let had =
            |domain: &String| before.is_some_and(|one| one.providers.values().flatten().any(|known| known == domain));
        let new = self.providers.values().flatten().filter(|domain| !had(domain));
        new.into_iter().try_for_each(|domain| Segment::Domain(domain.as_str().into()).validate())
    }

    /// Checks every range.
    ///
    /// # Errors
    /// If a value is outside its range, with its name and the range.
    pub fn validate(&self) -> Result<(), InvalidSettings> {
        let within = |name, value: f64, low: f64, high: f64| {
            if value > low && value <= high { Ok(()) } else { Err(InvalidSettings { name, value, low, high }) }
        };
        for (name, alpha) in [("alpha", self.alpha), ("alpha_down", self.alpha_down), ("alpha_warn", self.alpha_warn)] {
            within(name, alpha, 0.0, 0.5)?;
        }
        for tolerance in [self.tolerance, self.tolerance_warn] {
            within("tolerance", tolerance.gross, 0.0, 0.5)?;
            within("tolerance", tolerance.net, 0.0, 0.5)?;
        }
        within("proof_rate", self.proof_rate, 0.0, 0.5)?;
        let breakers = &self.breakers;
        within("breakers.window_s", breakers.window_s.into(), 0.0, 3_600.0)?;
        within("breakers.failures", breakers.failures.into(), 0.0, BREAKER_FAILURES_MAX.into())?;
        within("breakers.failures_share", breakers.failures_share, 0.0, 1.0)?;
        within("breakers.rails_rise", breakers.rails_rise, 0.0, 1.0)?;
        within("breakers.spread_min", breakers.spread_min, 0.0, 1.0)?;
        let at_most = |name, value: u8, high: u8| within(name, f64::from(value), -1.0, f64::from(high));
        at_most("floor.senders", self.floor.senders, FLOOR_MAX)?;
        at_most("floor.recipients", self.floor.recipients, FLOOR_MAX)?;
        at_most("few.senders", self.few.senders, FLOOR_MAX)?;
        within("few.known", self.few.known.into(), -1.0, 1_000.0)?;
        within("account_pairs", self.account_pairs.into(), 0.0, SENDER_PAIRS_MAX.into())?;
        within("domain_pairs", self.domain_pairs.into(), 0.0, SENDER_PAIRS_MAX.into())?;
        at_most("segment_reverts", self.segment_reverts, SEGMENT_REVERTS_MAX)
    }
}

/// The most segments of a slot that can be back at a predecessor.
pub(crate) const SEGMENT_REVERTS_MAX: u8 = 8;

/// A value outside its range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{name} = {value}: above {low} and at most {high} is possible")]
pub struct InvalidSettings {
    name: &'static str,
    value: f64,
    low: f64,
    high: f64,
}
