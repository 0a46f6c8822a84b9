//! Telling the store what was decided here.

use switchback_model::verdict::HitCounter;
use switchback_store::control::StoreError;
use switchback_system::clock;

use super::super::emergency::{Answered, Waiting};
use super::{Progress, Shared, Trouble};

impl Shared {
    /// Writes the reverts that this process made by itself into the ledger, oldest first. They win over what the
    /// ledger says by then: they are its next events.
    pub(super) fn write_emergencies(&self, progress: &mut Progress) -> Result<(), Trouble> {
        loop {
            let Some(waiting) = self.link.waiting().waiting.front().cloned() else { return Ok(()) };
            match self.write_emergency(progress, &waiting) {
                Ok(answered) => self.link.answer(answered),
                // Somebody was faster: read, and write after that.
                Err(Trouble::Store(StoreError::Conflict)) => {
                    let before = progress.ledger.head();
                    self.read(progress)?;
                    if progress.ledger.head() == before {
                        return Err(StoreError::Conflict.into());
                    }
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }

    fn write_emergency(&self, progress: &mut Progress, waiting: &Waiting) -> Result<Answered, Trouble> {
        let Waiting { slot, to, emergency } = waiting.clone();
        let author = self.process.name.clone();
        let mut added = None;
        let answered = match progress.ledger.draft_emergency(author, slot, to, emergency, clock::now()) {
            Ok(drafted) => {
                self.store.append_all(&drafted)?;
                added = drafted.last().map(|last| last.sequence);
                Answered::Written
            }
            Err(refused) => {
                tracing::error!(%refused, slot = %waiting.slot, "an emergency revert is undone by the store");
                Answered::Refused
            }
        };
        self.read(progress)?;
        match added.filter(|added| *added > progress.ledger.end().0) {
            Some(added) => Err(StoreError::NotAdded(added).into()),
            None => Ok(answered),
        }
    }

    /// Adds the hits of overrides since the last time.
    pub(super) fn report_hits(&self, progress: &mut Progress) -> Result<(), StoreError> {
        let Progress { overrides, expired, reported_hits: known, .. } = progress;
        let more = |(id, hits): (u64, u64)| {
            let more = hits - known.get(&id).copied().unwrap_or_default();
            (more > 0).then_some((id, more))
        };
        let last = expired.iter().map(|counter| (counter.id(), counter.hits()));
        let fresh: Vec<_> = overrides.counted().chain(last).filter_map(more).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        self.store.add_hits(&fresh)?;
        for (id, more) in fresh {
            *known.entry(id).or_default() += more;
        }
        // Whoever still scores with a snapshot may add to them.
        expired.retain(HitCounter::is_in_use);
        Ok(())
    }
}
