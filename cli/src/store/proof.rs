//! What the guard knows of a candidate, segment by segment.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use switchback::ReleaseId;
use switchback::control::SlotState;
use switchback::guard::{Circumstances, Flip, MailCounts, Requirements, Segment, Standing, Tally, Trial};
use switchback::guard::{GuardReader, GuardStoreError, TrialRecord};

use super::StoreArgs;
use crate::show;

/// What is known of a release that is tried in a slot, against what is live there.
#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct Proof {
    pub(crate) baseline: ReleaseId,
    /// What was compared, and how much of that counts.
    pub(crate) pairs: MailCounts,
    /// The worst first, and the larger ones before the smaller.
    pub(crate) segments: Vec<OfSegment>,
}

/// What is known of one segment.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub(crate) struct OfSegment {
    pub(crate) segment: Segment,
    pub(crate) standing: Standing,
    /// Campaigns of authenticated, known senders that are newly flagged.
    pub(crate) flips: u64,
    pub(crate) campaigns: u64,
    /// How many campaigns prove the segment if no more of them are newly flagged.
    pub(crate) campaigns_needed: u64,
    /// The share is below this, with 95 % confidence.
    pub(crate) share_at_most: f64,
    /// What it takes to act on flips up, and what there is of it.
    pub(crate) requirements: Requirements,
    #[serde(skip)]
    pub(crate) tally: Tally,
}

