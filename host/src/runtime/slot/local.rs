//! A slot whose route this process changes.

#[cfg(feature = "store")]
mod guarded;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use switchback_model::guard::Segment;
use switchback_model::release::ReleaseId;
use switchback_model::route::{Generation, Roles, RouteError, Salt, Share};
use switchback_sandbox::Loaded;
use switchback_system::clock;

use super::{Inner, Slot};

/// A slot that follows no store: the filter decides which release has which role. Obtained from
/// [`LocalRuntime::slot`](crate::LocalRuntime::slot).
///
/// It derefs to [`Slot`], which scores and reverts. A slot that follows a store is a `Slot` alone: the ledger decides which
/// release has which role, and [`Control`](crate::Control) changes that for every process at once. So this does not compile:
///
/// ```compile_fail,E0599
/// # fn example(release: &switchback::ReleaseId) -> Result<(), Box<dyn std::error::Error>> {
/// let runtime = switchback::Runtime::builder().store_dir("/var/lib/my-filter/switchback").build()?;
/// runtime.slot("inbound")?.promote(release)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct LocalSlot(Slot);

impl Deref for LocalSlot {
    type Target = Slot;

    fn deref(&self) -> &Slot {
        &self.0
    }
}

impl From<LocalSlot> for Slot {
    fn from(slot: LocalSlot) -> Self {
        slot.0
    }
}

impl LocalSlot {
    /// The slot follows no store.
    pub(in crate::runtime) fn new(slot: Slot) -> Self {
        Self(slot)
    }

    /// Makes a loaded release live and returns the new generation. The release that was live becomes the first standby, and
    /// goes on scoring in reverse shadow for the slot's [cool-off](crate::SlotConfig::cool_off). Messages that are being
    /// scored keep the route that they have read.
    ///
    /// # Errors
    /// If the release is not loaded, or live already, or the guard found it harmful.
    pub fn promote(&self, release: &ReleaseId) -> Result<Generation, RouteError> {
        let cool_off = Duration::from_secs(self.config().cool_off_s);
        let until = (!cool_off.is_zero()).then(|| clock::now().checked_add(cool_off).unwrap_or(Timestamp::MAX));
        self.0.0.shared.guarded().check_harmless(release)?;
        self.changing(release, |roles, loaded| roles.promoting(loaded, until))
    }

    /// Lets a loaded release score a share of the messages, in basis points, in the background and without
    /// deciding. Returns the new generation.
    ///
    /// # Errors
    /// If the release is not loaded, or live, or the share is not 1 to 10,000.
    pub fn shadow(&self, release: &ReleaseId, rate_bp: u16) -> Result<Generation, RouteError> {
        self.changing(release, |roles, loaded| roles.shadowing(loaded, rate_bp))
    }

    /// Lets a loaded release decide for a share of the messages, or changes the share of one that does. Returns the
    /// new generation. In the background, the live release scores the messages of the share too.
    ///
    /// # Errors
    /// If the release is not loaded, or live, or the guard found it harmful, or the share cannot be had, or nothing is live.
    pub fn canary(&self, release: &ReleaseId, share: Share) -> Result<Generation, RouteError> {
        let salt = Salt::new(self.name(), release.digest.as_bytes(), self.generation().next().get());
        self.0.0.shared.guarded().check_harmless(release)?;
        self.changing(release, |roles, loaded| roles.trying(loaded, share, salt))
    }

    /// Takes the role canary, shadow or standby from a release, so that it can be unloaded.
    ///
    /// # Errors
    /// If the release has no such role in this slot.
    pub fn withdraw(&self, release: &ReleaseId) -> Result<Generation, RouteError> {
        self.changing_roles(|roles| roles.withdrawing(release))
    }

    /// Puts the mail of one segment back to the first standby, while the live release goes on deciding for the rest, and
    /// returns the new generation. It ends with the next promotion or revert of the slot.
    ///
    /// # Errors
    /// If there is no standby, or no mail can be of the segment or be told to be, or eight segments are back already.
    pub fn revert_segment(&self, segment: &Segment) -> Result<Generation, RouteError> {
        segment.validate().map_err(RouteError::Segment)?;
        let domains = self.config().guard.domains_of(segment);
        self.changing_roles(|roles| roles.reverting_segment(segment, &domains, None))
    }

    /// Lets the live release decide for a segment again, and returns the new generation.
    ///
    /// # Errors
    /// If the segment is not back at a standby.
    pub fn restore_segment(&self, segment: &Segment) -> Result<Generation, RouteError> {
        self.changing_roles(|roles| roles.restoring_segment(segment))
    }

    fn changing(
        &self,
        release: &ReleaseId,
        change: impl FnOnce(Roles<Arc<Loaded>>, Arc<Loaded>) -> Result<Roles<Arc<Loaded>>, RouteError>,
    ) -> Result<Generation, RouteError> {
        let Inner { releases, life, .. } = &*self.0.0;
        let _inside = life.enter()?;
        // Held across the change: the release cannot be unloaded before it has its role.
        let _held = releases.hold();
        self.change(|roles| {
            let loaded = releases.get(release).ok_or_else(|| RouteError::NotLoaded(release.clone()))?;
            change(roles, loaded)
        })
    }

    fn changing_roles(
        &self,
        change: impl FnOnce(Roles<Arc<Loaded>>) -> Result<Roles<Arc<Loaded>>, RouteError>,
    ) -> Result<Generation, RouteError> {
        let _inside = self.0.0.life.enter()?;
        self.change(change)
    }

    /// Changes the roles in a call that is counted.
    fn change(
        &self,
        change: impl FnOnce(Roles<Arc<Loaded>>) -> Result<Roles<Arc<Loaded>>, RouteError>,
    ) -> Result<Generation, RouteError> {
        let Inner { shared, switch, .. } = &*self.0.0;
        // The change before this one may have ended roles, and with them trials.
        self.refresh();
        let generation = switch.change(change)?;
        shared.meters().generation(generation);
        Ok(generation)
    }
}
