//! Bringing slots, overrides and releases into the ledger's state.

use std::collections::VecDeque;
use std::sync::Arc;

use switchback_model::release::{Digest, ReleaseId};
use switchback_store::control::{Acknowledgement, SlotState, StoreError};
use switchback_system::clock;

use super::super::emergency::Waiting;
use super::shortfall::Shortfall;
use super::{Progress, Shared, Trouble};
use crate::limits::store::RELEASES_SPARE_MAX;
use crate::runtime::slot::Slot;

impl Shared {
    /// Does what the ledger says, and says so.
    pub(super) fn obey(&self, progress: &mut Progress) {
        let mut shortfall = {
            // Nobody reverts by himself while routes change, and whoever did before is not undone.
            let waiting = self.link.waiting();
            self.install_routes(progress, &waiting.waiting)
        };
        shortfall.stop(progress.newer().as_ref());
        shortfall.problems.extend(progress.problem.clone());
        if std::mem::take(&mut progress.overrides_changed) {
            self.core.exchange.overrides.store(Arc::new(progress.overrides.clone()));
        }
        self.let_go(progress);
        self.show(progress);
        self.acknowledge(progress, shortfall);
    }

    /// Stores the pointers of all slots. Returns what could not be done.
    fn install_routes(&self, progress: &Progress, waiting: &VecDeque<Waiting>) -> Shortfall {
        let state = progress.ledger.state();
        let mut shortfall = Shortfall::default();
        for slot in self.core.slots.values().filter(|slot| waiting.iter().all(|one| one.slot != slot.name())) {
            if let Some(wanted) = state.slots.get(slot.name()) {
                self.install(progress, slot, wanted, &mut shortfall);
            }
        }
        shortfall
    }

    fn install(&self, progress: &Progress, slot: &Slot, wanted: &SlotState, shortfall: &mut Shortfall) {
        slot.obey(wanted);
        let ready = |release: &ReleaseId| self.core.releases.get(release);
        let live = wanted.live.as_ref().and_then(ready);
        let missing = wanted.live.as_ref().filter(|_| live.is_none());
        // Until the new release is ready, its predecessor goes on, at its generation.
        let goes_on = slot.live().filter(|live| missing.is_some() && wanted.standbys.contains(live));
        match &goes_on {
            None => slot.install(wanted.generation, wanted.roles().filter_map(ready)),
            Some(_) => slot.retain(|release| wanted.uses(release)),
        }
        let why = |release: &ReleaseId| {
            progress.failed.get(&release.digest).map_or("it is being loaded", |failure| failure.why.as_str())
        };
        if let Some(live) = missing {
            let instead =
                goes_on.as_ref().map_or_else(|| "nobody decides".to_owned(), |live| format!("{live} goes on"));
            shortfall.problems.push(format!(
                "{live} cannot take charge of {}, so {instead}: {}",
                slot.name(),
                why(live)
            ));
            shortfall.undecided.extend(goes_on.is_none().then(|| slot.name().to_owned()));
            return;
        }
        let canaries = wanted.canaries.iter().map(|one| (&one.release, "canary", ", so the live release decides"));
        let shadows = wanted.shadows.iter().map(|one| (&one.release, "shadow", ""));
        if let Some((release, role, instead)) = canaries.chain(shadows).find(|(release, ..)| ready(release).is_none()) {
            let what = format!("{release} is no {role} of {} here{instead}: {}", slot.name(), why(release));
            shortfall.problems.push(what);
        }
    }

    /// Lets go of releases that the store has unloaded, and of those that had no role for longest.
    fn let_go(&self, progress: &mut Progress) {
        let Progress { ledger, held, failed, asleep, .. } = progress;
        let wanted = &ledger.state().releases;
        failed.retain(|digest, _| wanted.contains_key(digest));
        asleep.retain(|digest| wanted.contains_key(digest));
        let is_gone = |id: &&ReleaseId| held.contains(&id.digest) && !wanted.contains_key(&id.digest);
        for release in self.core.releases.ids().iter().filter(is_gone) {
            // One that still has a role here keeps it until the route has changed.
            let _ = self.core.unload(release);
        }
        self.let_sleep(progress);
    }

    /// However many releases a store has, a process keeps few of those without a role.
    fn let_sleep(&self, progress: &mut Progress) {
        let Progress { ledger, held, spare, .. } = &mut *progress;
        let state = ledger.state();
        let roles = state.releases_with_a_role();
        let is_spare = |release: &Digest| state.releases.contains_key(release) && !roles.contains(release);
        spare.retain(|release| held.contains(release) && is_spare(release));
        let more: Vec<_> = held.iter().filter(|release| is_spare(release) && !spare.contains(release)).collect();
        spare.extend(more);
        let surplus = spare.len().saturating_sub(RELEASES_SPARE_MAX);
        let surplus = spare[..surplus].iter().filter_map(|release| state.releases.get(release));
        for release in surplus.map(|stored| stored.id.clone()).collect::<Vec<_>>() {
            // One that still has a role here keeps it until the route has changed.
            if self.core.unload(&release).is_ok() {
                progress.held.remove(&release.digest);
                progress.asleep.insert(release.digest);
                self.take_back(progress, &release.digest);
            }
        }
    }

    /// Tells the store what is obeyed here, if that is news.
    pub(super) fn acknowledge(&self, progress: &mut Progress, shortfall: Shortfall) {
        let mark = progress.ledger.mark();
        let is_known = |known: &Acknowledgement| {
            known.mark().as_ref() == Some(&mark)
                && known.problem == shortfall.problem()
                && known.stopped == shortfall.stopped
        };
        if progress.acknowledged.as_ref().is_some_and(is_known) {
            return;
        }
        // A ledger that is not followed need not have it.
        if !shortfall.stopped {
            self.store.remember(&mark);
        }
        // Where nobody is registered there is nobody to wait for.
        if progress.membership.is_some() {
            let told = self.acknowledge_now(progress, &shortfall);
            self.told(progress, told);
        }
    }

    pub(super) fn acknowledge_now(&self, progress: &mut Progress, shortfall: &Shortfall) -> Result<(), StoreError> {
        let mut acknowledgement = Acknowledgement::new(progress.ledger.mark(), clock::now());
        acknowledgement.problem = shortfall.problem();
        acknowledgement.stopped = shortfall.stopped;
        acknowledgement.undecided.clone_from(&shortfall.undecided);
        if let Some(membership) = &progress.membership {
            self.store.acknowledge(membership, &acknowledgement)?;
        }
        progress.acknowledged = Some(acknowledgement);
        Ok(())
    }
}

impl Progress {
    /// What keeps it from obeying the end of the ledger.
    pub(super) fn newer(&self) -> Option<Trouble> {
        self.ledger.newer().first().cloned().map(|newer| Trouble::Newer(newer.into()))
    }
}
