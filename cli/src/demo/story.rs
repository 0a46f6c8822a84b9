//! The day, told while it happens.

use std::io::Write;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use anyhow::{Context as _, anyhow, bail};
use switchback::{ReleaseId, Slot};

use super::Args;
use super::audit::{Audit, Change};
use super::mail::Source;
use super::report::{Ended, Live};
use super::tally::Counts;
use super::traffic::Traffic;

/// Rows of the table in each phase.
const ROWS_PER_PHASE: u32 = 4;

/// Messages of a row at least, unless another number was asked for: that many make a share. The first row
/// has as many, because the speed is not known yet.
const ROW_MESSAGES_MIN: u64 = 400;

/// What happens at the beginning of each phase.
#[derive(Clone, Copy)]
enum Event {
    Promote(u8),
    Revert,
}

/// Good, better, bad, and back.
const EVENTS: [Event; 4] = [Event::Promote(0), Event::Promote(1), Event::Promote(2), Event::Revert];

/// Everybody in it.
pub(super) struct Story<'a> {
    pub(super) slot: &'a Slot,
    pub(super) releases: &'a [ReleaseId],
    pub(super) source: &'a Source,
    pub(super) threads: usize,
    pub(super) args: &'a Args,
}

impl Story<'_> {
    /// Plays it, and accounts for every message.
    pub(super) fn play(&self, out: &mut impl Write) -> anyhow::Result<Ended> {
        let traffic = Traffic::new(self.slot, self.releases, self.source, EVENTS.len() + 1);
        let mut live = Live::new(out, self.source, self.releases, self.args.json);
        live.title(self.threads)?;
        let first = self.change(&traffic, 0)?;
        live.change(EVENTS[0].name(), &first, 1)?;
        let (answers, changes) = thread::scope(|scope| {
            let (bell, rings) = mpsc::channel();
            let workers: Vec<_> = (0..self.threads)
                .map(|_| {
                    let (traffic, bell) = (&traffic, bell.clone());
                    scope.spawn(move || traffic.score_without_pause(&bell))
                })
                .collect();
            // The threads hold the only senders: if all of them die, waiting for a ring ends.
            drop(bell);
            let stop = traffic.stop_on_drop();
            let changes = self.day(&traffic, first, &rings, &mut live)?;
            drop(stop);
            // A thread that panicked has lost its message, and takes its answers with it: they all count as lost.
            let answers: Vec<_> = workers.into_iter().map(|worker| worker.join().unwrap_or_default()).collect();
            Ok::<_, anyhow::Error>((answers, changes))
        })?;
        let audit = Audit::of(&answers, &changes, traffic.begun());
        let counts: Vec<Counts> = traffic.tallies.iter().skip(1).map(|tally| tally.counts()).collect();
        let releases = changes.iter().map(|change| self.releases[usize::from(change.release)].clone()).collect();
        Ok(Ended::new(audit, self.source, releases, &counts))
    }

    /// Every phase, while the threads score.
    fn day(
        &self,
        traffic: &Traffic<'_>,
        first: Change,
        rings: &Receiver<u64>,
        live: &mut Live<'_, impl Write>,
    ) -> anyhow::Result<Vec<Change>> {
        let mut changes = vec![first];
        for (index, event) in EVENTS.iter().enumerate() {
            let generation = index + 1;
            if index > 0 {
                let change = self.change(traffic, index)?;
                live.change(event.name(), &change, generation)?;
                changes.push(change);
            }
            let tally = &traffic.tallies[generation];
            let mut before = Counts::default();
            for row in 0..ROWS_PER_PHASE {
                tally.ring_at(before.messages + self.row_messages(index as u32 * ROWS_PER_PHASE + row, traffic));
                await_ring(rings, generation)?;
                let counts = tally.counts();
                let release = &self.releases[usize::from(changes[index].release)];
                live.row(traffic.now(), release, &counts.since(&before))?;
                before = counts;
            }
        }
        Ok(changes)
    }

    /// How many messages make the next row, after this many rows: as many as were asked for, or as many as
    /// the threads will score, at their speed so far, in its part of the time that is left.
    fn row_messages(&self, rows: u32, traffic: &Traffic<'_>) -> u64 {
        if let Some(per_phase) = self.args.messages {
            return per_phase.div_ceil(ROWS_PER_PHASE.into());
        }
        let rows_left = ROWS_PER_PHASE * EVENTS.len() as u32 - rows;
        let elapsed = traffic.now().as_secs_f64();
        let left = (f64::from(self.args.seconds) - elapsed).max(0.0) / f64::from(rows_left.max(1));
        ((traffic.begun() as f64 / elapsed.max(1e-6) * left) as u64).max(ROW_MESSAGES_MIN)
    }

    /// Lets the event happen that begins a phase.
    fn change(&self, traffic: &Traffic<'_>, index: usize) -> anyhow::Result<Change> {
        let (called, result, returned);
        match EVENTS[index] {
            Event::Promote(release) => {
                let id = &self.releases[usize::from(release)];
                called = traffic.now();
                result = self.slot.promote(id).with_context(|| format!("promote {id}"));
                returned = traffic.now();
            }
            Event::Revert => {
                called = traffic.now();
                result = self.slot.revert().context("revert");
                returned = traffic.now();
            }
        }
        if result? != index as u64 + 1 {
            bail!("somebody else changed the route of slot `{}`", self.slot.name());
        }
        // The audit holds the slot to what should be live, not to what it says is.
        Ok(Change { release: EXPECTED_LIVE[index], called, returned })
    }
}

/// Which release is live in each phase: the revert puts the second one back.
const EXPECTED_LIVE: [u8; EVENTS.len()] = [0, 1, 2, 1];

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::Promote(_) => "promote",
            Self::Revert => "revert to",
        }
    }
}

/// Waits until the generation's bell rings.
fn await_ring(rings: &Receiver<u64>, generation: usize) -> anyhow::Result<()> {
    loop {
        match rings.recv() {
            Ok(rung) if rung == generation as u64 => return Ok(()),
            // The bell of a generation that is over.
            Ok(_) => {}
            Err(_) => return Err(anyhow!("every thread that scored panicked")),
        }
    }
}
