//! The impact as it is printed.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{StdoutLock, Write as _};

use comfy_table::Table;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::ReleaseId;
use switchback::compare::Providers;
use switchback::compare::Rate;
use switchback::journal::{Impact, ImpactCounts, Impacted};

use super::Args;
use super::against::Against;
use crate::cells::{Cell, Rows};
use crate::journal::domain;
use crate::schema::json_line;
use crate::show;
use crate::store::text;

/// Prints messages as they are found, or the first ones at the end.
pub(super) struct Report<'a> {
    args: &'a Args,
    release: &'a ReleaseId,
    against: &'a Against,
    form: Form,
}

enum Form {
    Text { out: StdoutLock<'static>, first: Vec<Impacted> },
    Json(StdoutLock<'static>),
    Csv(Box<Rows<StdoutLock<'static>, { COLUMNS.len() }>>),
}

/// The columns of the CSV.
const COLUMNS: [&str; 16] = [
    "id",
    "at",
    "slot",
    "direction",
    "action",
    "would",
    "score",
    "other_score",
    "known_by",
    "sender_domain",
    "is_authenticated",
    "message",
    "message_id",
    "fingerprint",
    "bytes",
    "context",
];

impl<'a> Report<'a> {
    pub(super) fn new(
        args: &'a Args,
        release: &'a ReleaseId,
        against: &'a Against,
        out: StdoutLock<'static>,
    ) -> anyhow::Result<Self> {
        let form = if args.json {
            Form::Json(out)
        } else if args.csv {
            Form::Csv(Box::new(Rows::under(COLUMNS, out)?))
        } else {
            Form::Text { out, first: Vec::new() }
        };
        Ok(Self { args, release, against, form })
    }

    /// Takes the next message.
    pub(super) fn message(&mut self, impacted: &Impacted) -> anyhow::Result<()> {
        match &mut self.form {
            Form::Text { first, .. } if first.len() < self.args.limit => first.push(impacted.clone()),
            Form::Text { .. } => {}
            Form::Json(out) => {
                json_line(impacted, out)?;
            }
            Form::Csv(rows) => rows.row(row(impacted))?,
        }
        Ok(())
    }

    /// Prints the counts. A list of values has no place for them: there they go where remarks go.
    pub(super) fn finish(&mut self, impact: &Impact) -> anyhow::Result<()> {
        let counts = Counts::of(self, impact);
        match &mut self.form {
            Form::Text { out, first } => counts.write(out, first),
            Form::Json(out) => Ok(json_line(&counts, out)?),
            Form::Csv(rows) => {
                rows.finish()?;
                if impact.all.unknown > 0 {
                    crate::exit::say(&unknown(impact.all.unknown, impact.all.decided));
                }
                if impact.failed() > 0 {
                    crate::exit::say(&format!(
                        "{} failed on {}, which are in no line",
                        self.release,
                        show::counted(impact.failed(), "message")
                    ));
                }
                Ok(())
            }
        }
    }
}

fn unknown(unknown: u64, decided: u64) -> String {
    let what = show::counted(unknown, "message");
    let of = show::count(decided);
    format!(
        "it is not known what the other release would have done with {what} of {of}: neither it nor a --source has them"
    )
}

fn row(impacted: &Impacted) -> [Cell; COLUMNS.len()] {
    let Impacted { mail, .. } = impacted;
    let score = |score: Option<f64>| score.map_or(Cell::Empty, Cell::own);
    [
        Cell::own(impacted.id),
        Cell::own(impacted.at),
        Cell::text(Some(&impacted.slot)),
        Cell::own(impacted.direction.name()),
        Cell::own(impacted.action),
        Cell::own(impacted.would),
        score(impacted.score),
        score(impacted.other_score),
        Cell::own(impacted.known_by.name()),
        Cell::text(mail.sender_domain.as_deref()),
        Cell::own(mail.is_authenticated),
        Cell::own(mail.digest),
        Cell::text(mail.message_id.as_deref()),
        Cell::own(mail.fingerprint),
        Cell::own(mail.bytes),
        Cell::own(mail.context),
    ]
}

/// What is printed at the end.
#[derive(JsonSchema, Serialize)]
pub(super) struct Counts<'a> {
    release: &'a ReleaseId,
    against: &'a ReleaseId,
    #[serde(skip)]
    why: &'static str,
    all: ImpactCounts,
    /// Messages that an operator's rule has decided above the release.
    overruled: u64,
    /// Messages that the release was to decide and failed on.
    failed: u64,
    /// Of these, those that another release has decided in its place.
    replaced: u64,
    /// The others, which the failure policy has decided.
    unscanned: u64,
    /// Shares of the messages that it has decided; none of no message.
    rates: Option<Rates>,
    /// By provider of the sender's domain, those with the most impacted messages first.
    providers: Vec<ProviderRow>,
    /// Those with the most impacted messages.
    domains: Vec<DomainRow<'a>>,
    other_domains: Option<Others>,
}

/// Shares, with their 95 % intervals.
#[derive(JsonSchema, Serialize)]
struct Rates {
    held_back: Rate,
    let_through: Rate,
}

#[derive(JsonSchema, Serialize)]
struct ProviderRow {
    provider: String,
    #[serde(flatten)]
    counts: ImpactCounts,
}

#[derive(JsonSchema, Serialize)]
struct DomainRow<'a> {
    /// None for messages without a usable sender.
    domain: Option<&'a str>,
    #[serde(flatten)]
    counts: ImpactCounts,
}

#[derive(JsonSchema, Serialize)]
struct Others {
    domains: usize,
    #[serde(flatten)]
    counts: ImpactCounts,
}

impl<'a> Counts<'a> {
    fn of(report: &Report<'a>, impact: &'a Impact) -> Self {
        let named = impact.domains.iter().map(|(domain, counts)| DomainRow { domain: Some(domain), counts: *counts });
        let unnamed = (impact.no_domain.decided > 0).then_some(DomainRow { domain: None, counts: impact.no_domain });
        let mut domains: Vec<_> = named.chain(unnamed).collect();
        domains.sort_by_key(|one| (Reverse(one.counts.impacted()), Reverse(one.counts.decided), one.domain));
        // Whoever reads JSON can cut by himself.
        let limit = if report.args.json { usize::MAX } else { report.args.limit };
        let rest = domains.split_off(limit.min(domains.len()));
        let mut counts = impact.other_domains;
        rest.iter().for_each(|others| counts.add(&others.counts));
        Self {
            release: report.release,
            against: &report.against.release,
            why: report.against.why,
            all: impact.all,
            overruled: impact.overruled,
            failed: impact.failed(),
            replaced: impact.replaced,
            unscanned: impact.unscanned,
            rates: Rates::of(&impact.all),
            providers: ProviderRow::all(impact),
            domains,
            other_domains: (counts.decided > 0).then_some(Others { domains: rest.len(), counts }),
        }
    }

