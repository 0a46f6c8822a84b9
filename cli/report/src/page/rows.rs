//! The tables of the page.

use std::collections::BTreeMap;

use switchback::Action;
use switchback::compare::{ReleaseSummary, Report};

use super::{PageError, charts};
use crate::show;
use crate::shown::SUBJECT_CHARS_MAX;
use crate::words;

/// Characters of a domain or of a file's name that are shown.
const NAME_CHARS_MAX: usize = 120;

/// Bars of a chart; the table below it has the rest.
const BARS_MAX: usize = 10;

/// A figure that stands for itself.
pub(super) struct Figure {
    pub(super) value: String,
    pub(super) what: &'static str,
}

/// A name and what belongs to it.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) cells: Vec<String>,
}

/// A chart and a table of segments.
pub(super) struct Segments {
    pub(super) title: &'static str,
    pub(super) what: &'static str,
    pub(super) note: Option<String>,
    pub(super) chart: String,
    pub(super) rows: Vec<Row>,
}

/// The table of actions.
pub(super) struct Actions {
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<ActionRow>,
}

/// What becomes of the messages for which the first release takes one action.
pub(super) struct ActionRow {
    pub(super) action: &'static str,
    pub(super) cells: Vec<Cell>,
}

/// A number with a colour.
pub(super) struct Cell {
    pub(super) class: String,
    pub(super) count: String,
}

/// A message that they differ on.
pub(super) struct Worst {
    pub(super) name: String,
    pub(super) subject: String,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) flips: bool,
    pub(super) mark: &'static str,
}

pub(super) fn figures(report: &Report) -> Vec<Figure> {
    let flips = &report.flips;
    vec![
        Figure { value: show::count(flips.messages), what: "messages compared" },
        Figure { value: show::count(flips.newly_flagged), what: "newly flagged" },
        Figure { value: show::count(flips.no_longer_flagged), what: "no longer flagged" },
        Figure { value: report.drift.as_ref().map_or("-", words::reading).to_owned(), what: "drift of the scores" },
    ]
}

impl Segments {
    pub(super) fn new(
        title: &'static str,
        what: &'static str,
        note: Option<String>,
        rows: &[words::Row<'_>],
    ) -> Result<Self, PageError> {
        let cells = |segment: &switchback::compare::SegmentRow| {
            let flips = &segment.flips;
            vec![
                show::count(flips.messages),
                show::count(flips.newly_flagged),
                show::count(flips.no_longer_flagged),
                show::rate(flips.flagged_before, flips.messages),
                show::rate(flips.flagged_after, flips.messages),
                segment.mean_difference.map_or("-".to_owned(), |mean| format!("{mean:+.3}")),
            ]
        };
        let bars: Vec<_> = rows.iter().take(BARS_MAX).map(|(name, segment)| (name.as_str(), segment.flips)).collect();
        Ok(Self {
            title,
            what,
            note,
            chart: charts::flips(title, &bars)?,
            rows: rows
                .iter()
                .map(|(name, segment)| Row { name: show::printable(name, NAME_CHARS_MAX), cells: cells(segment) })
                .collect(),
        })
    }
}

/// What is said of domains that were too many.
pub(super) fn pooled(report: &Report) -> Option<String> {
    report.pooled_domains.map(|pooled| {
        format!(
            "There are too many domains to count each: those with the most messages are counted exactly, {} of about {} \
             others together.",
            show::counted(pooled.segment.flips.messages, "message"),
            show::count(pooled.domains_estimated)
        )
    })
}

impl Actions {
    /// The actions that either release takes, and those that flag.
    pub(super) fn of(report: &Report) -> Self {
        let count = |before, after| report.actions.get(&before).and_then(|row: &BTreeMap<_, _>| row.get(&after));
        let count = |before, after| count(before, after).copied().unwrap_or(0);
        let is_taken = |action| Action::ALL.iter().any(|other| count(action, *other) + count(*other, action) > 0);
        let shown: Vec<_> = Action::ALL
            .into_iter()
            .filter(|action| is_taken(*action) || matches!(action, Action::Deliver | Action::Junk))
            .collect();
        let cell = |before: Action, after: Action| {
            let (n, side) = (count(before, after), direction(before, after));
            let class = if n == 0 { "none".to_owned() } else { format!("{side} h{}", heat(n, report.flips.messages)) };
            Cell { class, count: show::count(n) }
        };
        let row = |before: &Action| ActionRow {
            action: before.name(),
            cells: shown.iter().map(|after| cell(*before, *after)).collect(),
        };
        Self { columns: shown.iter().map(|action| action.name()).collect(), rows: shown.iter().map(row).collect() }
    }
}

fn direction(before: Action, after: Action) -> &'static str {
    match before.cmp(&after) {
        std::cmp::Ordering::Less => "up",
        std::cmp::Ordering::Equal => "same",
        std::cmp::Ordering::Greater => "down",
    }
}

/// How strong a colour: each step is ten times as many messages.
fn heat(count: u64, messages: u64) -> u8 {
    match count as f64 / messages as f64 {
        share if share >= 0.1 => 4,
        share if share >= 0.01 => 3,
        share if share >= 0.001 => 2,
        _ => 1,
    }
}

pub(super) fn scores(report: &Report) -> Vec<Row> {
    let row = |release: &ReleaseSummary| {
        let cells = release.scores.map_or(vec!["-".to_owned(); 6], |scores| {
            let mut cells = vec![show::count(scores.count)];
            cells.extend([scores.mean, scores.p10, scores.p50, scores.p90, scores.p99].map(show::score));
            cells
        });
        Row { name: release.release.to_string(), cells }
    };
    vec![row(&report.before), row(&report.after)]
}

pub(super) fn drift(report: &Report) -> Vec<Row> {
    report.drift.as_ref().map_or(Vec::new(), |drift| {
        let row = |name: String, found: f64, chance: f64| Row {
            name,
            cells: vec![format!("{found:.4}"), format!("{chance:.4}")],
        };
        vec![
            row(format!("PSI, {} bins", drift.psi_bins), drift.psi, drift.psi_by_chance_p95),
            row("KS".to_owned(), drift.ks, drift.ks_by_chance_p95),
        ]
    })
}

pub(super) fn answers(report: &Report) -> Vec<Row> {
    let row = |release: &ReleaseSummary| {
        let answers = &release.answers;
        let mut cells: Vec<_> =
            [answers.scored, answers.abstained, answers.failed(), answers.dropped()].map(show::count).into();
        let why: Vec<_> =
            [words::failures(release), words::drops(release)].into_iter().filter(|why| !why.is_empty()).collect();
        cells.push(if why.is_empty() { "-".to_owned() } else { why.join("; ") });
        Row { name: release.release.to_string(), cells }
    };
    vec![row(&report.before), row(&report.after)]
}

pub(super) fn worst(report: &Report) -> Vec<Worst> {
    let row = |worst: &switchback::compare::Difference| Worst {
        name: show::printable(&worst.message, NAME_CHARS_MAX),
        subject: show::printable(worst.subject.as_deref().unwrap_or("-"), SUBJECT_CHARS_MAX),
        before: show::score(worst.before),
        after: show::score(worst.after),
        flips: worst.flips,
        mark: if worst.flips { "changes sides" } else { "" },
    };
    report.worst.iter().map(row).collect()
}
