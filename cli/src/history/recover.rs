//! `switchback history recover`.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::{Accept, Recovered, SqliteStore, StoreError};

use crate::exit::Exit;
use crate::schema::{Output, kind};
use crate::show;
use crate::store::{StoreArgs, author};

/// Start a damaged ledger anew with the events that can still be read
///
/// The damaged files are set aside as they are, not deleted. The new ledger ends before the first event that cannot be read or is not
/// as it was written, and with one more event that says so: processes, which obey no ledger that was set back, obey that
/// one within seconds. A ledger that is whole stays as it is, unless it ends before what was seen of it. Nothing is done while
/// processes follow the ledger as if it were whole, or where a newer version of Switchback wrote to it.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,

    /// Accept also that a whole ledger ends before what was seen of it: for a backup that was restored on purpose
    #[arg(long)]
    go_back: bool,

    /// Do it although processes follow the ledger and have not seen themselves that it is damaged
    #[arg(long)]
    force: bool,

    /// Who; kept in the ledger [default: the system's user, or whoever called sudo]
    #[arg(long, value_name = "NAME")]
    author: Option<String>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Examples:
  switchback history recover && switchback status
  switchback history recover --go-back           an older copy was put there on purpose

Exit codes:
  0  the ledger is whole, or was started anew
  1  there is no store, it cannot be written, processes follow it, it is whole and was set back, or a newer version of
     Switchback wrote to it
  2  the command line is wrong";

/// As JSON.
#[derive(JsonSchema, Serialize)]
struct Told {
    /// None if the ledger is whole: nothing was changed then.
    recovered: Option<Anew>,
}

/// A ledger that was started anew.
#[derive(JsonSchema, Serialize)]
struct Anew {
    /// Events of before that it has.
    events: u64,
    /// The last event that anybody remembers.
    known: u64,
    /// Why what there is of it ends where it does.
    ended: String,
    /// Where the damaged one is; none if it was gone.
    aside: Option<PathBuf>,
}

impl From<Recovered> for Anew {
    fn from(recovered: Recovered) -> Self {
        let Recovered { events, known, ended, aside, .. } = recovered;
        Self { events, known, ended, aside }
    }
}

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::document("history-recover", &[kind::<Told>]);

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let author = args.author.clone().unwrap_or_else(author::of_system);
    let mut accept = Accept::damage();
    if args.go_back {
        accept = accept.going_back();
    }
    if args.force {
        accept = accept.followers();
    }
    let recovered = match SqliteStore::recover(&args.store.dir()?, &author, accept) {
        Err(error @ StoreError::WouldGoBack(_)) => {
            Err(error).context("use --go-back if you put an older copy there on purpose; nothing was changed")?
        }
        Err(error @ StoreError::Followed { .. }) => Err(error).context("stop them first, or use --force")?,
        recovered => recovered?,
    };
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer(&mut out, &Told { recovered: recovered.map(Anew::from) })?;
        writeln!(out)?;
        return Ok(Exit::Fine);
    }
    let Some(Recovered { events, known, ended, aside, .. }) = recovered else {
        writeln!(out, "the ledger is whole: nothing was changed")?;
        return Ok(Exit::Fine);
    };
    let (kept, ended) = (show::counted(events, "event"), show::printable(&ended, usize::MAX));
    writeln!(out, "the ledger has {kept} of before, and ends there because {ended}")?;
    if known > events {
        writeln!(out, "LOST: events {} to {known}: freezes, overrides, trusted keys and routes of then", events + 1)?;
    }
    writeln!(out, "event {} says that it was recovered; processes obey it within seconds", events + 1)?;
    aside.iter().try_for_each(|aside| writeln!(out, "the damaged one is {}", aside.display()))?;
    writeln!(out, "`switchback status` shows what is in charge by these events")?;
    Ok(Exit::Fine)
}
