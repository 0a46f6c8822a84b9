//! The comparison as it is printed.

use std::io::{self, Write};

use serde::Serialize;
use switchback::{ReleaseId, Thresholds};

use super::tally::{Difference, Flips, Tally};
use crate::show;

/// How two releases differ on a corpus.
#[derive(Serialize)]
pub(super) struct Report {
    before: OfRelease,
    after: OfRelease,
    thresholds: Thresholds,
    unreadable: u64,
    /// Messages on which a release failed; they count nowhere else.
    failed: u64,
    flips: Flips,
    domains: Vec<OfDomain>,
    other_domains: Option<Others>,
    worst: Vec<Difference>,
}

#[derive(Serialize)]
struct OfRelease {
    release: ReleaseId,
    /// None if nothing was scored.
    scores: Option<Scores>,
}

/// How scores are spread.
#[derive(Serialize)]
struct Scores {
    count: usize,
    mean: f64,
    p10: f64,
    p50: f64,
    p90: f64,
    p99: f64,
}

#[derive(Serialize)]
struct OfDomain {
    /// None for messages without a usable sender.
    domain: Option<String>,
    #[serde(flatten)]
    flips: Flips,
}

#[derive(Serialize)]
struct Others {
    domains: usize,
    #[serde(flatten)]
    flips: Flips,
}

impl Report {
    pub(super) fn new(releases: &[ReleaseId], tally: Tally) -> Self {
        let (domains, rest) = tally.worst_domains();
        let [before, after] =
            [0, 1].map(|i| OfRelease { release: releases[i].clone(), scores: Scores::of(&tally.scores[i]) });
        Self {
            before,
            after,
            thresholds: *tally.thresholds(),
            unreadable: tally.unreadable,
            failed: tally.failed,
            flips: tally.all.clone(),
            domains: domains
                .into_iter()
                .map(|(domain, flips)| OfDomain { domain: domain.clone(), flips: flips.clone() })
                .collect(),
            other_domains: rest.map(|(domains, flips)| Others { domains, flips }),
            worst: tally.worst(),
        }
    }

    pub(super) fn flips(&self) -> u64 {
        self.flips.flips()
    }

    pub(super) fn is_incomplete(&self) -> bool {
        self.unreadable > 0 || self.failed > 0
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let flips = &self.flips;
        let all = flips.messages;
        writeln!(out, "A {}   B {}", self.before.release, self.after.release)?;
        write!(out, "{}", show::counted(all, "message"))?;
        writeln!(out, ", {} unreadable, {} failed", show::count(self.unreadable), show::count(self.failed))?;
        writeln!(out, "\nflips across the flag boundary: {}", show::count(flips.flips()))?;
        let line = |what, n| format!("  {what:<28}{:>9}  {:>7}", show::count(n), show::share(n, all));
        writeln!(out, "{}", line("flagged by B only", flips.newly_flagged))?;
        writeln!(out, "{}", line("flagged by A only", flips.no_longer_flagged))?;
        writeln!(out, "{}", line("flagged by A", flips.flagged_before))?;
        writeln!(out, "{}", line("flagged by B", flips.flagged_after))?;
        self.write_scores(out)?;
        self.write_domains(out)?;
        self.write_worst(out)
    }

    fn write_scores(&self, out: &mut impl Write) -> io::Result<()> {
        let mut table = show::table(["scores", "count", "mean", "p10", "p50", "p90", "p99"]);
        for (letter, release) in [("A", &self.before), ("B", &self.after)] {
            let Some(scores) = &release.scores else { continue };
            let mut row = vec![format!("{letter} {}", release.release), show::count(scores.count as u64)];
            row.extend([scores.mean, scores.p10, scores.p50, scores.p90, scores.p99].map(show::score));
            table.add_row(row);
        }
        show::numbers(&mut table, 1..7);
        writeln!(out, "\n{}", table.trim_fmt())
    }

    fn write_domains(&self, out: &mut impl Write) -> io::Result<()> {
        let mut table =
            show::table(["sender's domain", "messages", "flips", "B only", "A only", "flagged by A", "flagged by B"]);
        let mut row = |name: String, flips: &Flips| {
            table.add_row(vec![
                name,
                show::count(flips.messages),
                show::count(flips.flips()),
                show::count(flips.newly_flagged),
                show::count(flips.no_longer_flagged),
                show::share(flips.flagged_before, flips.messages),
                show::share(flips.flagged_after, flips.messages),
            ]);
        };
        for domain in &self.domains {
            row(
                domain.domain.as_ref().map_or("(no sender)".to_owned(), |name| show::printable(name, 60)),
                &domain.flips,
            );
        }
        if let Some(others) = &self.other_domains {
            row(format!("({})", show::counted(others.domains as u64, "other")), &others.flips);
        }
        show::numbers(&mut table, 1..7);
        writeln!(out, "\n{}", table.trim_fmt())
    }

    fn write_worst(&self, out: &mut impl Write) -> io::Result<()> {
        if self.worst.is_empty() {
            return writeln!(out, "\nboth score every message the same, bit for bit");
        }
        writeln!(out, "\nlargest differences (* flips)")?;
        writeln!(out, "       A       B")?;
        for worst in &self.worst {
            let mark = if worst.flips { '*' } else { ' ' };
            let (a, b) = (show::score(worst.before), show::score(worst.after));
            let subject = show::printable(&worst.subject, 60);
            writeln!(out, "{mark} {a}  {b}  {}  {subject:?}", show::printable(&worst.message, usize::MAX))?;
        }
        Ok(())
    }
}

impl Scores {
    fn of(scores: &[f64]) -> Option<Self> {
        let mut sorted = scores.to_vec();
        sorted.sort_by(f64::total_cmp);
        // The nearest rank: a score that a message has.
        let at = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(Self {
            count: sorted.len(),
            mean: sorted.iter().sum::<f64>() / sorted.len() as f64,
            p10: at(10)?,
            p50: at(50)?,
            p90: at(90)?,
            p99: at(99)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_scores_that_occur() {
        let scores: Vec<f64> = (1..=10).map(|i| f64::from(i) / 10.0).collect();
        let spread = Scores::of(&scores).unwrap();
        assert_eq!([spread.p10, spread.p50, spread.p90, spread.p99], [0.1, 0.5, 0.9, 1.0]);
        assert!(Scores::of(&[]).is_none());
    }
}
