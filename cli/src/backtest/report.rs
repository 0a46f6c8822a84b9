//! What a release would have done with the mail of the past.

use std::io::Write;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::compare;
use switchback::journal::JournalReader;
use switchback::verdict::Senders;
use switchback_report::Shown;

use super::tried::Tried;
use crate::guard::Simulation;
use crate::journal;
use crate::show;
use crate::store::proof::{standings, write_segments};
use crate::store::text::instant;
use crate::window::Window;

/// Whose domain a message is counted under: as in other comparisons on live traffic.
pub(super) const SENDERS: Senders = Senders::Authenticated;

/// What a release would have done with the mail of the past.
#[derive(JsonSchema, Serialize)]
pub(super) struct Report {
    /// How the releases differ: `before` is the baseline, `after` the release that is evaluated.
    #[serde(flatten)]
    pub(super) releases: compare::Report,
    /// On which mail.
    pub(super) past: Past,
    /// What the guard would have done; absent if no message was answered by both.
    pub(super) guard: Option<Simulation>,
}

/// Which records, and how many of them could be used.
#[derive(JsonSchema, Serialize)]
pub(super) struct Past {
    /// Those of this slot.
    pub(super) slot: String,
    /// Since then.
    pub(super) since: Option<Timestamp>,
    /// Before then.
    pub(super) until: Option<Timestamp>,
    /// All records of that time.
    pub(super) records: u64,
    /// Those that have features: what everything else is about.
    pub(super) featured: u64,
    /// When the first of those was judged.
    pub(super) first: Option<Timestamp>,
    /// When the last of those was judged.
    pub(super) last: Option<Timestamp>,
    /// Of those, how many the baseline had answered when they came.
    pub(super) baseline_recorded: u64,
    /// How many it was scored on now, because it had not.
    pub(super) baseline_rescored: u64,
    /// How many it has no answer to, so that they are left out.
    pub(super) baseline_unknown: u64,
    /// Files of the journal that could not be read.
    pub(super) unread_files: usize,
}

impl Past {
    pub(super) fn new(slot: String, Window { since, until }: Window, tried: &Tried) -> Self {
        let found = &tried.found;
        let (first, last) = found.judged.unzip();
        let [baseline_recorded, baseline_rescored, baseline_unknown] = tried.answered;
        let (records, featured, unread_files) = (found.records, found.featured, found.unread.len());
        Self {
            slot,
            since,
            until,
            records,
            featured,
            first,
            last,
            baseline_recorded,
            baseline_rescored,
            baseline_unknown,
            unread_files,
        }
    }

    /// Why there is nothing to score.
    pub(super) fn nothing(&self, reader: &JournalReader) -> anyhow::Result<String> {
        let window = Window { since: self.since, until: self.until };
        Ok(match self.records {
            0 => format!("there is no record of {}: {}", self.slot, journal::there_is(&reader.extent()?, window)),
            some => format!(
                "{} of {} in that time, and none has features: a filter keeps them only if it is configured to \
                 (docs/backtest.md)",
                show::counted(some, "record"),
                self.slot
            ),
        })
    }

    /// `8,412 of 84,120 records of inbound have features (10.0 %), from 2026-04-24 09:24:00 UTC to ...`.
    fn featured(&self) -> String {
        let span = match (self.first, self.last) {
            (Some(first), Some(last)) => format!(", from {} to {}", instant(first), instant(last)),
            _ => String::new(),
        };
        format!(
            "{} of {} of {} have features ({}){span}",
            show::count(self.featured),
            show::counted(self.records, "record"),
            self.slot,
            show::share(self.featured, self.records)
        )
    }

    /// `the baseline answered 8,400 then and 0 now, and is unknown for 12`.
    fn baseline(&self) -> String {
        let [then, now, unknown] =
            [self.baseline_recorded, self.baseline_rescored, self.baseline_unknown].map(show::count);
        format!(
            "A had answered {then} of these, was scored on {now} now, and has no answer to {unknown}, which are left out"
        )
    }

    /// What a simulation on this mail leaves out.
    pub(super) fn leaves_out(&self) -> String {
        format!(
            "{} of {} in that time, of which no features were kept or A has no answer: counts and times are those of the rest",
            show::count(self.records - self.baseline_recorded - self.baseline_rescored),
            show::counted(self.records, "message")
        )
    }
}

impl Report {
    /// The comparison as it is shown to people.
    pub(super) fn shown(&self) -> Shown<'_> {
        Shown {
            releases: &self.releases,
            messages: format!(
                "{}\n{}\nrates are of the messages with features",
                self.past.featured(),
                self.past.baseline()
            ),
            origin: format!(
                "Past mail, of which the journal kept features but no text: {}. {}. Rates are of these messages.",
                self.past.featured(),
                self.past.baseline()
            ),
            nothing: "A has answered none of the messages with features, and cannot be scored on them".to_owned(),
            thresholds: None,
        }
    }

    /// What the guard would have done, and what is proven, as text.
    pub(super) fn write_guard(&self, limit: usize, out: &mut dyn Write) -> anyhow::Result<()> {
        let Some(guard) = &self.guard else { return Ok(()) };
        writeln!(out, "\nthe guard, on the same messages in the order in which they came:")?;
        guard.write_text(out)?;
        writeln!(out, "\nwhat `promote` would show of a shadow on these messages:")?;
        writeln!(out, "{}", standings(&self.releases.before.release, guard.all_segments()))?;
        write_segments(guard.all_segments(), limit, out)?;
        Ok(())
    }

    /// Whether the guard would have taken it back.
    pub(super) fn is_harmful(&self) -> bool {
        self.guard.as_ref().is_some_and(Simulation::has_acted)
    }
}
