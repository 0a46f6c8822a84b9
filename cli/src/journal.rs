//! `switchback journal`.

mod export;
mod filters;
mod nothing;
mod place;
mod table;

use std::io::{self, Write as _};

use clap::Subcommand;
use switchback::journal::Record;

use self::filters::FilterArgs;
use self::nothing::check_sought;
pub(crate) use self::nothing::{say_nothing, say_unread, there_is};
pub(crate) use self::place::{JournalArgs, check_slot, of_store};
pub(crate) use self::table::domain;
use crate::exit::{self, Exit, after_help};
use crate::schema::{Output, json_line, kind};

/// Show the records of a journal, the newest last
///
/// A filter with a journal writes one record for each message: which release decided, its score, and the scores of every other
/// release on the same message. Records are found by Message-ID even if the journal keeps it hashed.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES), args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    journal: JournalArgs,

    #[command(flatten)]
    filters: FilterArgs,

    /// Show only the newest N of the matching records [default: 20, and stderr says if there are more]
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

const EXAMPLES: &str = "\
Examples:
  switchback journal -n 50
  switchback journal --since 2h --action quarantine --domain gmail.com
  switchback journal --release phish@2.0.0 --decided-by live --json | jq .opinions
  switchback journal --message-id '<4711@mail.example>'
  switchback journal export --since 6d -o april.parquet";

const EXIT_CODES: [&str; 2] = [
    "the records are shown; if there are none, stderr says how many the journal has, and from which time",
    "there is no journal, a file of it cannot be read, or neither it nor the store has the slot or the release",
];

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
        exit::say(&format!("these are the newest {LIMIT} of the matching records: use -n to show more"));
        latest.records.drain(..latest.records.len() - LIMIT);
    }
    let mut out = io::stdout().lock();
    if args.json {
        for record in &latest.records {
            json_line(record, &mut out)?;
        }
    } else if !latest.records.is_empty() {
        writeln!(out, "{}", table::of(&latest.records))?;
    }
    Ok(say_unread(&latest.unread))
}
