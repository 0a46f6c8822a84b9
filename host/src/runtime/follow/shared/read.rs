//! Following the ledger.

use super::{Progress, Shared, Trouble};
use crate::control::{ControlStore as _, Entry, Event, Ledger, Operation};

impl Shared {
    /// Follows the ledger to its end. One that does not go on from what was read before, because somebody put
    /// another in its place, is read from its beginning.
    pub(super) fn read(&self, progress: &mut Progress) -> Result<(), Trouble> {
        let entries = self.store.entries_after(progress.ledger.state().sequence)?;
        if self.is_continuation(progress, &entries)? {
            return take(progress, &entries);
        }
        tracing::warn!("the ledger was replaced by another one; following that");
        let mut anew = Progress::default();
        take(&mut anew, &self.store.entries_after(0)?)?;
        let Progress { ledger, overrides, reported_hits, expired, .. } = anew;
        (progress.ledger, progress.overrides, progress.overrides_changed) = (ledger, overrides, true);
        (progress.reported_hits, progress.expired) = (reported_hits, expired);
        Ok(())
    }

    /// Whether the store still holds what was read before.
    fn is_continuation(&self, progress: &Progress, entries: &[Entry]) -> Result<bool, Trouble> {
        let last = progress.ledger.state().sequence;
        if last == 0 || !entries.is_empty() {
            // The first of them names the hash of the last one read; following it finds out.
            return Ok(entries.first().is_none_or(|entry| names_previous(entry, &progress.ledger)));
        }
        let before = self.store.entries_after(last - 1)?;
        Ok(before.first().is_some_and(|entry| entry.sequence == last && entry.hash == progress.ledger.head()))
    }
}

/// Whether an entry says that it comes after the end of a ledger. One that says nothing is for the ledger to name.
fn names_previous(entry: &Entry, ledger: &Ledger) -> bool {
    Event::from_json(&entry.body).map_or(true, |event| event.previous == ledger.head())
}

fn take(progress: &mut Progress, entries: &[Entry]) -> Result<(), Trouble> {
    for entry in entries {
        let event = progress.ledger.follow(entry)?;
        index(progress, &event);
    }
    Ok(())
}

/// Keeps the index of overrides in step, one event at a time: however many there are, one more costs the same.
fn index(progress: &mut Progress, event: &Event) {
    if let Operation::Expire { rule } = &event.operation {
        progress.expired.extend(progress.overrides.counter(*rule));
        progress.overrides.remove(*rule);
        progress.overrides_changed = true;
    }
    if let Some(made) = progress.ledger.state().overrides.get(&event.sequence) {
        progress.overrides.insert(made.clone());
        progress.overrides_changed = true;
    }
}
