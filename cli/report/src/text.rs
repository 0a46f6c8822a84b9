//! The comparison for a terminal of 80 columns.

use std::io::{self, Write};
use std::time::Duration;

use switchback::Action;
use switchback::compare::{Latency, ReleaseSummary, SegmentRow};

use crate::show;
use crate::shown::Shown;
use crate::words::{self, Row};

/// The width of a terminal that nobody made wider.
const COLUMNS: usize = 80;

/// Characters of a sender's domain that are shown.
const NAME_CHARS_MAX: usize = 22;

/// Characters of a message's name and of its subject that are shown on one line.
const MESSAGE_CHARS_MAX: usize = 30;

impl Shown<'_> {
    /// Writes it as text, on lines of at most 80 columns where names are not longer.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        write(self, out)
    }
}

fn write(shown: &Shown<'_>, out: &mut impl Write) -> io::Result<()> {
    let releases = shown.releases;
    writeln!(out, "A {}   B {}", releases.before.release, releases.after.release)?;
    writeln!(out, "{}", shown.messages)?;
    writeln!(out)?;
    for line in show::wrapped(&words::summary(releases).join(" "), COLUMNS) {
        writeln!(out, "{line}")?;
    }
    write_flips(shown, out)?;
    write_actions(shown, out)?;
    write_scores(shown, out)?;
    write_answers(shown, out)?;
    let [provider, domain] = words::columns(releases.senders);
    write_segments(provider, &words::providers(releases), out)?;
    write_segments(domain, &words::domains(releases), out)?;
    if is_any_small(releases) {
        writeln!(out, "\na range is the 95 % interval of a share: it is of fewer than {} messages", show::RANGE_BELOW)?;
    }
    write_worst(shown, out)
}

fn write_flips(shown: &Shown<'_>, out: &mut impl Write) -> io::Result<()> {
    let flips = &shown.releases.flips;
    writeln!(out, "\nflips across the flag boundary: {}", show::count(flips.flips()))?;
    for (what, n) in [
        ("flagged by B only", flips.newly_flagged),
        ("flagged by A only", flips.no_longer_flagged),
        ("flagged by A", flips.flagged_before),
        ("flagged by B", flips.flagged_after),
    ] {
        writeln!(out, "  {what:<28}{:>9}  {}", show::count(n), show::share_column(n, flips.messages))?;
    }
    Ok(())
}

fn write_actions(shown: &Shown<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut table = show::table(["A \\ B", "deliver", "tag", "junk", "quarantine", "reject"]);
    for (action, row) in &shown.releases.actions {
        let counts = Action::ALL.map(|after| row.get(&after).copied().unwrap_or_default());
        if counts.iter().sum::<u64>() > 0 {
            let counts = counts.map(|count| if count == 0 { "-".to_owned() } else { show::count(count) });
            table.add_row([action.to_string()].into_iter().chain(counts));
        }
    }
    show::numbers(&mut table, 1..6);
    writeln!(out, "\n{}", table.trim_fmt())
}

fn write_scores(shown: &Shown<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut table = show::table(["scores", "count", "mean", "p10", "p50", "p90", "p99"]);
    for (letter, release) in sides(shown) {
        let Some(scores) = &release.scores else { continue };
        let mut row = vec![letter.to_owned(), show::count(scores.count)];
        row.extend([scores.mean, scores.p10, scores.p50, scores.p90, scores.p99].map(show::score));
        table.add_row(row);
    }
    show::numbers(&mut table, 1..7);
    writeln!(out, "\n{}", table.trim_fmt())?;
    if let Some(drift) = &shown.releases.drift {
        writeln!(out, "drift: {}", words::reading(drift))?;
        let line = |name, found, chance| format!("  {name}  {found:.4}   at most {chance:.4} by chance, in 95 of 100");
        let psi = line("PSI", drift.psi, drift.psi_by_chance_p95);
        writeln!(out, "{psi} (mean {:.4})", drift.psi_by_chance_mean)?;
        writeln!(out, "{}", line("KS ", drift.ks, drift.ks_by_chance_p95))?;
    }
    Ok(())
}

fn write_answers(shown: &Shown<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut table = show::table(["answers", "scored", "abstained", "failed", "dropped", "p50", "p99", "longest"]);
    for (letter, release) in sides(shown) {
        let answers = &release.answers;
        let mut row = vec![letter.to_owned()];
        row.extend([answers.scored, answers.abstained, answers.failed(), answers.dropped()].map(show::count));
        row.extend(times(release.latency));
        table.add_row(row);
    }
    show::numbers(&mut table, 1..8);
    writeln!(out, "\n{}", table.trim_fmt())?;
    for (letter, release) in sides(shown) {
        for (what, why) in [("failed", words::failures(release)), ("dropped", words::drops(release))] {
            if !why.is_empty() {
                writeln!(out, "  {letter} {what}: {why}")?;
            }
        }
    }
    Ok(())
}

fn times(latency: Option<Latency>) -> [String; 3] {
    let shown = |us| show::time(Duration::from_micros(us));
    latency.map_or(["-"; 3].map(str::to_owned), |Latency { p50_us, p99_us, max_us, .. }| {
        [p50_us, p99_us, max_us].map(shown)
    })
}

fn write_segments(what: &str, rows: &[Row<'_>], out: &mut impl Write) -> io::Result<()> {
    let mut table = show::table([what, "messages", "B only", "A only", "by A", "by B", "shift"]);
    for (name, segment) in rows {
        let SegmentRow { flips, mean_difference, .. } = segment;
        table.add_row([
            show::printable(name, NAME_CHARS_MAX),
            show::count(flips.messages),
            show::count(flips.newly_flagged),
            show::count(flips.no_longer_flagged),
            show::share_or_range(flips.flagged_before, flips.messages),
            show::share_or_range(flips.flagged_after, flips.messages),
            mean_difference.map_or("-".to_owned(), |mean| format!("{mean:+.3}")),
        ]);
    }
    show::numbers(&mut table, 1..7);
    writeln!(out, "\n{}", table.trim_fmt())
}

/// Whether a segment has so few messages that a range stands for a share.
fn is_any_small(releases: &switchback::compare::Report) -> bool {
    let rows = [words::providers(releases), words::domains(releases)];
    rows.iter().flatten().any(|(_, segment)| segment.flips.messages < show::RANGE_BELOW)
}

fn write_worst(shown: &Shown<'_>, out: &mut impl Write) -> io::Result<()> {
    let releases = shown.releases;
    if releases.flips.messages > 0 && releases.scored_alike == releases.flips.messages {
        return writeln!(out, "\nboth score every message the same, bit for bit");
    }
    if releases.worst.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nlargest differences (* flips)")?;
    writeln!(out, "       A       B")?;
    for worst in &releases.worst {
        let mark = if worst.flips { '*' } else { ' ' };
        let (a, b) = (show::score(worst.before), show::score(worst.after));
        let subject = worst
            .subject
            .as_ref()
            .map_or(String::new(), |subject| format!("  {:?}", show::printable(subject, MESSAGE_CHARS_MAX)));
        writeln!(out, "{mark} {a}  {b}  {}{subject}", show::printable(&worst.message, usize::MAX))?;
    }
    Ok(())
}

fn sides<'a>(shown: &Shown<'a>) -> [(&'static str, &'a ReleaseSummary); 2] {
    [("A", &shown.releases.before), ("B", &shown.releases.after)]
}
