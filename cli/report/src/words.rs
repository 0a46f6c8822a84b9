//! A comparison in plain words: what changed, and for whom.

use switchback::compare::{Drift, DriftReading, Flips, ReleaseSummary, Report, SegmentRow};
use switchback::verdict::{Cause, Dropped, Senders};

use crate::show;

/// A domain's characters that are shown in a sentence.
const DOMAIN_CHARS_MAX: usize = 60;

/// What a reader should know first: a few sentences, the most important one first.
pub(super) fn summary(report: &Report) -> Vec<String> {
    [Some(flips(report)), affected(report), report.drift.as_ref().map(drift), unanswered(report)]
        .into_iter()
        .flatten()
        .collect()
}

/// What changes across the flag boundary.
fn flips(report: &Report) -> String {
    let (before, after) = (&report.before.release, &report.after.release);
    let Flips { messages, newly_flagged: up, no_longer_flagged: down, flagged_before, .. } = report.flips;
    let of_all = |n| format!("{} ({})", show::count(n), share(n, messages));
    match (messages, up, down) {
        (0, ..) => "No message was answered by both releases, so nothing can be said of them.".to_owned(),
        (_, 0, 0) => format!(
            "{after} flags the same messages as {before}: {} of {}.",
            of_all(flagged_before),
            show::counted(messages, "message")
        ),
        (_, up, 0) => format!(
            "Of {}, {after} flags {} that {before} does not, and {}.",
            show::counted(messages, "message"),
            of_all(up),
            if flagged_before == 0 { "that flags none" } else { "every one that it does" }
        ),
        (_, 0, down) => format!(
            "Of {}, {after} no longer flags {} that {before} does, and flags no other.",
            show::counted(messages, "message"),
            of_all(down)
        ),
        (_, up, down) => format!(
            "Of {}, {after} flags {} that {before} does not, and no longer flags {} that it does.",
            show::counted(messages, "message"),
            of_all(up),
            of_all(down)
        ),
    }
}

/// `42.9 %, 95 %: 15-75 %`, for brackets.
fn share(part: u64, whole: u64) -> String {
    let interval = show::interval(part, whole).map_or_else(String::new, |interval| format!(", 95 %: {interval}"));
    format!("{}{interval}", show::share(part, whole))
}

/// Whom it concerns most: the provider or the domain with the most flips beyond what all other mail has.
fn affected(report: &Report) -> Option<String> {
    let all = report.flips.flips();
    let providers = report.providers.iter().map(|row| (row.provider.to_string(), &row.segment));
    let domains = report.domains.iter().map(|row| (show::printable(&row.domain, DOMAIN_CHARS_MAX), &row.segment));
    // A provider goes before its only domain.
    let (name, segment) = providers
        .chain(domains)
        .reduce(|best, next| if excess(report, next.1) > excess(report, best.1) { next } else { best })
        .filter(|_| all > 0)?;
    let part = segment.flips.flips();
    if part * 10 < all || excess(report, segment) <= 0.0 {
        return Some("They are spread over many senders: no provider and no domain stands out.".to_owned());
    }
    let whose = match report.senders {
        Senders::Authenticated => format!("from {name}"),
        Senders::Anyone => format!("that says to be from {name}"),
    };
    let how_many = match part {
        part if part == all => "All of these are mail".to_owned(),
        part if 2 * part > all => "Most of these are mail".to_owned(),
        _ => format!("What stands out ({} of {}) is mail", show::count(part), show::count(all)),
    };
    Some(format!("{how_many} {whose}: {}.", against_the_rest(report, segment)))
}

/// How many more flips a segment has than if all other mail were the measure.
fn excess(report: &Report, segment: &SegmentRow) -> f64 {
    let (part, messages) = (segment.flips.flips(), segment.flips.messages);
    let rest = (report.flips.messages - messages) as f64;
    let rate = if rest > 0.0 { (report.flips.flips() - part) as f64 / rest } else { 0.0 };
    part as f64 - messages as f64 * rate
}

fn against_the_rest(report: &Report, segment: &SegmentRow) -> String {
    let Flips { messages, newly_flagged: up, no_longer_flagged: down, .. } = segment.flips;
    let of = |n| format!("{} of its {} ({})", show::count(n), show::count(messages), share(n, messages));
    let what = match (up, down) {
        (up, 0) => format!("{} are newly flagged", of(up)),
        (0, down) => format!("{} are no longer flagged", of(down)),
        (up, down) => format!("{} change sides, {} of them to flagged", of(up + down), show::count(up)),
    };
    let rest = report.flips.messages - messages;
    match rest {
        0 => what,
        _ => format!("{what}, against {} of all other mail", show::rate(report.flips.flips() - (up + down), rest)),
    }
}

