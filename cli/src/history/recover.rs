//! `switchback history recover`.

use std::io::{self, Write as _};

use switchback::SqliteStore;

use crate::exit::Exit;
use crate::show;
use crate::store::StoreArgs;

/// Start a damaged ledger anew with the events that can still be read
///
/// The damaged file is set aside, not deleted. The new ledger ends before the first event that cannot be read or is not
/// as it was written; processes follow it within milliseconds. A ledger that is whole stays as it is.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Examples:
  switchback history recover && switchback status

Exit codes:
  0  the ledger is whole, or was started anew
  1  there is no store, or it cannot be written
  2  the command line is wrong";

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let recovered = SqliteStore::recover(&args.store.dir()?)?;
    let mut out = io::stdout().lock();
    if args.json {
        let recovered =
            recovered.map(|new| serde_json::json!({ "events": new.events, "ended": new.ended, "aside": new.aside }));
        writeln!(out, "{}", serde_json::json!({ "recovered": recovered }))?;
        return Ok(Exit::Fine);
    }
    match recovered {
        None => writeln!(out, "the ledger is whole: nothing was changed")?,
        Some(new) => {
            let kept = show::counted(new.events, "event");
            writeln!(
                out,
                "the ledger has {kept} now, and ends there because {}",
                show::printable(&new.ended, usize::MAX)
            )?;
            writeln!(out, "the damaged one is {}", new.aside.display())?;
            writeln!(out, "`switchback status` shows what is in charge by these events")?;
        }
    }
    Ok(Exit::Fine)
}
