//! Which release has which role in a slot, and what changes make of that.
//!
//! One set of rules for two uses: over names in a store's state, over loaded releases in a process.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::share::{BASIS_POINTS, Buckets, CanaryKey, Salt};
use super::{RouteError, Warm};
use crate::guard::{SEGMENT_REVERTS_MAX, Segment};
use crate::limits::STANDBYS_MAX;
use crate::limits::{COOL_OFF_SAMPLE_BP, COOL_OFF_SAMPLED};
use crate::release::ReleaseId;
use crate::verdict::Role;

/// A release that decides for a share of the messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Canary<R = ReleaseId> {
    /// The release.
    pub release: R,
    /// The share, and how it is chosen.
    #[serde(flatten)]
    pub share: Share,
    /// What the keys are hashed with: the same for all canaries that a slot has at one time.
    pub salt: Salt,
    /// Which messages those are.
    pub buckets: Buckets,
}

/// A canary's share of the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Share {
    /// In basis points, 1 to 10,000.
    pub share_bp: u16,
    /// What is hashed to tell whether a message belongs to it.
    pub key: CanaryKey,
    /// Whether the canary also scores, without deciding, the messages outside its share.
    pub mirrored: bool,
}

impl Share {
    /// A share in basis points, 1 to 10,000, and what is hashed to tell whether a message belongs to it. It is not mirrored.
    pub const fn new(share_bp: u16, key: CanaryKey) -> Self {
        Self { share_bp, key, mirrored: false }
    }

    /// Whether the canary also scores, without deciding, the messages outside its share. By default it does not.
    #[must_use]
    pub const fn mirrored(mut self, mirrored: bool) -> Self {
        self.mirrored = mirrored;
        self
    }
}

/// A release that scores without deciding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Shadow<R = ReleaseId> {
    /// The release.
    pub release: R,
    /// The share of messages that it scores, in basis points, 1 to 10,000.
    pub rate_bp: u16,
}

/// The predecessor of a release that was promoted, which goes on scoring for a while: in reverse shadow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CoolOff<R = ReleaseId> {
    /// The predecessor.
    pub release: R,
    /// Until when it scores every message. For a week after that it scores 5 % of them: what is rare, or comes on another
    /// day of the week, is seen as well.
    pub until: Timestamp,
}

impl<R> CoolOff<R> {
    /// The share of the messages that the predecessor scores at this time, in basis points, 0 to 10,000.
    pub fn rate_bp(&self, now: Timestamp) -> u16 {
        let since = now.duration_since(self.until);
        if since.is_negative() {
            BASIS_POINTS
        } else if since.unsigned_abs() < COOL_OFF_SAMPLED {
            COOL_OFF_SAMPLE_BP
        } else {
            0
        }
    }
}

/// A segment of senders whose mail a standby decides, while the live release decides for the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SegmentRule<R = ReleaseId> {
    /// Whose mail.
    pub segment: Segment,
    /// The organisational domains that this is: authenticated senders of those.
    pub domains: Arc<[String]>,
    /// The standby that decides.
    pub release: R,
}

/// Which release has which role.
#[derive(Clone, Debug, PartialEq)]
pub struct Roles<R> {
    /// Decides.
    pub live: Option<R>,
    /// The targets of reverts, the next one first.
    pub standbys: Vec<R>,
    /// Decide for a share.
    pub canaries: Vec<Canary<R>>,
    /// Score without deciding.
    pub shadows: Vec<Shadow<R>>,
    /// Scores in reverse shadow; one of the standbys.
    pub cool_off: Option<CoolOff<R>>,
    /// Whose mail standbys decide.
    pub segments: Vec<SegmentRule<R>>,
}

impl<R> Default for Roles<R> {
    fn default() -> Self {
        Self {
            live: None,
            standbys: Vec::new(),
            canaries: Vec::new(),
            shadows: Vec::new(),
            cool_off: None,
            segments: Vec::new(),
        }
    }
}

