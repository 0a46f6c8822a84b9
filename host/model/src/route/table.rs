//! One generation of a route. Pure: what is routed is known by its name only.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::RouteError;
use super::roles::{Canary, Roles};
use super::share::{CanaryKey, Salt};
use crate::generation::Generation;
use crate::organisation::organisation;
use crate::release::ReleaseId;

/// Something that is ready to score.
pub trait Warm {
    /// Which release it is.
    fn id(&self) -> &ReleaseId;
}

impl<R: Warm> Warm for Arc<R> {
    fn id(&self) -> &ReleaseId {
        R::id(self)
    }
}

impl Warm for ReleaseId {
    fn id(&self) -> &ReleaseId {
        self
    }
}

/// Which release has which role, at one generation. Immutable once it is published.
pub struct Route<R> {
    /// Set for the last time before the route is published: a route that is built ahead, for a revert, does not
    /// know which generation it will have.
    generation: AtomicU64,
    roles: Roles<Arc<R>>,
    /// What a revert of this route makes: the next generation, with the first standby live. It holds its
    /// own successor in turn, so any number of reverts in a row is ready.
    reverted: Option<Arc<Route<R>>>,
}

impl<R> fmt::Debug for Route<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("generation", &self.generation).finish_non_exhaustive()
    }
}

impl<R: Warm> Route<R> {
    /// No release, at generation 0.
    #[doc(hidden)]
    pub fn empty() -> Self {
        Self { generation: AtomicU64::new(0), roles: Roles::default(), reverted: None }
    }

    /// A route with the routes that reverts would make of it. Without a live release nobody decides, and the
    /// first standby is what a failure policy may fall back to.
    #[doc(hidden)]
    pub fn new(roles: Roles<Arc<R>>) -> Arc<Self> {
        let next = roles.standbys.first().cloned();
        // A standby is never live, so reverting to it is possible.
        let reverted = next.and_then(|next| roles.clone().reverting(next).ok()).map(Self::new);
        Arc::new(Self { generation: AtomicU64::new(0), roles, reverted })
    }

    /// Says at which generation the route is published. Not for one that was.
    #[doc(hidden)]
    pub fn number(&self, generation: Generation) {
        // Publishing orders this before any read.
        self.generation.store(generation.get(), Ordering::Relaxed);
    }

    /// The generation: 0 for an empty slot, more with each change.
    #[doc(hidden)]
    pub fn generation(&self) -> Generation {
        Generation::new(self.generation.load(Ordering::Relaxed))
    }

    /// Every role.
    #[doc(hidden)]
    pub fn roles(&self) -> &Roles<Arc<R>> {
        &self.roles
    }

    /// The release that decides where no canary does.
    #[doc(hidden)]
    pub fn live(&self) -> Option<&Arc<R>> {
        self.roles.live.as_ref()
    }

    /// The targets of reverts, the next one first.
    #[doc(hidden)]
    pub fn standbys(&self) -> &[Arc<R>] {
        &self.roles.standbys
    }

    /// The canary to whose share a message belongs, given its bucket, which is not asked for where nobody is tried.
    #[doc(hidden)]
    pub fn canary_of(&self, bucket: impl FnOnce(CanaryKey, Salt) -> u16) -> Option<&Canary<Arc<R>>> {
        // All canaries of a slot share by the same key and salt.
        let first = self.roles.canaries.first()?;
        let bucket = bucket(first.share.key, first.salt);
        self.roles.canaries.iter().find(|canary| canary.buckets.contains(bucket))
    }

