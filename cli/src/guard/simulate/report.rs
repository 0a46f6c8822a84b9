//! What the guard would have done, as it is printed.

use std::io::{self, Write};
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::ReleaseId;
use switchback::control::Lasting;
use switchback::guard::{Flip, FlipEvidence, GuardSettings, Mode, Test};

use super::own::Own;
use super::replay::{Moment, Replay};
use super::rule::{Rule, Tripped};
use crate::schema::json_line;
use crate::show;
use crate::store::proof::OfSegment;
use crate::store::text;

/// Everything that is said.
#[derive(JsonSchema, Serialize)]
pub(crate) struct Report {
    /// The baseline, and the candidate.
    pub(super) releases: [ReleaseId; 2],
    pub(super) settings: GuardSettings,
    pub(super) unusable: u64,
    /// What the guard looks at, and this does not.
    pub(super) leaves_out: Vec<String>,
    #[serde(flatten)]
    pub(super) replay: Replay,
}

impl Report {
    /// Every segment, the worst first.
    pub(crate) fn all_segments(&self) -> &[OfSegment] {
        &self.replay.all
    }

    pub(super) fn write(&self, json: bool) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if json { json_line(self, &mut out) } else { self.write_text(&mut out) }
    }

    /// Whether the candidate would have been taken back.
    pub(crate) fn has_acted(&self) -> bool {
        self.replay.acted.is_some()
    }

    /// As text.
    pub(crate) fn write_text(&self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        let [baseline, candidate] = &self.releases;
        let replay = &self.replay;
        let span = came(replay.since, replay.until);
        writeln!(out, "{candidate} against {baseline}, {} {span}", messages(replay.messages))?;
        let taught = show::counted(replay.taught, "message");
        writeln!(out, "{taught} before them only taught known senders; {}", self.eligible())?;
        if self.unusable > 0 {
            writeln!(
                out,
                "{} could not be read, or one of both failed on it",
                show::counted(self.unusable, "other message")
            )?;
        }
        self.verdict(candidate, out)?;
        if let Some(own) = &replay.own {
            writeln!(out, "{}", itself(own))?;
        }
        if let Some(warned) = &replay.warned {
            writeln!(out, "a warning would have been raised {}", when(warned))?;
            writeln!(out, "  {}", numbers(&warned.evidence))?;
        }
        self.requirements(out)?;
        writeln!(out, "{}", self.rule())?;
        let [harmed, unproven, proven] = replay.standings.map(show::count);
        writeln!(out, "segments at that time: {harmed} harmed, {unproven} unproven, {proven} proven")?;
        writeln!(out, "left out:")?;
        self.leaves_out.iter().try_for_each(|what| writeln!(out, "  {what}"))
    }

    fn eligible(&self) -> String {
        match self.replay.eligible {
            0 => "no sender was known, so the guard could not act (--known-days, --trust-authserv-id)".to_owned(),
            some => format!("{} of authenticated, known senders counted", show::counted(some, "campaign")),
        }
    }

    fn verdict(&self, candidate: &ReleaseId, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        let Replay { up, down, messages: all, .. } = self.replay;
        let flips = format!("{} newly flagged, {} no longer, of {}", show::count(up), show::count(down), messages(all));
        let done = match self.settings.mode {
            Mode::Act => "been reverted",
            Mode::Warn => "raised an alert, without being reverted (mode warn),",
            Mode::Off => "been reverted if the guard were not off,",
        };
        let Some(acted) = &self.replay.acted else {
            return writeln!(out, "with these settings {candidate} would not have been reverted: {flips}");
        };
        writeln!(out, "with these settings {candidate} would have {done} {}", when(acted))?;
        writeln!(out, "  {}", numbers(&acted.evidence))?;
        let harmed: Vec<_> = acted.evidence.harmed.iter().map(ToString::to_string).collect();
        if !harmed.is_empty() {
            writeln!(out, "  harmed by then: {}", show::printable(&harmed.join(", "), 2_000))?;
        }
        let until = show::count(acted.newly_flagged);
        writeln!(out, "  {until} newly flagged until then; without the guard {flips}")
    }

    /// What it takes to act in each segment in which anything flipped, where nothing was done.
    fn requirements(&self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        if self.replay.acted.is_some() || self.replay.segments.is_empty() {
            return Ok(());
        }
        writeln!(out, "needed to act on flips of authenticated, known senders:")?;
        for one in &self.replay.segments {
            let (segment, why) = (show::printable(&one.segment.to_string(), 80), one.requirements.shortage());
            let why = why.map_or_else(String::new, |why| format!(": {why}"));
            writeln!(out, "  {segment}: {}{why}", one.requirements)?;
        }
        Ok(())
    }

    fn rule(&self) -> String {
        let windows = self.replay.rule_windows;
        let skipped = match windows.empty {
            0 => String::new(),
            empty => format!(
                "; {} of {} without mail were skipped",
                show::count(empty),
                show::counted(windows.all, "window")
            ),
        };
        format!("{}{skipped}", self.tripped())
    }

    fn tripped(&self) -> String {
        let rule = Rule::default();
        match self.replay.rule {
            None => format!("{rule} would have done nothing"),
            Some(Tripped { at, after, newly_flagged }) => format!(
                "{rule} would have reverted it after {}, at {}, with {} newly flagged until then",
                messages(after),
                text::instant(at),
                show::count(newly_flagged)
            ),
        }
    }
}

