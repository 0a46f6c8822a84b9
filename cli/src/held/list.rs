//! `switchback held list`.

use std::io::{self, Write as _};

use switchback_gateway::held::HeldMessage;

use super::place::PlaceArgs;
use super::select::FilterArgs;
use super::table;
use crate::exit::{self, Exit, after_help};
use crate::schema::{Output, json_line, kind};

/// List mail that is held, the oldest first
///
/// "uncertain" is a message that was being given back when that was cut off: nobody knows whether the mail server has it.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(super) struct Args {
    #[command(flatten)]
    filters: FilterArgs,

    /// Print one JSON object per line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: PlaceArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback held list --since 1d
  switchback held list --release phish@2.0.0 --from-domain gmail.com
  switchback held list --json | jq -r 'select(.attempt != null) | .id'";

const EXIT_CODES: [&str; 2] = [
    "the messages are listed, if there are any",
    "the folder is not there or cannot be read, or something in it is damaged",
];

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::lines("held-list", &[kind::<HeldMessage>]);

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let place = args.place.open()?;
    let selected = args.filters.select(&place.spool)?;
    let mut out = io::stdout().lock();
    if args.json {
        selected.messages.iter().try_for_each(|message| json_line(message, &mut out))?;
    } else if selected.messages.is_empty() {
        exit::say(&format!("no such message is held in {}", place.spool.dir().display()));
    } else {
        writeln!(out, "{}", table::of(&selected.messages))?;
    }
    out.flush()?;
    Ok(selected.exit)
}
