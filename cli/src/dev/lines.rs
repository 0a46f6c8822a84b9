//! A round, for people: on a terminal and in a pipe the same lines.

use std::io::{self, Write};
use std::time::Duration;

use switchback::Action;
use switchback::verdict::Said;

use super::round::{Changed, Differs, Outcome, Round, Scored};
use crate::show;

/// Files that are named because they changed.
const FILES_SHOWN: usize = 3;

impl Round {
    /// Writes it, as several lines of which the first begins with `round`.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "round {}: {}", self.round, self.because())?;
        match &self.outcome {
            Outcome::Mail { messages, missed } => {
                writeln!(out, "  {} of mail, {missed}", show::counted(*messages as u64, "message"))?;
            }
            Outcome::Failed { .. } => writeln!(out, "  not packed: see above")?,
            Outcome::Same { release } => writeln!(out, "  {release} is the same as before, byte by byte")?,
            Outcome::Scored(scored) => scored.write(out)?,
        }
        // A manifest or a build that fails has none.
        if self.steps.is_empty() {
            return Ok(());
        }
        let all = self.steps.iter().map(|step| step.took_us).sum();
        let steps: Vec<_> = self.steps.iter().map(|step| format!("{} {}", step.step, time(step.took_us))).collect();
        writeln!(out, "  {}: {}", time(all), steps.join(", "))
    }

    fn because(&self) -> String {
        if self.changed.is_empty() {
            return "the first".to_owned();
        }
        let shown: Vec<_> = self.changed.iter().take(FILES_SHOWN).map(|file| show::printable(file, 200)).collect();
        let more = self.changed_files - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more} changed", shown.join(", "))
    }
}

impl Scored {
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let digest = self.release.digest.short();
        match &self.differs {
            None => writeln!(out, "  {} ({digest}): there is none before to compare with", self.release)?,
            Some(differs) => {
                writeln!(out, "  {} ({digest}), compared with {}", self.release, differs.from.digest.short())?;
                differs.write(self.messages, out)?;
            }
        }
        if let Some(failure) = &self.failure {
            let times = show::counted(self.failed as u64, "message");
            let (message, why) = (show::printable(&failure.message, 200), show::printable(&failure.why, 500));
            writeln!(out, "  failed on {times}, first on {message}: {why}")?;
        }
        for test in &self.self_tests {
            writeln!(out, "  self-test {}; `switchback pack --bless` accepts it", show::printable(test, 400))?;
        }
        Ok(())
    }
}

impl Differs {
    fn write(&self, messages: usize, out: &mut impl Write) -> io::Result<()> {
        self.changed_messages.iter().try_for_each(|changed| changed.write(out))?;
        let more = self.verdicts_changed - self.changed_messages.len();
        if more > 0 {
            writeln!(out, "  and {} more, which --limit shows", show::count(more as u64))?;
        }
        let flips = &self.flips;
        writeln!(
            out,
            "  {} of {} flipped: {} flagged now, {} not any more; {} with another verdict",
            show::count(flips.flips()),
            show::counted(messages as u64, "message"),
            show::count(flips.newly_flagged),
            show::count(flips.no_longer_flagged),
            show::count(self.verdicts_changed as u64),
        )?;
        let scores = &self.scores;
        let mean = scores.mean.map_or_else(String::new, |mean| format!("; {mean:+.4} on average"));
        let [up, down, alike] = [scores.up, scores.down, scores.alike].map(show::count);
        writeln!(out, "  scores: {up} up, {down} down, {alike} alike{mean}")
    }
}

impl Changed {
    /// `0.4120 -> 0.9310  deliver -> quarantine  mail/1.eml`.
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let [before, after] = [self.before, self.after].map(score);
        let [from, to] = [self.before, self.after].map(|said| said.action().map_or("failed", Action::name));
        writeln!(out, "  {before:>6} -> {after:<6}  {from:>10} -> {to:<10}  {}", show::printable(&self.message, 200))
    }
}

fn score(said: Said) -> String {
    said.score().map_or_else(|| "-".to_owned(), show::score)
}

fn time(us: f64) -> String {
    show::time(Duration::from_secs_f64(us / 1e6))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(files: usize) -> String {
        let changed = (1..=files).map(|number| format!("{number}.rs")).collect();
        let outcome = Outcome::Failed { why: String::new() };
        let round = Round { round: 2, changed, changed_files: files + 5, outcome, steps: Vec::new() };
        let mut out = Vec::new();
        round.write(&mut out).unwrap();
        String::from_utf8(out).unwrap().lines().next().unwrap().to_owned()
    }

    #[test]
    fn the_first_of_many_files_are_named() {
        assert_eq!(shown(2), "round 2: 1.rs, 2.rs and 5 more changed");
        assert_eq!(shown(4), "round 2: 1.rs, 2.rs, 3.rs and 6 more changed");
    }
}
