//! `switchback journal`.

mod export;
mod filters;
mod nothing;
mod place;
mod table;

use std::io::{self, Write as _};

use anyhow::bail;
use clap::Subcommand;
use switchback::{JournalError, JournalReader, Query, Record};

use self::filters::FilterArgs;
pub(crate) use self::nothing::{say_nothing, there_is};
pub(crate) use self::place::{JournalArgs, check_slot, of_store};
pub(crate) use self::table::domain;
use crate::exit::{self, Exit};
use crate::schema::{Output, kind};

/// Show the records of a journal, the newest last
///
/// There is one for each message that a filter with a journal has judged: which release decided, what it said, and
/// what every other release said of the same message. A Message-ID finds its records also where the journal keeps it
/// hashed.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    journal: JournalArgs,

    #[command(flatten)]
    filters: FilterArgs,

    /// Show only the newest N of those that are asked for [default: 20, and stderr says if there are more]
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,

    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    Export(Box<export::Args>),
}

const AFTER_HELP: &str = "\
Examples:
  switchback journal -n 50
  switchback journal --since 2h --action quarantine --domain gmail.com
  switchback journal --release phish@2.0.0 --decided-by live --json | jq .opinions
  switchback journal --message-id '<4711@mail.example>'
  switchback journal export --since 6d -o april.parquet

A TIME is one of the calendar, as in 2025-04-25T09:24:00Z, or how long ago it was, as in 2h or 6d; without a zone it is in UTC.
docs/times.md has all forms.

Exit codes:
  0  they are shown; where there are none, stderr says what the journal has, and from when to when
  1  there is no journal, a file of it cannot be read, or neither it nor the store knows the slot or the release
  2  the command line is wrong";

/// The records that are shown if nobody says how many.
const LIMIT: usize = 20;

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::lines("journal", &[kind::<Record>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Some(Command::Export(args)) => export::run(args),
        None => list(args),
    }
}

fn list(args: &Args) -> anyhow::Result<Exit> {
    let reader = args.journal.open()?;
    let query = args.filters.query(&args.journal, &reader)?;
    // One more than are shown, to know whether there are more.
    let mut latest = reader.last(&query, args.limit.unwrap_or(LIMIT + 1))?;
    check_sought(&reader, &query, latest.records.is_empty())?;
    if latest.records.is_empty() && args.limit != Some(0) {
        say_nothing(&reader, args.filters.window()?)?;
    }
    if args.limit.is_none() && latest.records.len() > LIMIT {
        exit::say(&format!(
            "these are the newest {LIMIT} of those that were asked for; there are more: -n says how many to show"
        ));
        latest.records.drain(..latest.records.len() - LIMIT);
    }
    let mut out = io::stdout().lock();
    if args.json {
        for record in &latest.records {
            serde_json::to_writer(&mut out, record)?;
            writeln!(out)?;
        }
    } else if !latest.records.is_empty() {
        writeln!(out, "{}", table::of(&latest.records))?;
    }
    Ok(say_unread(&latest.unread))
}

/// Refuses to say that there is nothing of a Message-ID that nobody could look for.
fn check_sought(reader: &JournalReader, query: &Query, is_empty: bool) -> anyhow::Result<()> {
    if is_empty && query.message_id.is_some() && !reader.has_key() {
        bail!("the journal has no key that can be read, so a Message-ID that it keeps hashed cannot be looked for");
    }
    Ok(())
}

/// Says what could not be read of a journal.
pub(crate) fn say_unread(unread: &[JournalError]) -> Exit {
    unread.iter().for_each(|error| exit::say(&error.to_string()));
    Exit::found_if(!unread.is_empty())
}
