//! Where the story is played, and by whom.

use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

use anyhow::bail;
use switchback::ReleaseId;

use super::Args;
use super::audit::Change;
use super::crew::Crew;
use super::mail::Source;
use super::operator::{Operator, Told};
use super::script::Step;
use super::table::Live;
use super::traffic::Clock;

/// Rows of the table in each phase.
pub(super) const ROWS_PER_PHASE: u32 = 4;

/// Messages of a row at least, unless another number was asked for: that many make a share. The first row
/// has as many, because the speed is not known yet.
pub(super) const ROW_MESSAGES_MIN: u64 = 400;

/// Everybody in it.
pub(super) struct Stage<'a> {
    pub(super) operator: &'a Operator,
    pub(super) releases: &'a [ReleaseId],
    pub(super) source: &'a Source,
    pub(super) args: &'a Args,
    /// For the files of the processes.
    pub(super) dir: &'a Path,
    pub(super) epoch: SystemTime,
    pub(super) clock: Clock,
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        operator: &'a Operator,
        releases: &'a [ReleaseId],
        source: &'a Source,
        args: &'a Args,
        dir: &'a Path,
    ) -> Self {
        let epoch = SystemTime::now();
        Self { operator, releases, source, args, dir, epoch, clock: Clock::since(epoch) }
    }

    /// Lets the operator do what leads to a generation.
    pub(super) fn take(&self, step: &Step, generation: usize) -> anyhow::Result<(Change, Told)> {
        let called = self.clock.now();
        let told = self.operator.change(step.command, step.reason)?;
        let returned = self.clock.now();
        if told.event.generation.get() != generation as u64 {
            bail!("somebody else changed the route");
        }
        // The audit holds the processes to what should be live, not to what they say is.
        Ok((Change { release: step.live, called, returned }, told))
    }

    /// The mail that was judged in a generation, as a row of the table.
    pub(super) fn row(
        &self,
        crew: &Crew,
        generation: usize,
        release: u8,
        live: &mut Live<'_, impl Write>,
    ) -> anyhow::Result<()> {
        let release = &self.releases[usize::from(release)];
        Ok(live.row(self.clock.now(), release, &crew.counts(generation))?)
    }

    /// How many messages make a row of the last act.
    pub(super) fn last_row_messages(&self) -> u64 {
        self.args.messages.map_or(ROW_MESSAGES_MIN, |per_phase| per_phase.div_ceil(ROWS_PER_PHASE.into()))
    }
}
