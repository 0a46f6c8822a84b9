//! Being in the register of the store.

use std::time::Instant;

use switchback_store::control::{Membership, Preparation, Presence, ProcessNumber, StoreError};

use super::shortfall::Shortfall;
use super::{Progress, Shared, Trouble};
use crate::limits::store::HITS_INTERVAL;
use crate::runtime::error::describe;

impl Shared {
    /// Sees to it that others see this process, whether it follows the store or not, and adds the hits of overrides. Its lock
    /// is looked at each time, the rest once in a while.
    pub(super) fn keep_in_touch(&self, progress: &mut Progress, trouble: Option<&Trouble>) {
        let is_seen = progress.membership.as_ref().is_some_and(|membership| self.store.is_seen(membership));
        let is_due = progress.in_touch.is_none_or(|last| last.elapsed() >= HITS_INTERVAL);
        if !is_due && (is_seen || progress.silence.is_some()) {
            return;
        }
        progress.in_touch = Some(Instant::now());
        let kept = match trouble {
            None | Some(Trouble::Newer(_)) => self.keep_present(progress).and_then(|()| self.report_hits(progress)),
            // Overrides of another ledger have these numbers, too.
            Some(Trouble::Ledger(_)) => self.keep_present(progress),
            // What keeps it from that is said already.
            Some(Trouble::Store(_)) => return self.keep_seen(progress),
        };
        self.told(progress, kept);
    }

    /// Keeps the lock by which others see that this process is there.
    fn keep_seen(&self, progress: &mut Progress) {
        let kept = progress.membership.as_mut().map(|membership| self.store.keep_seen(membership, &self.process));
        if let Some(Err(error)) = kept {
            tracing::debug!(error = describe(&error), "this process is not seen in its store");
        }
    }

    fn keep_present(&self, progress: &mut Progress) -> Result<(), StoreError> {
        let presence = match &mut progress.membership {
            Some(membership) => self.store.keep_present(membership, &self.process)?,
            // The store could not be written when this process began.
            None => Presence::Taken,
        };
        match presence {
            Presence::Kept if progress.silence.is_none() => return Ok(()),
            Presence::Kept | Presence::Renewed => {}
            Presence::Taken => {
                let membership = self.store.register(&self.process)?;
                self.link.is_process(membership.process());
                progress.membership = Some(membership);
            }
        }
        let known = progress.acknowledged.take();
        self.acknowledge_now(progress, &known.map(Shortfall::from).unwrap_or_default())?;
        let ready = progress.held.iter().map(|release| (release, Preparation::Ready));
        let failed = progress.failed.iter().map(|(release, failure)| (release, failure.preparation()));
        let Some(membership) = &progress.membership else { return Ok(()) };
        let report = |(release, preparation)| self.store.report(membership, release, Some(&preparation));
        ready.chain(failed).try_for_each(report)
    }
}

impl Progress {
    /// The number of this process in the store.
    pub(super) fn number(&self) -> Option<ProcessNumber> {
        self.membership.as_ref().map(Membership::process)
    }
}