    /// The standby that decides for this sender, who was authenticated; asked only where there is any such rule. A domain
    /// counts for its organisation, as the guard counts it; one by its own name was a rule before that.
    #[doc(hidden)]
    pub fn rule_for<'a>(&self, domain: impl FnOnce() -> Option<&'a str>) -> Option<&Arc<R>> {
        if self.roles.segments.is_empty() {
            return None;
        }
        let domain = domain()?;
        let names = [domain, organisation(domain)];
        let rules = &self.roles.segments;
        rules.iter().find(|rule| rule.domains.iter().any(|one| names.contains(&one.as_str()))).map(|rule| &rule.release)
    }

    /// Whether the roles are these, of these very things.
    #[doc(hidden)]
    pub fn is(&self, roles: &Roles<Arc<R>>) -> bool {
        let place = |release: &Arc<R>| Some(Arc::as_ptr(release));
        self.roles.filter_map(place) == roles.filter_map(place)
    }

    /// The route after a revert.
    #[doc(hidden)]
    pub fn reverted(&self) -> Option<&Arc<Self>> {
        self.reverted.as_ref()
    }

    /// The route after a revert to a given standby.
    pub(crate) fn reverting_to(&self, release: &ReleaseId) -> Result<Arc<Self>, RouteError> {
        let target = self.roles.standbys.iter().find(|standby| standby.id() == release).cloned();
        let target = target.ok_or_else(|| RouteError::NotStandby(release.clone()))?;
        self.roles.clone().reverting(target).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Switch;
    use super::*;
    use crate::limits::STANDBYS_MAX;
    use crate::release::Digest;

    fn release(minor: u64) -> Arc<ReleaseId> {
        Arc::new(ReleaseId {
            name: "phish".parse().unwrap(),
            version: Arc::new(semver::Version::new(1, minor, 0)),
            digest: Digest::of(&minor.to_le_bytes()),
        })
    }

    fn promote(switch: &Switch<ReleaseId>, minor: u64) -> Result<Generation, RouteError> {
        switch.change(|roles| roles.promoting(release(minor), None))
    }

    fn withdraw(switch: &Switch<ReleaseId>, minor: u64) -> Result<Generation, RouteError> {
        switch.change(|roles| roles.withdrawing(&release(minor)))
    }

    fn live(switch: &Switch<ReleaseId>) -> Option<u64> {
        switch.read().live().map(|live| live.version.minor)
    }

    fn standbys(switch: &Switch<ReleaseId>) -> Vec<u64> {
        switch.read().standbys().iter().map(|standby| standby.version.minor).collect()
    }

    #[test]
    fn reverts_undo_promotions_in_reverse_order() {
        let switch = Switch::new();
        for minor in 0..4 {
            assert_eq!(promote(&switch, minor), Ok(Generation::new(minor + 1)));
        }
        assert_eq!((live(&switch), standbys(&switch)), (Some(3), vec![2, 1, 0]));
        for expected in [2, 1, 0] {
            switch.revert(1).unwrap();
            assert_eq!(live(&switch), Some(expected));
        }
        assert_eq!(switch.revert(1).err(), Some(RouteError::NoStandby));
        assert_eq!(switch.read().generation(), Generation::new(7));
    }

    #[test]
    fn a_promoted_standby_is_not_its_own_standby() {
        let switch = Switch::new();
        for minor in [0, 1, 0] {
            promote(&switch, minor).unwrap();
        }
        assert_eq!((live(&switch), standbys(&switch)), (Some(0), vec![1]));
        assert!(matches!(promote(&switch, 0), Err(RouteError::AlreadyLive(_))));
    }

    #[test]
    fn a_revert_to_a_named_standby_drops_those_in_between() {
        let switch = Switch::new();
        for minor in 0..4 {
            promote(&switch, minor).unwrap();
        }
        switch.revert_to(&release(1), 1).unwrap();
        assert_eq!((live(&switch), standbys(&switch)), (Some(1), vec![0]));
        assert_eq!(switch.revert_to(&release(3), 1).err(), Some(RouteError::NotStandby((*release(3)).clone())));
    }

    #[test]
    fn a_withdrawn_standby_is_no_target_of_a_revert() {
        let switch = Switch::new();
        for minor in 0..3 {
            promote(&switch, minor).unwrap();
        }
        withdraw(&switch, 1).unwrap();
        assert_eq!(standbys(&switch), [0]);
        assert!(withdraw(&switch, 2).is_err(), "the live release is no standby");
        switch.revert(1).unwrap();
        assert_eq!(live(&switch), Some(0));
    }

    #[test]
    fn standbys_are_bounded() {
        let switch = Switch::new();
        for minor in 0..20 {
            promote(&switch, minor).unwrap();
        }
        assert_eq!(standbys(&switch).len(), STANDBYS_MAX);
    }
}
