//! `switchback held expire`.

use std::io::{self, Write as _};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use switchback::verdict::RecordId;
use switchback_gateway::held::SpoolError;

use super::place::{Place, PlaceArgs};
use super::select;
use crate::clock;
use crate::duration::duration;
use crate::exit::{self, Exit, after_help, chain};
use crate::schema::{Output, json_line, kind};
use crate::show;
use crate::store::text::instant;

/// Remove mail for good that was held long enough
///
/// Also removes what a crash left unfinished in the folder. A message that is being released is kept.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(super) struct Args {
    /// Remove what has been held for longer than this: `30d`, `12h` (docs/times.md) [default: held.keep of the configuration, or
    /// else 30d]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    older: Option<SignedDuration>,

    /// Print what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: PlaceArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback held expire
  switchback held expire --older 7d --dry-run";

const EXIT_CODES: [&str; 2] =
    ["what is older is removed; that may be nothing", "the folder is not there, or something could not be removed"];

/// How long mail is held if nobody says.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::document("held-expire", &[kind::<Expired>]);

/// What was removed.
#[derive(JsonSchema, Serialize)]
struct Expired {
    dry_run: bool,
    /// Messages held since before this time are removed.
    before: Timestamp,
    /// The messages that were removed.
    removed: Vec<RecordId>,
    /// How many messages are still held.
    held: u64,
    /// Files that a crash had left, and that were removed.
    left_over: u64,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let place = args.place.open()?;
    let configured = place.config.as_ref().and_then(|config| SignedDuration::try_from(config.held.keep).ok());
    let older = args.older.or(configured).unwrap_or(KEPT);
    let before = clock::now().checked_sub(older).unwrap_or(Timestamp::MIN);
    let (expired, exit) = expire(args, &place, before)?;
    let mut out = io::stdout().lock();
    if args.json {
        json_line(&expired, &mut out)?;
    } else {
        let (messages, held) = (show::counted(expired.removed.len() as u64, "message"), show::count(expired.held));
        let verb = if args.dry_run { "would be removed" } else { "removed" };
        writeln!(out, "{messages} held since before {} {verb}; {held} still held", instant(before))?;
    }
    Ok(exit)
}

fn expire(args: &Args, place: &Place<'_>, before: Timestamp) -> anyhow::Result<(Expired, Exit)> {
    let selected = select::all(&place.spool)?;
    let mut expired = Expired { dry_run: args.dry_run, before, removed: Vec::new(), held: 0, left_over: 0 };
    let mut exit = selected.exit;
    for message in &selected.messages {
        if message.at >= before {
            expired.held += 1;
            continue;
        }
        let removed = if args.dry_run { Ok(()) } else { place.spool.remove(message.id) };
        match removed {
            Ok(()) => expired.removed.push(message.id),
            Err(SpoolError::NotHeld(_)) => {}
            Err(error) => {
                expired.held += 1;
                exit = if matches!(error, SpoolError::Busy(_)) { exit } else { Exit::Found };
                exit::say(&chain(&error));
            }
        }
    }
    if !args.dry_run {
        expired.left_over = place.spool.tidy()?;
    }
    Ok((expired, exit))
}