impl<R> Roles<R> {
    /// The same roles of other things. Those for which there is none have no role.
    #[doc(hidden)]
    pub fn filter_map<T>(&self, find: impl Fn(&R) -> Option<T>) -> Roles<T> {
        let canary = |one: &Canary<R>| {
            Some(Canary {
                release: find(&one.release)?,
                share: one.share,
                salt: one.salt,
                buckets: one.buckets.clone(),
            })
        };
        let shadow = |one: &Shadow<R>| Some(Shadow { release: find(&one.release)?, rate_bp: one.rate_bp });
        let cool_off = |one: &CoolOff<R>| Some(CoolOff { release: find(&one.release)?, until: one.until });
        let rule = |one: &SegmentRule<R>| {
            Some(SegmentRule {
                segment: one.segment.clone(),
                domains: Arc::clone(&one.domains),
                release: find(&one.release)?,
            })
        };
        Roles {
            live: self.live.as_ref().and_then(&find),
            standbys: self.standbys.iter().filter_map(&find).collect(),
            canaries: self.canaries.iter().filter_map(canary).collect(),
            shadows: self.shadows.iter().filter_map(shadow).collect(),
            cool_off: self.cool_off.as_ref().and_then(cool_off),
            segments: self.segments.iter().filter_map(rule).collect(),
        }
    }
}

impl<R: Warm + Clone> Roles<R> {
    /// Every release with a role; one with two roles comes twice.
    #[doc(hidden)]
    pub fn releases(&self) -> impl Iterator<Item = &R> {
        let canaries = self.canaries.iter().map(|canary| &canary.release);
        let shadows = self.shadows.iter().map(|shadow| &shadow.release);
        self.live.iter().chain(&self.standbys).chain(canaries).chain(shadows)
    }

    /// The role of a release: of several the one that decides most.
    #[doc(hidden)]
    pub fn role(&self, release: &ReleaseId) -> Option<Role> {
        let is = |one: &R| one.id() == release;
        if self.live.as_ref().is_some_and(is) {
            Some(Role::Live)
        } else if self.canaries.iter().any(|canary| is(&canary.release)) {
            Some(Role::Canary)
        } else if self.shadows.iter().any(|shadow| is(&shadow.release)) {
            Some(Role::Shadow)
        } else {
            self.standbys.iter().any(is).then_some(Role::Standby)
        }
    }

    /// Lets a release score without deciding.
    #[doc(hidden)]
    pub fn shadowing(mut self, release: R, rate_bp: u16) -> Result<Self, RouteError> {
        check_share(rate_bp)?;
        self.check_not_live(release.id())?;
        self.drop_trial(release.id());
        self.shadows.push(Shadow { release, rate_bp });
        Ok(self)
    }

    /// Lets a release decide for a share, or changes its share. `salt` is for the first canary of a rollout.
    #[doc(hidden)]
    pub fn trying(mut self, release: R, share: Share, salt: Salt) -> Result<Self, RouteError> {
        check_share(share.share_bp)?;
        if self.live.is_none() {
            return Err(RouteError::NothingLive);
        }
        self.check_not_live(release.id())?;
        self.shadows.retain(|shadow| shadow.release.id() != release.id());
        let place = self.canaries.iter().position(|canary| canary.release.id() == release.id());
        let others = || self.canaries.iter().filter(|canary| canary.release.id() != release.id());
        let left_bp = BASIS_POINTS - others().map(|canary| canary.share.share_bp).sum::<u16>();
        if share.share_bp > left_bp {
            return Err(RouteError::SharesAboveAll { left_bp });
        }
        // Shares by different keys would overlap, and a change of key would move messages back.
        if let Some(canary) = self.canaries.iter().find(|canary| canary.share.key != share.key) {
            return Err(RouteError::OtherKey { release: canary.release.id().clone(), key: canary.share.key });
        }
        let old = place.map(|place| self.canaries[place].buckets.clone()).unwrap_or_default();
        let is_taken = |bucket| others().any(|canary| canary.buckets.contains(bucket));
        let buckets = old.resized(share.share_bp, is_taken);
        let salt = self.canaries.first().map_or(salt, |canary| canary.salt);
        let canary = Canary { release, share, salt, buckets };
        match place {
            Some(place) => self.canaries[place] = canary,
            None => self.canaries.push(canary),
        }
        Ok(self)
    }

    /// Takes the role canary, shadow or standby from a release.
    #[doc(hidden)]
    pub fn withdrawing(mut self, release: &ReleaseId) -> Result<Self, RouteError> {
        if self.live.as_ref().is_some_and(|live| live.id() == release) {
            return Err(RouteError::StaysLive(release.clone()));
        }
        if !self.releases().any(|used| used.id() == release) {
            return Err(RouteError::NoRole(release.clone()));
        }
        self.drop_trial(release);
        self.drop_standby(release);
        Ok(self)
    }