/// Whether scores have shifted.
fn drift(drift: &Drift) -> String {
    match drift.reading {
        DriftReading::WithinChance => "Their scores show no drift beyond chance.",
        DriftReading::Small => "Their scores have shifted a little, though by more than chance.",
        DriftReading::Moderate => "Their scores have shifted, by much more than chance: look at the thresholds again.",
        DriftReading::Large => "Their scores have shifted far: the same threshold means something else now.",
    }
    .to_owned()
}

/// The word for what a drift amounts to.
pub(super) fn reading(drift: &Drift) -> &'static str {
    match drift.reading {
        DriftReading::WithinChance => "none beyond chance",
        DriftReading::Small => "small",
        DriftReading::Moderate => "moderate",
        DriftReading::Large => "large",
    }
}

/// Which messages are missing.
pub fn unanswered(report: &Report) -> Option<String> {
    let why: Vec<_> = [&report.before, &report.after].into_iter().filter_map(silence).collect();
    (report.unpaired > 0).then(|| {
        let [have, count] = if report.unpaired == 1 { ["has", "counts"] } else { ["have", "count"] };
        format!(
            "{} {have} not both answers and {count} in no flip: {}.",
            show::counted(report.unpaired, "message"),
            why.join("; ")
        )
    })
}

/// `m@2.0.0 failed on 3 (2 trap, 1 deadline), was not asked about 5 (5 budget)`.
fn silence(release: &ReleaseSummary) -> Option<String> {
    let answers = &release.answers;
    let said = [
        (answers.failed(), "failed on", failures(release)),
        (answers.dropped(), "was not asked about", drops(release)),
    ];
    let said: Vec<_> = said
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, what, why)| format!("{what} {} ({why})", show::count(count)))
        .collect();
    (!said.is_empty()).then(|| format!("{} {}", release.release, said.join(", ")))
}

/// `2 trap, 1 deadline`; empty if it never failed.
pub(super) fn failures(release: &ReleaseSummary) -> String {
    named(Cause::ALL.map(|cause| (cause.name(), release.answers.failed_by(cause))))
}

/// `5 budget`; empty if it was always asked.
pub(super) fn drops(release: &ReleaseSummary) -> String {
    named(Dropped::ALL.map(|reason| (reason.name(), release.answers.dropped_by(reason))))
}

fn named<const N: usize>(counts: [(&str, u64); N]) -> String {
    let some: Vec<_> = counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{} {name}", show::count(count)))
        .collect();
    some.join(", ")
}

/// The names of lists by sender, which say what they count.
pub(super) fn columns(senders: Senders) -> [&'static str; 2] {
    match senders {
        Senders::Authenticated => ["provider", "sender's domain"],
        Senders::Anyone => ["provider, as claimed", "domain, as claimed"],
    }
}

/// A segment with its name.
pub(super) type Row<'a> = (String, &'a SegmentRow);

/// Providers, then who belongs to none, then who is under no name at all. What has no message is left out.
pub(super) fn providers(report: &Report) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = report.providers.iter().map(|row| (row.provider.to_string(), &row.segment)).collect();
    rows.push(("(no known provider)".to_owned(), &report.other_providers));
    rows.extend(nameless(report));
    rows.retain(|(_, segment)| segment.flips.messages > 0);
    rows
}

/// Domains, then those that have no row, then who is under no name at all.
pub(super) fn domains(report: &Report) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> =
        report.domains.iter().map(|row| (show::printable(&row.domain, usize::MAX), &row.segment)).collect();
    rows.extend(
        report
            .other_domains
            .iter()
            .map(|row| (format!("({})", show::counted(row.domains, "other domain")), &row.segment)),
    );
    rows.extend(
        report
            .pooled_domains
            .iter()
            .map(|row| (format!("(about {} pooled)", show::count(row.domains_estimated)), &row.segment)),
    );
    rows.extend(nameless(report));
    rows.retain(|(_, segment)| segment.flips.messages > 0);
    rows
}

fn nameless(report: &Report) -> [Row<'_>; 2] {
    [("(not authenticated)".to_owned(), &report.unauthenticated), ("(no sender)".to_owned(), &report.without_sender)]
}
