//! `switchback overrides`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::verdict::{Override, Rule};

use crate::clock;
use crate::exit::{Exit, after_help};
use crate::schema::{Output, json_line, kind};
use crate::show;
use crate::store::{self, StoreArgs, text};

/// List the overrides of a store, and how many messages each has decided
///
/// Processes report their hits every second. An override that was made while the clock was more than a day ahead is listed, but
/// is not in effect: make it again, and `expire` the wrong one. No override is in effect for longer than 90 days. A clock that
/// was set back to before the last event of the ledger is not trusted.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,

    /// Also list expired overrides
    #[arg(long)]
    all: bool,

    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  switchback overrides
  switchback overrides --json | jq 'select(.hits == 0)'";

const EXIT_CODES: [&str; 2] = ["the overrides are listed, if there are any", "the store cannot be read"];

/// A line of JSON.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Listed")]
struct Record<'a> {
    #[serde(flatten)]
    rule: &'a Override,
    standing: bool,
    /// Whether it was made at a time that is still to come: it does not hold.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ahead: bool,
    /// No later than its rule says, and than overrides may hold.
    ends_at: Timestamp,
    hits: u64,
}

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::lines("overrides", &[kind::<Record<'static>>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let control = args.store.open()?;
    let state = store::state(&control)?;
    let now = state.time(clock::now());
    let hits: BTreeMap<u64, u64> = control.hits()?.into_iter().collect();
    let stands = |one: &Override| one.holds_at(now);
    let listed = state.overrides.values().filter(|one| args.all || stands(one) || one.is_ahead(now));
    let records = listed.map(|rule| Record {
        rule,
        standing: stands(rule),
        ahead: rule.is_ahead(now),
        ends_at: rule.ends_at(),
        hits: hits.get(&rule.id).copied().unwrap_or(0),
    });
    text::tell_set_back(&state);
    let mut out = io::stdout().lock();
    if args.json {
        for record in records {
            json_line(&record, &mut out)?;
        }
        return Ok(Exit::Fine);
    }
    write(&records.collect::<Vec<_>>(), &mut out)?;
    Ok(Exit::Fine)
}

fn write(records: &[Record<'_>], out: &mut impl Write) -> io::Result<()> {
    if records.is_empty() {
        return writeln!(out, "no overrides in effect");
    }
    let mut table = show::table(["number", "hits", "what", "until", "by"]);
    for Record { rule: one, standing, ahead, ends_at, hits } in records {
        let until = text::instant(*ends_at);
        let until = match (standing, ahead) {
            (true, _) => until,
            (_, true) => format!("NOT IN EFFECT: made {}, the clock was wrong", text::instant(one.at)),
            (false, false) => format!("expired {until}"),
        };
        let by = text::by(&one.author, &one.reason);
        let by = by.strip_prefix("by ").unwrap_or(&by).to_owned();
        table.add_row([one.id.to_string(), show::count(*hits), what(one), until, by]);
    }
    show::numbers(&mut table, 0..2);
    writeln!(out, "{}", table.trim_fmt())
}

/// The rule without its end, which has a column of its own.
fn what(one: &Override) -> String {
    let Rule { expires_at, .. } = &one.rule;
    text::effect(one).replace(&format!(", until {expires_at}"), "")
}
