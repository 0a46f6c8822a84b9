//! One generation of a route. Pure: what is routed is known by its name only.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::RouteError;
use crate::limits::STANDBYS_MAX;
use crate::release::ReleaseId;

/// Something that is ready to score.
pub(crate) trait Warm {
    fn id(&self) -> &ReleaseId;
}

/// Which release has which role, at one generation. Immutable once it is published.
pub(crate) struct Route<R> {
    /// Set for the last time before the route is published: a route that is built ahead, for a revert, does not
    /// know which generation it will have.
    generation: AtomicU64,
    live: Option<Arc<R>>,
    /// The targets of reverts, the next one first.
    standbys: Vec<Arc<R>>,
    /// What a revert of this route makes: the next generation, with the first standby live. It holds its
    /// own successor in turn, so any number of reverts in a row is ready.
    reverted: Option<Arc<Route<R>>>,
}

impl<R: Warm> Route<R> {
    /// No release, at generation 0.
    pub(crate) fn empty() -> Self {
        Self { generation: AtomicU64::new(0), live: None, standbys: Vec::new(), reverted: None }
    }

    /// A route with the routes that reverts would make of it. Without a live release nobody decides, and the
    /// first standby is what a failure policy may fall back to.
    pub(super) fn new(live: Option<Arc<R>>, mut standbys: Vec<Arc<R>>) -> Arc<Self> {
        standbys.truncate(STANDBYS_MAX);
        let reverted = standbys.split_first().map(|(next, rest)| Self::new(Some(Arc::clone(next)), rest.to_vec()));
        Arc::new(Self { generation: AtomicU64::new(0), live, standbys, reverted })
    }

    /// Says at which generation the route is published. Not for one that was.
    pub(super) fn number(&self, generation: u64) {
        // Publishing orders this before any read.
        self.generation.store(generation, Ordering::Relaxed);
    }

    /// The generation: 0 for an empty slot, more with each change.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// The release that decides.
    pub(crate) fn live(&self) -> Option<&Arc<R>> {
        self.live.as_ref()
    }

    /// The targets of reverts, the next one first.
    pub(crate) fn standbys(&self) -> &[Arc<R>] {
        &self.standbys
    }

    /// Whether the roles are these.
    pub(super) fn is(&self, live: Option<&Arc<R>>, standbys: &[Arc<R>]) -> bool {
        let same = |one: &Arc<R>, other: &Arc<R>| Arc::ptr_eq(one, other);
        let same_live = match (&self.live, live) {
            (Some(one), Some(other)) => same(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        same_live
            && self.standbys.len() == standbys.len()
            && self.standbys.iter().zip(standbys).all(|(a, b)| same(a, b))
    }

    /// Whether a release has a role here.
    pub(crate) fn uses(&self, release: &ReleaseId) -> bool {
        self.live.iter().chain(&self.standbys).any(|used| used.id() == release)
    }

    /// The route after a promotion.
    pub(super) fn promoting(&self, release: &Arc<R>) -> Result<Arc<Self>, RouteError> {
        if self.live.as_ref().is_some_and(|live| live.id() == release.id()) {
            return Err(RouteError::AlreadyLive(release.id().clone()));
        }
        let earlier = self.standbys.iter().filter(|standby| standby.id() != release.id());
        let standbys = self.live.iter().chain(earlier).cloned().collect();
        Ok(Self::new(Some(Arc::clone(release)), standbys))
    }

    /// The route after a revert.
    pub(super) fn reverted(&self) -> Option<&Arc<Self>> {
        self.reverted.as_ref()
    }

    /// The route after a revert to a given standby.
    pub(super) fn reverting_to(&self, release: &ReleaseId) -> Result<Arc<Self>, RouteError> {
        let mut standbys = self.standbys.iter().skip_while(|standby| standby.id() != release);
        let live = standbys.next().ok_or_else(|| RouteError::NotStandby(release.clone()))?;
        Ok(Self::new(Some(Arc::clone(live)), standbys.cloned().collect()))
    }

    /// The route without a standby.
    pub(super) fn dismissing(&self, release: &ReleaseId) -> Result<Arc<Self>, RouteError> {
        let live = self.live.as_ref().filter(|_| self.standbys.iter().any(|standby| standby.id() == release));
        let live = live.ok_or_else(|| RouteError::NotStandby(release.clone()))?;
        let standbys = self.standbys.iter().filter(|standby| standby.id() != release).cloned().collect();
        Ok(Self::new(Some(Arc::clone(live)), standbys))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Switch;
    use super::*;
    use crate::release::Digest;

    impl Warm for ReleaseId {
        fn id(&self) -> &ReleaseId {
            self
        }
    }

    fn release(minor: u64) -> Arc<ReleaseId> {
        Arc::new(ReleaseId {
            name: "phish".parse().unwrap(),
            version: Arc::new(semver::Version::new(1, minor, 0)),
            digest: Digest::of(&minor.to_le_bytes()),
        })
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
            assert_eq!(switch.promote(&release(minor)), Ok(minor + 1));
        }
        assert_eq!((live(&switch), standbys(&switch)), (Some(3), vec![2, 1, 0]));
        for expected in [2, 1, 0] {
            switch.revert(1).unwrap();
            assert_eq!(live(&switch), Some(expected));
        }
        assert_eq!(switch.revert(1).err(), Some(RouteError::NoStandby));
        assert_eq!(switch.read().generation(), 7);
    }

    #[test]
    fn a_promoted_standby_is_not_its_own_standby() {
        let switch = Switch::new();
        for minor in [0, 1, 0] {
            switch.promote(&release(minor)).unwrap();
        }
        assert_eq!((live(&switch), standbys(&switch)), (Some(0), vec![1]));
        assert!(matches!(switch.promote(&release(0)), Err(RouteError::AlreadyLive(_))));
    }

    #[test]
    fn a_revert_to_a_named_standby_drops_those_in_between() {
        let switch = Switch::new();
        for minor in 0..4 {
            switch.promote(&release(minor)).unwrap();
        }
        switch.revert_to(&release(1), 1).unwrap();
        assert_eq!((live(&switch), standbys(&switch)), (Some(1), vec![0]));
        assert_eq!(switch.revert_to(&release(3), 1).err(), Some(RouteError::NotStandby((*release(3)).clone())));
    }

    #[test]
    fn a_dismissed_standby_is_no_target_of_a_revert() {
        let switch = Switch::new();
        for minor in 0..3 {
            switch.promote(&release(minor)).unwrap();
        }
        switch.dismiss(&release(1)).unwrap();
        assert_eq!(standbys(&switch), [0]);
        assert!(switch.dismiss(&release(2)).is_err(), "the live release is no standby");
        switch.revert(1).unwrap();
        assert_eq!(live(&switch), Some(0));
    }

    #[test]
    fn standbys_are_bounded() {
        let switch = Switch::new();
        for minor in 0..20 {
            switch.promote(&release(minor)).unwrap();
        }
        assert_eq!(standbys(&switch).len(), STANDBYS_MAX);
    }
}