/// When the mail came. One without a date is taken to have come in 1970.
fn came(since: Timestamp, until: Timestamp) -> String {
    match (since == Timestamp::UNIX_EPOCH, until == Timestamp::UNIX_EPOCH) {
        (_, true) => "without a date".to_owned(),
        (true, false) => format!("to {}, the first without a date", text::instant(until)),
        (false, false) => format!("from {} to {}", text::instant(since), text::instant(until)),
    }
}

fn messages(count: u64) -> String {
    show::counted(count, "message")
}

/// `after 61 messages at 2025-04-25 09:26:00 UTC, 2 min after the beginning, with message 01938a4e-...`.
fn when(moment: &Moment) -> String {
    let record = moment.record.map_or_else(String::new, |record| format!(", with message {record}"));
    format!(
        "after {} at {}, {} after the beginning{record}",
        messages(moment.after),
        text::instant(moment.at),
        Lasting(Duration::from_secs(moment.after_s.unsigned_abs()))
    )
}

/// What the guard itself made of the mail.
fn itself(own: &Own) -> String {
    let Own { since_generation, pairs, noted, unrecorded, uncounted, record, is_same_settings, is_same } = own;
    let did = match (record, is_same) {
        (Some(_), true) => "found the same, with the same message".to_owned(),
        (None, true) => "did not find it harmful either".to_owned(),
        (Some(record), false) => format!("found it harmful with message {record}"),
        (None, false) => "did not find it harmful".to_owned(),
    };
    let mut line = format!("the guard itself, which has tried it since generation {since_generation}, {did}");
    if !is_same_settings {
        line += "; it had other settings then: use --as-then for those";
    }
    let pairs_of = |count: &u64, what: &str| format!("; {} {what}", show::counted(*count, "pair"));
    if noted < pairs {
        line += &pairs_of(
            &(pairs - noted),
            "that it counted were not recorded, because there was no journal or they were too many",
        );
    }
    if *unrecorded > 0 {
        line += &pairs_of(unrecorded, "that it counted are not in the journal");
    }
    if *uncounted > 0 {
        line += &pairs_of(uncounted, "of the journal it did not count in this trial");
    }
    line
}

/// `gmail.com: 14 of 25 campaigns newly flagged, 0 no longer; E-value 10^6.5, needed 10^6.0 (gross)`.
fn numbers(evidence: &FlipEvidence) -> String {
    let FlipEvidence { segment, flip, counts, test, log_e, log_threshold, .. } = evidence;
    let (one, other) = match flip {
        Flip::Up => ("newly flagged", "no longer"),
        Flip::Down => ("no longer flagged", "newly"),
    };
    let power = |log: f64| log / std::f64::consts::LN_10;
    let test = match test {
        Test::Gross => "gross",
        Test::Net => "net",
    };
    show::printable(
        &format!(
            "{segment}: {} of {} {one}, {} {other}; E-value 10^{:.1}, needed 10^{:.1} ({test})",
            show::count(counts.flips),
            show::counted(counts.all, "campaign"),
            show::count(counts.opposite),
            power(*log_e),
            power(*log_threshold)
        ),
        1_000,
    )
}
