//! `switchback history verify`.

use std::io::{self, Write as _};

use anyhow::bail;
use serde::Serialize;
use switchback::{Anachronism, Digest, Event};

use crate::clock;
use crate::exit::Exit;
use crate::show;
use crate::store::StoreArgs;

/// Check that nobody touched the ledger
///
/// Every event holds the hash of the one before. An event that was edited, taken out, moved or put in is found and named.
/// Whoever can write the file could write all of it anew: keep the head that is printed somewhere else, and give it to
/// --head later. Events whose times go backwards or are still to come are warned of: their order is certain, a clock was
/// wrong.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,

    /// A head that was printed earlier: the ledger has to have gone on from there
    #[arg(long, value_name = "HASH")]
    head: Option<Digest>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Examples:
  switchback history verify
  switchback history verify --head 5f2a...        is it the history that I have seen?

Exit codes:
  0  every event is as it was written
  1  one is not, and is named; the ledger does not contain the head; or the store cannot be read
  2  the command line is wrong";

/// What was found to be whole.
#[derive(Serialize)]
struct Verified {
    events: usize,
    head: Digest,
    /// The event that had the given head.
    #[serde(skip_serializing_if = "Option::is_none")]
    head_seen_at: Option<u64>,
    /// Events that cannot have happened at their times, as sentences.
    clock: Vec<String>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let control = args.store.open()?;
    let ledger = control.ledger()?;
    let (head, last) = (ledger.head(), ledger.state().sequence);
    // What came in between is for the next time.
    let events: Vec<_> = control.history()?.into_iter().take_while(|event| event.sequence <= last).collect();
    let head_seen_at = match args.head {
        None => None,
        Some(earlier) => match place(&events, head, earlier) {
            None => bail!(
                "no event of this ledger has the hash {earlier}: it was cut off before that event, or replaced by \
                 another one"
            ),
            place => place,
        },
    };
    let clock = Anachronism::all(&events, clock::now()).iter().map(ToString::to_string).collect();
    let verified = Verified { events: events.len(), head, head_seen_at, clock };
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer(&mut out, &verified)?;
        writeln!(out)?;
        return Ok(Exit::Fine);
    }
    writeln!(out, "{}, each as it was written", show::counted(verified.events as u64, "event"))?;
    if let Some(sequence) = verified.head_seen_at {
        writeln!(out, "the head that was given is event {sequence}'s: nothing before it was changed since")?;
    }
    for wrong in &verified.clock {
        writeln!(out, "warning: {wrong}")?;
    }
    writeln!(out, "head {head}")?;
    Ok(Exit::Fine)
}

/// The event of this hash: each is named by the one after it, and the last by the head. 0 is the empty ledger.
fn place(events: &[Event], head: Digest, hash: Digest) -> Option<u64> {
    let named = events.iter().map(|event| (event.sequence - 1, event.previous));
    let last = events.last().map_or(0, |event| event.sequence);
    named.chain([(last, head)]).find(|(_, known)| *known == hash).map(|(sequence, _)| sequence)
}
