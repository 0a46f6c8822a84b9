//! `switchback history recover`.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::control::{Accept, EventSequence, Recovered, SqliteStore, StoreError};

use crate::exit::{Exit, after_help};
use crate::schema::{Output, json_line, kind};
use crate::show;
use crate::store::StoreArgs;
use crate::store::author::AuthorArgs;

/// Rebuild a damaged ledger from the events that can still be read
///
/// The damaged files are kept under another name, not deleted. The new ledger has the events before the first that cannot be
/// read or was altered, and one more event that records the recovery. Processes, which otherwise refuse a ledger that was set
/// back, follow the new one within seconds. An intact ledger stays as it is, unless events that were seen are missing at its
/// end. Nothing is done while processes follow the ledger as if it were intact, or if a newer version of Switchback wrote to it.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,

    /// Accept an intact ledger that lacks events seen before: for an older copy that was restored on purpose
    #[arg(long)]
    go_back: bool,

    /// Recover even though processes follow the ledger and have not noticed any damage
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    author: AuthorArgs,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  switchback history recover && switchback status
  switchback history recover --go-back           an older copy was restored on purpose";

const EXIT_CODES: [&str; 2] = [
    "the ledger is intact, or was recovered",
    "there is no store, it cannot be written, processes follow it, it is intact but was set back, or a newer version of \
     Switchback wrote to it",
];

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
    known: EventSequence,
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
    let mut accept = Accept::damage();
    if args.go_back {
        accept = accept.going_back();
    }
    if args.force {
        accept = accept.followers();
    }
    let recovered = match SqliteStore::recover(&args.store.dir()?, &args.author.name(), accept) {
        Err(error @ StoreError::WouldGoBack(_)) => {
            Err(error).context("use --go-back if an older copy was restored on purpose; nothing was changed")?
        }
        Err(error @ StoreError::Followed { .. }) => Err(error).context("stop them first, or use --force")?,
        recovered => recovered?,
    };
    let mut out = io::stdout().lock();
    if args.json {
        json_line(&Told { recovered: recovered.map(Anew::from) }, &mut out)?;
        return Ok(Exit::Fine);
    }
    let Some(Recovered { events, known, ended, aside, .. }) = recovered else {
        writeln!(out, "the ledger is intact: nothing was changed")?;
        return Ok(Exit::Fine);
    };
    let (kept, ended) = (show::counted(events, "event"), show::printable(&ended, usize::MAX));
    writeln!(out, "the ledger keeps {kept}, and ends there because {ended}")?;
    if known.get() > events {
        writeln!(
            out,
            "LOST: events {} to {known}, with their freezes, overrides, trusted keys and routes",
            events + 1
        )?;
    }
    writeln!(out, "event {} records the recovery; processes follow the ledger within seconds", events + 1)?;
    aside.iter().try_for_each(|aside| writeln!(out, "the damaged ledger is {}", aside.display()))?;
    writeln!(out, "`switchback status` shows what is live now")?;
    Ok(Exit::Fine)
}