impl Proof {
    /// What is known of this release in this slot; none if nothing was compared.
    pub(crate) fn of(
        store: &StoreArgs,
        name: &str,
        slot: &SlotState,
        release: &ReleaseId,
    ) -> anyhow::Result<Option<Self>> {
        let reader = match GuardReader::open(store.dir()?) {
            Ok(reader) => reader,
            Err(GuardStoreError::None(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let since = slot.entered.get(&release.digest).copied();
        let trial = reader.trials(name)?.into_iter().find(|trial| {
            trial.candidate == *release && Some(&trial.baseline) == slot.live.as_ref() && Some(trial.since) == since
        });
        trial.map(|trial| Self::of_trial(&reader, slot, &trial)).transpose()
    }

    /// What is known of one trial.
    pub(crate) fn of_trial(reader: &GuardReader, slot: &SlotState, trial: &TrialRecord) -> anyhow::Result<Self> {
        let judge = Trial::new(slot.guard.clone(), trial.baseline.clone(), trial.began_at);
        let now = judge.circumstances(trial.last_at, reader.knows_few(&slot.guard)?);
        let segments = of_tallies(&judge, now, reader.tallies(trial)?);
        Ok(Self { baseline: trial.baseline.clone(), pairs: trial.pairs, segments })
    }

    /// The latest trial of a release in a slot that says nothing about what goes on there now: it is over, or it was compared with
    /// something else than what is live.
    pub(crate) fn earlier(store: &StoreArgs, name: &str, release: &ReleaseId) -> anyhow::Result<Option<TrialRecord>> {
        match GuardReader::open(store.dir()?) {
            Ok(reader) => Ok(reader.trials(name)?.into_iter().find(|trial| trial.candidate == *release)),
            Err(GuardStoreError::None(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// As lines, at most so many segments.
    pub(crate) fn write(&self, limit: usize, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}", standings(&self.baseline, &self.segments))?;
        writeln!(out, "{}", compared(&self.pairs))?;
        write_segments(&self.segments, limit, out)
    }
}

/// `against phish@1.1.0, by segment of authenticated, known senders: 0 harmed, 12 unproven, 3 proven`.
pub(crate) fn standings(baseline: &ReleaseId, segments: &[OfSegment]) -> String {
    let count = |standing| segments.iter().filter(|one| one.standing == standing).count() as u64;
    let [harmed, unproven, proven] =
        [Standing::Harmed, Standing::Unproven, Standing::Proven].map(|one| show::count(count(one)));
    format!(
        "against {baseline}, by segment of authenticated, known senders: {harmed} harmed, {unproven} unproven, {proven} proven"
    )
}

/// As a table, at most so many segments.
pub(crate) fn write_segments(segments: &[OfSegment], limit: usize, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
    writeln!(out, "{}", table(&segments[..limit.min(segments.len())]))?;
    let more = segments.len().saturating_sub(limit);
    if more > 0 {
        writeln!(out, "  and {}", show::counted(more as u64, "segment"))?;
    }
    Ok(())
}

/// `20,964 pairs were compared: 0 of authenticated, known senders, which count; 964 of authenticated senders that are new; 20,000
/// of unauthenticated ones`.
pub(crate) fn compared(pairs: &MailCounts) -> String {
    let MailCounts { messages, authenticated, eligible, .. } = *pairs;
    format!(
        "{} {} compared: {} of authenticated, known senders, which count; {} of authenticated senders that are new; {} of \
         unauthenticated ones",
        show::counted(messages, "pair"),
        if messages == 1 { "was" } else { "were" },
        show::count(eligible),
        show::count(authenticated.saturating_sub(eligible)),
        show::count(messages.saturating_sub(authenticated))
    )
}

/// What tallies say, the worst first.
pub(crate) fn of_tallies(
    judge: &Trial,
    now: Circumstances,
    tallies: impl IntoIterator<Item = (Segment, Tally)>,
) -> Vec<OfSegment> {
    let mut segments: Vec<_> =
        tallies.into_iter().map(|(segment, tally)| of_tally(judge, now, segment, tally)).collect();
    // Of two that stand equally, the one with more flips, then with more mail, then by name.
    segments.sort_by(|a, b| {
        let place = |one: &OfSegment| (order(one.standing), std::cmp::Reverse((one.flips, one.campaigns)));
        place(a).cmp(&place(b)).then_with(|| a.segment.cmp(&b.segment))
    });
    segments
}

fn of_tally(judge: &Trial, now: Circumstances, segment: Segment, tally: Tally) -> OfSegment {
    let proof = judge.proof(&tally);
    let switchback::guard::Proof { standing, flips, campaigns, share_at_most, campaigns_needed, .. } = proof;
    let requirements = judge.requirements(&tally, Flip::Up, in_segment(now, &segment));
    OfSegment { segment, standing, flips, campaigns, campaigns_needed, share_at_most, requirements, tally }
}

/// The same in one segment: few senders suffice among everybody alone.
pub(crate) fn in_segment(now: Circumstances, segment: &Segment) -> Circumstances {
    let mut of_segment = now;
    of_segment.knows_few &= *segment == Segment::Everything;
    of_segment
}

fn order(standing: Standing) -> u8 {
    match standing {
        Standing::Harmed => 0,
        Standing::Unproven => 1,
        Standing::Proven => 2,
    }
}

fn table(segments: &[OfSegment]) -> String {
    let mut table = show::table(["  segment", "", "campaigns", "newly flagged", "at most (95 %)"]);
    for one in segments {
        table.add_row([
            format!("  {}", show::printable(&one.segment.to_string(), 80)),
            one.standing.to_string(),
            one.campaigns(),
            show::count(one.flips),
            format!("{:.2} %", 100.0 * one.share_at_most),
        ]);
    }
    show::numbers(&mut table, 2..5);
    table.trim_fmt()
}

impl OfSegment {
    /// The campaigns that were compared; where they prove nothing yet, of how many that it takes: `9 of 177`.
    pub(crate) fn campaigns(&self) -> String {
        let campaigns = show::count(self.campaigns);
        match self.standing {
            Standing::Unproven => format!("{campaigns} of {}", show::count(self.campaigns_needed)),
            Standing::Harmed | Standing::Proven => campaigns,
        }
    }

    /// Whether it is harmed.
    pub(crate) fn is_harmed(&self) -> bool {
        self.standing == Standing::Harmed
    }
}