    /// Makes a release live. What was live becomes the first standby, and scores in reverse shadow until then.
    #[doc(hidden)]
    pub fn promoting(mut self, release: R, cool_off_until: Option<Timestamp>) -> Result<Self, RouteError> {
        self.check_not_live(release.id())?;
        self.drop_trial(release.id());
        self.drop_standby(release.id());
        let predecessor = self.live.replace(release);
        let cool_off = predecessor.clone().zip(cool_off_until);
        self.cool_off = cool_off.map(|(release, until)| CoolOff { release, until });
        self.segments.clear();
        self.standbys.splice(..0, predecessor);
        self.standbys.truncate(STANDBYS_MAX);
        Ok(self)
    }

    /// Makes a release live again. Those promoted after it lose their role; a target that is not a standby leaves
    /// them as they are.
    #[doc(hidden)]
    pub fn reverting(mut self, target: R) -> Result<Self, RouteError> {
        self.check_not_live(target.id())?;
        if let Some(place) = self.standbys.iter().position(|standby| standby.id() == target.id()) {
            self.standbys.drain(..=place);
        }
        self.drop_trial(target.id());
        self.cool_off = None;
        self.segments.clear();
        self.live = Some(target);
        Ok(self)
    }

    /// Lets a standby decide for the mail of one segment; the first standby if none is named.
    #[doc(hidden)]
    pub fn reverting_segment(
        mut self,
        segment: &Segment,
        domains: &[String],
        target: Option<&ReleaseId>,
    ) -> Result<Self, RouteError> {
        if domains.is_empty() {
            return Err(RouteError::NoSuchSenders(segment.clone()));
        }
        let release = match target {
            None => self.standbys.first().ok_or(RouteError::NoStandby)?,
            Some(target) => {
                let standby = self.standbys.iter().find(|standby| standby.id() == target);
                standby.ok_or_else(|| RouteError::NotStandby(target.clone()))?
            }
        };
        let rule = SegmentRule { segment: segment.clone(), domains: domains.into(), release: release.clone() };
        self.segments.retain(|one| one.segment != *segment);
        if self.segments.len() >= usize::from(SEGMENT_REVERTS_MAX) {
            return Err(RouteError::TooManySegments);
        }
        self.segments.push(rule);
        Ok(self)
    }

    /// Lets the live release decide for a segment again.
    #[doc(hidden)]
    pub fn restoring_segment(mut self, segment: &Segment) -> Result<Self, RouteError> {
        let before = self.segments.len();
        self.segments.retain(|one| one.segment != *segment);
        if self.segments.len() == before { Err(RouteError::NoSegmentRule(segment.clone())) } else { Ok(self) }
    }

    /// Without a release; where it is live, the first standby takes over.
    #[doc(hidden)]
    pub fn without(mut self, release: &ReleaseId) -> Result<Self, RouteError> {
        self.drop_trial(release);
        self.drop_standby(release);
        if self.live.as_ref().is_none_or(|live| live.id() != release) {
            return Ok(self);
        }
        let next = self.standbys.first().cloned().ok_or(RouteError::NoStandby)?;
        self.reverting(next)
    }

    fn drop_trial(&mut self, release: &ReleaseId) {
        self.canaries.retain(|canary| canary.release.id() != release);
        self.shadows.retain(|shadow| shadow.release.id() != release);
    }

    fn drop_standby(&mut self, release: &ReleaseId) {
        self.standbys.retain(|standby| standby.id() != release);
        self.segments.retain(|rule| rule.release.id() != release);
        if self.cool_off.as_ref().is_some_and(|cool_off| cool_off.release.id() == release) {
            self.cool_off = None;
        }
    }

    fn check_not_live(&self, release: &ReleaseId) -> Result<(), RouteError> {
        match &self.live {
            Some(live) if live.id() == release => Err(RouteError::AlreadyLive(release.clone())),
            _ => Ok(()),
        }
    }
}

fn check_share(share_bp: u16) -> Result<(), RouteError> {
    if (1..=BASIS_POINTS).contains(&share_bp) { Ok(()) } else { Err(RouteError::Share(share_bp)) }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::release::Digest;

    #[test]
    fn a_predecessor_scores_everything_for_its_cool_off_and_a_sample_for_a_week_after_it() {
        let version = semver::Version::new(1, 0, 0).into();
        let release = ReleaseId { name: "phish".parse().unwrap(), version, digest: Digest::of(b"") };
        let cool_off = CoolOff { release, until: Timestamp::UNIX_EPOCH };
        let rate_after = |hours| cool_off.rate_bp(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours));
        let rates = [-1, 0, 7 * 24 - 1, 7 * 24].map(rate_after);
        assert_eq!(rates, [BASIS_POINTS, COOL_OFF_SAMPLE_BP, COOL_OFF_SAMPLE_BP, 0]);
    }
}
