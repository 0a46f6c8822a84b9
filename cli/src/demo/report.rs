//! The account at the end.

use std::io::{self, Write};

use comfy_table::{Table, presets};
use schemars::JsonSchema;
use serde::Serialize;
use switchback::ReleaseId;
use switchback::control::Event;

use super::audit::Audit;
use super::guarded::Guarded;
use super::mail::Source;
use super::operator::Told;
use super::tally::{Counts, Share};
use crate::{history, show};

/// How it ended.
#[derive(JsonSchema, Serialize)]
pub(super) struct Ended {
    /// What became of all messages.
    pub(super) audit: Audit,
    /// By generation, the first being 1.
    phases: Vec<Phase>,
    /// What the operator did, and who obeyed when.
    operations: Vec<Told>,
    /// Everything that was done to the store.
    history: Vec<Event>,
    /// What the guard did in the last act; none on mail of whose senders it knows nobody.
    guarded: Option<Guarded>,
    #[serde(skip)]
    protagonist: &'static str,
}

/// What the mail met while one release was live.
#[derive(JsonSchema, Serialize)]
struct Phase {
    release: ReleaseId,
    shares: Vec<NamedShare>,
}

#[derive(JsonSchema, Serialize)]
struct NamedShare {
    of: &'static str,
    #[serde(flatten)]
    share: Share,
}

impl Ended {
    pub(super) fn new(
        audit: Audit,
        source: &Source,
        releases: Vec<ReleaseId>,
        counts: &[Counts],
        operations: Vec<Told>,
        history: Vec<Event>,
        guarded: Option<Guarded>,
    ) -> Self {
        let columns = source.columns();
        let phases = releases.into_iter().zip(counts).map(|(release, counts)| Phase {
            release,
            shares: columns.iter().map(|column| NamedShare { of: column.0, share: counts.share(column) }).collect(),
        });
        Self { audit, phases: phases.collect(), operations, history, guarded, protagonist: source.protagonist() }
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut table = Table::new();
        let names = self.phases.first().into_iter().flat_map(|phase| phase.shares.iter());
        let flagged = names.map(|share| format!("{}\nflagged", share.of));
        let first = ["generation", "live", "messages"].map(str::to_owned);
        let last = ["the\ncommand", "first\nverdict", "longest gap\nmeanwhile"].map(str::to_owned);
        table.load_style(presets::NOTHING).set_header(first.into_iter().chain(flagged).chain(last));
        for (index, (phase, of)) in self.phases.iter().zip(&self.audit.generations).enumerate() {
            let mut row = vec![(index + 1).to_string(), phase.release.to_string(), show::count(of.answers)];
            row.extend(phase.shares.iter().map(|named| named.share.text()));
            row.push(show::time(of.command));
            if index == 0 {
                // Nothing was scored yet when the first release became live.
                row.extend(["-", "-"].map(str::to_owned));
            } else {
                row.extend([of.first_verdict.map_or_else(|| "-".to_owned(), show::time), show::time(of.gap)]);
            }
            table.add_row(row);
        }
        show::numbers(&mut table, 2..9);
        writeln!(out, "\n{}\n", table.trim_fmt())?;
        writeln!(out, "$ switchback history\n{}\n", history::table(&self.history))?;
        self.write_moral(out)?;
        self.write_releases(out)?;
        self.write_audit(out)
    }

    /// What it was about, in one line.
    fn write_moral(&self, out: &mut impl Write) -> io::Result<()> {
        let shares: Vec<_> = self.phases.iter().filter_map(|phase| phase.shares.last()).collect();
        let [_, before, _, bad, after, ..] = shares[..] else { return Ok(()) };
        let [before, bad, after] = [before, bad, after].map(|named| named.share.text());
        let (whose, release) = (self.protagonist, &self.phases[3].release);
        writeln!(out, "flagged of the {whose}: {before} before {release}, {bad} under it, {after} after the revert")
    }

    /// How many messages each release judged, in the order of their first.
    fn write_releases(&self, out: &mut impl Write) -> io::Result<()> {
        let mut by_release: Vec<(&ReleaseId, u64)> = Vec::new();
        for (phase, of) in self.phases.iter().zip(&self.audit.generations) {
            match by_release.iter_mut().find(|(known, _)| *known == &phase.release) {
                Some((_, answers)) => *answers += of.answers,
                None => by_release.push((&phase.release, of.answers)),
            }
        }
        let texts: Vec<_> =
            by_release.iter().map(|(id, answers)| format!("{} by {id}", show::count(*answers))).collect();
        writeln!(out, "scored {}: {}", show::count(self.audit.answers), texts.join(", "))
    }

    fn write_audit(&self, out: &mut impl Write) -> io::Result<()> {
        let Audit { begun, lost, twice, wrong_release, unscored, .. } = &self.audit;
        write!(out, "of {} messages: lost {lost}, twice {twice}, wrong release {wrong_release}", show::count(*begun))?;
        if *unscored > 0 {
            write!(out, ", unscored {unscored}")?;
        }
        writeln!(out)?;
        for (what, spread) in
            [("between two verdicts of a thread", &self.audit.gap), ("to score a message", &self.audit.message)]
        {
            let [p50, p999, max] = [spread.p50, spread.p999, spread.max].map(show::time);
            writeln!(out, "{what}: half within {p50}, 99.9 % within {p999}, the longest {max}")?;
        }
        Ok(())
    }
}