    fn write(&self, out: &mut StdoutLock<'static>, first: &[Impacted]) -> anyhow::Result<()> {
        writeln!(out, "{} against {} ({})\n", self.release, self.against, self.why)?;
        let all = &self.all;
        writeln!(out, "{:<44}{:>11}", "messages that it has decided", show::count(all.decided))?;
        let mut line = |what: &str, n: u64| {
            writeln!(out, "{what:<44}{:>11}  {}", show::count(n), show::share_column(n, all.decided))
        };
        line("  held back, the other would not have", all.held_back)?;
        line("  let through, the other would not have", all.let_through)?;
        line("  harsher, on the same side", all.harsher)?;
        line("  milder, on the same side", all.milder)?;
        line("  as the other would have", all.decided - all.impacted() - all.unknown)?;
        line("  unknown: not seen by the other, no source", all.unknown)?;
        let (pair, same, alike) = (all.by_pair, all.by_rescoring, all.by_rescoring_alike);
        let [pair, same, alike] = [pair, same, alike].map(show::count);
        writeln!(out, "known: {pair} by pairs, {same} scored again, {alike} scored again that are alike")?;
        if all.other_failed > 0 {
            writeln!(out, "of those unknown, {} failed on {}", self.against, show::count(all.other_failed))?;
        }
        let (overruled, failed) = (show::count(self.overruled), show::count(self.failed));
        write!(out, "not decided by it: {overruled} by an operator's rule, {failed} that it failed on")?;
        if self.failed > 0 {
            let [replaced, unscanned] = [self.replaced, self.unscanned].map(show::count);
            write!(out, " ({replaced} decided by another release in its place, {unscanned} by the failure policy)")?;
        }
        writeln!(out)?;
        self.write_providers(out)?;
        self.write_domains(out)?;
        write_first(out, first, all.impacted())
    }

