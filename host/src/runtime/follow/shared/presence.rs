//! Being in the register of the store.

use std::time::Instant;

use super::{Progress, Shared};
use crate::control::{ControlStore as _, Preparation, Presence, StoreError};
use crate::limits::HITS_INTERVAL;

impl Shared {
    /// Once in a while: sees to it that this process is in the register, and adds the hits of overrides.
    pub(super) fn keep_present_in_time(&self, progress: &mut Progress) {
        if progress.hits_reported.is_some_and(|last| last.elapsed() < HITS_INTERVAL) {
            return;
        }
        progress.hits_reported = Some(Instant::now());
        let kept = self.keep_present(progress).and_then(|()| self.report_hits(progress));
        self.told(progress, kept);
    }

    fn keep_present(&self, progress: &mut Progress) -> Result<(), StoreError> {
        let presence = match &mut progress.membership {
            Some(membership) => self.store.keep_present(membership, &self.process)?,
            // The store could not be written when this process began.
            None => {
                let membership = self.store.register(&self.process)?;
                self.link.is_process(membership.process);
                progress.membership = Some(membership);
                Presence::Renewed
            }
        };
        if presence == Presence::Kept && progress.silence.is_none() {
            return Ok(());
        }
        let known = progress.acknowledged.take();
        let (problem, undecided) = known.map(|known| (known.problem, known.undecided)).unwrap_or_default();
        self.acknowledge_now(progress, problem, undecided)?;
        let ready = progress.held.iter().map(|release| (release, Preparation::Ready));
        let failed = progress.failed.iter().map(|(release, failure)| (release, failure.preparation()));
        let Some(membership) = &progress.membership else { return Ok(()) };
        let report = |(release, preparation)| self.store.report(membership, release, Some(&preparation));
        ready.chain(failed).try_for_each(report)
    }
}

impl Progress {
    /// The number of this process in the store.
    pub(super) fn number(&self) -> Option<u64> {
        self.membership.as_ref().map(|membership| membership.process)
    }
}
