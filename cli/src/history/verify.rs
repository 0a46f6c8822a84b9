//! `switchback history verify`.

use std::io::{self, Write as _};

use anyhow::bail;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::Digest;
use switchback::control::{Anachronism, EventSequence, Who, Witness};

use crate::clock;
use crate::exit::{Exit, after_help};
use crate::schema::{Output, json_line, kind};
use crate::show;
use crate::store::StoreArgs;

/// Check that the ledger was not altered
///
/// Every event contains the hash of the event before it, and the numbers have no gaps. An event that was edited, removed,
/// moved or inserted is found and named. So is a ledger that was set back, as long as the file `control.head` or a process
/// remembers how far it went. Whoever can write the files could rewrite the whole ledger: keep the head, which every change
/// prints and an alert can carry, in another place, and pass it to --head later. Events with times that go backwards or are
/// in the future cause a warning: their order is certain, but a clock was wrong.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,

    /// A head that was printed earlier: the ledger has to contain it
    #[arg(long, value_name = "HASH")]
    head: Option<Digest>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  switchback history verify
  switchback history verify --head 5f2a...        is it still the history that I know?";

const EXIT_CODES: [&str; 2] = [
    "every event is as it was written, and no event that is remembered is missing",
    "an event was altered or is missing, and is named; the ledger does not contain the head; or the store cannot be read",
];

/// What was found to be whole.
#[derive(JsonSchema, Serialize)]
struct Verified {
    events: u64,
    head: Digest,
    /// Who remembers how far the ledger went, each with where that was.
    witnesses: Vec<Witness>,
    /// How often it was recovered.
    recoveries: u64,
    /// The event that had the given head.
    #[serde(skip_serializing_if = "Option::is_none")]
    head_seen_at: Option<EventSequence>,
    /// Events that cannot have happened at their times, as sentences.
    clock: Vec<String>,
}

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::document("history-verify", &[kind::<Verified>]);

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let control = args.store.open()?;
    let (history, ledger) = control.whole()?;
    let (last, head) = ledger.end();
    let events = last.get();
    // What came in between is for the next time.
    let witnesses = control.witnesses()?;
    let head_seen_at = match args.head {
        None => None,
        Some(earlier) => match ledger.place_of(&earlier) {
            // What stands before the first event is in every ledger.
            None | Some(EventSequence::NONE) => bail!(
                "no event of this ledger has the hash {earlier}: it was cut off before that event, or replaced by \
                 another one{}",
                if ledger.state().recoveries > 0 {
                    "; it was recovered once, as `switchback history` shows"
                } else {
                    ""
                }
            ),
            place => place,
        },
    };
    let clock = Anachronism::all(&history, clock::now()).iter().map(ToString::to_string).collect();
    let verified = Verified { events, head, witnesses, recoveries: ledger.state().recoveries, head_seen_at, clock };
    let mut out = io::stdout().lock();
    if args.json {
        json_line(&verified, &mut out)?;
        return Ok(Exit::Fine);
    }
    writeln!(out, "{}, each as it was written", show::counted(events, "event"))?;
    if !verified.witnesses.is_empty() {
        let who: Vec<_> = verified.witnesses.iter().map(seen).collect();
        writeln!(out, "no event seen by {} is missing", who.join(", "))?;
    }
    if verified.recoveries > 0 {
        let times = show::counted(verified.recoveries, "time");
        writeln!(out, "the ledger was recovered {times}: `switchback history` shows when, and what was lost")?;
    }
    match verified.head_seen_at {
        Some(sequence) if sequence == last => writeln!(out, "the given head is that of the last event")?,
        Some(sequence) => writeln!(
            out,
            "the given head is that of event {sequence}: nothing before it has changed since, and {} came after it",
            show::counted(events - sequence.get(), "event")
        )?,
        None => {}
    }
    for witness in verified.witnesses.iter().filter(|witness| is_behind(witness, last)) {
        let (who, noted) = (&witness.who, witness.mark.sequence);
        writeln!(
            out,
            "warning: {who} has noted event {noted} of {events} only: a ledger that is set back to there would be taken for \
             whole; see that it can be written"
        )?;
    }
    if let Some(newer) = ledger.newer().first() {
        writeln!(out, "warning: {newer}: from there on only the chain was checked, not what happened")?;
    }
    for wrong in &verified.clock {
        writeln!(out, "warning: {wrong}")?;
    }
    writeln!(out, "head {head}")?;
    Ok(Exit::Fine)
}

/// Whether the file that everybody who changes something writes is behind. A process may be for a moment.
fn is_behind(witness: &Witness, last: EventSequence) -> bool {
    matches!(witness.who, Who::File(_)) && witness.mark.sequence < last
}

fn seen(witness: &Witness) -> String {
    format!("{} up to event {}", show::printable(&witness.who.to_string(), usize::MAX), witness.mark.sequence)
}