    fn write_providers(&self, out: &mut StdoutLock<'static>) -> anyhow::Result<()> {
        if self.providers.is_empty() {
            return Ok(());
        }
        let mut table = segments("provider, as claimed");
        for one in &self.providers {
            table.add_row(segment_row(one.provider.clone(), &one.counts));
        }
        show::numbers(&mut table, 1..7);
        Ok(writeln!(out, "\n{}", table.trim_fmt())?)
    }

    fn write_domains(&self, out: &mut StdoutLock<'static>) -> anyhow::Result<()> {
        if self.all.decided == 0 {
            return Ok(());
        }
        let mut table = segments("domain, as claimed");
        for one in &self.domains {
            table.add_row(segment_row(domain(one.domain), &one.counts));
        }
        if let Some(others) = &self.other_domains {
            table.add_row(segment_row(format!("({} others)", show::count(others.domains as u64)), &others.counts));
        }
        show::numbers(&mut table, 1..7);
        Ok(writeln!(out, "\n{}", table.trim_fmt())?)
    }
}

impl Rates {
    fn of(counts: &ImpactCounts) -> Option<Self> {
        let of = |part| Rate::of(part, counts.decided);
        Some(Self { held_back: of(counts.held_back)?, let_through: of(counts.let_through)? })
    }
}

impl ProviderRow {
    /// Those whose mail the release has decided.
    fn all(impact: &Impact) -> Vec<Self> {
        let known = Providers::default();
        let mut counts: BTreeMap<&str, ImpactCounts> = BTreeMap::new();
        for (domain, of_domain) in &impact.domains {
            if let Some(provider) = known.of(domain) {
                counts.entry(provider).or_default().add(of_domain);
            }
        }
        let named = counts.into_iter().map(|(provider, counts)| Self { provider: provider.to_owned(), counts });
        let mut all: Vec<_> = named.collect();
        all.sort_by_key(|one| (Reverse(one.counts.impacted()), Reverse(one.counts.decided)));
        all
    }
}

/// A table of segments of senders.
fn segments(of: &str) -> Table {
    show::table([of, "decided", "held back", "let through", "harsher", "milder", "unknown"])
}

fn segment_row(name: String, counts: &ImpactCounts) -> Vec<String> {
    let numbers = [counts.decided, counts.held_back, counts.let_through, counts.harsher, counts.milder, counts.unknown];
    std::iter::once(name).chain(numbers.map(show::count)).collect()
}

fn write_first(out: &mut StdoutLock<'static>, first: &[Impacted], impacted: u64) -> anyhow::Result<()> {
    if first.is_empty() {
        return Ok(());
    }
    let mut table = show::table(["time", "action", "would", "score", "other", "known by", "sender", "id"]);
    let score = |score: Option<f64>| score.map_or_else(|| "-".to_owned(), show::score);
    for one in first {
        table.add_row([
            text::instant(one.at).trim_end_matches(" UTC").to_owned(),
            one.action.to_string(),
            one.would.to_string(),
            score(one.score),
            score(one.other_score),
            one.known_by.name().to_owned(),
            domain(one.mail.sender_domain.as_deref()),
            one.id.to_string(),
        ]);
    }
    show::numbers(&mut table, 3..5);
    writeln!(out, "\n{}", table.trim_fmt())?;
    let more = impacted - first.len() as u64;
    if more > 0 {
        writeln!(out, "and {} more: --json and --csv list all", show::count(more))?;
    }
    Ok(())
}
