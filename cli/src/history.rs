//! `switchback history`.

mod recover;
mod verify;

use std::io::{self, Write as _};

use clap::Subcommand;
use comfy_table::Table;
use switchback::control::{Event, NewerEvent, Operation, StoreState};

use crate::exit::{Exit, after_help};
use crate::schema::{Output, json_line, kind};
use crate::show;
use crate::store::slot::Slots;
use crate::store::{StoreArgs, note_newer, text};

/// Show who changed a store, when and why
///
/// Reads and checks the whole ledger, so every event is shown as it was written. Events written by a newer version of
/// Switchback are shown as far as this version understands them.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES), args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    store: StoreArgs,

    /// Only events that changed this slot, or froze it [default: every slot]
    #[arg(long, value_name = "SLOT")]
    slot: Option<String>,

    /// Only the last N events
    #[arg(short = 'n', value_name = "N")]
    last: Option<usize>,

    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    Verify(verify::Args),
    Recover(recover::Args),
}

const EXAMPLES: &str = "\
Examples:
  switchback history -n 20
  switchback history --slot inbound
  switchback history --json | jq 'select(.author == \"ada\")'
  switchback history verify";

const EXIT_CODES: [&str; 2] =
    ["the events are shown", "the store cannot be read, it has no such slot, or the ledger was altered"];

/// What `--json` prints, by command.
pub(crate) const OUTPUTS: &[(&str, Output)] = &[
    ("history", Output::lines("history", &[kind::<Event>, kind::<NewerEvent>])),
    ("history recover", recover::OUTPUT),
    ("history verify", verify::OUTPUT),
];

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Some(Command::Verify(args)) => verify::run(args),
        Some(Command::Recover(args)) => recover::run(args),
        None => list(args),
    }
}

fn list(args: &Args) -> anyhow::Result<Exit> {
    let control = args.store.open()?;
    let (events, ledger) = control.whole()?;
    note_newer(&ledger);
    let slots = Slots::of(ledger.state(), &control.processes()?);
    let events = match slots.known(args.slot.as_deref())? {
        Some(slot) => about(&slot, events)?,
        None => events,
    };
    let skipped = args.last.map_or(0, |last| events.len().saturating_sub(last));
    let mut out = io::stdout().lock();
    if args.json {
        for event in &events[skipped..] {
            json_line(event, &mut out)?;
        }
        for newer in ledger.newer() {
            json_line(newer, &mut out)?;
        }
        return Ok(Exit::Fine);
    }
    if events.is_empty() {
        writeln!(out, "nothing has happened yet")?;
        return Ok(Exit::Fine);
    }
    let mut table = of(&events[skipped..]);
    for newer in ledger.newer() {
        table.add_row(unknown(newer));
    }
    writeln!(out, "{}", table.trim_fmt())?;
    Ok(Exit::Fine)
}

/// A line for each event, for a person.
pub(crate) fn table(events: &[Event]) -> String {
    of(events).trim_fmt()
}

fn of(events: &[Event]) -> Table {
    let mut table = show::table(["event", "time", "generation", "by", "operation", "reason"]);
    for event in events {
        table.add_row(row(event));
    }
    show::numbers(&mut table, 0..1);
    show::numbers(&mut table, 2..3);
    table
}

/// What can be shown of an event that a newer program wrote.
fn unknown(newer: &NewerEvent) -> [String; 6] {
    [
        newer.sequence.to_string(),
        text::instant(newer.at),
        "?".to_owned(),
        show::printable(&newer.author, text::NAME_CHARS_MAX),
        format!("{} (not known to this version)", show::printable(&newer.operation, text::NAME_CHARS_MAX)),
        show::printable(&newer.reason, text::LINE_CHARS_MAX),
    ]
}

fn row(event: &Event) -> [String; 6] {
    [
        event.sequence.to_string(),
        text::instant(event.at),
        event.generation.to_string(),
        show::printable(&event.author, text::NAME_CHARS_MAX),
        show::printable(&event.operation.to_string(), text::LINE_CHARS_MAX),
        show::printable(&event.reason, text::LINE_CHARS_MAX),
    ]
}

/// The events that changed a slot, by naming it or, as a quarantine does, without.
fn about(slot: &str, events: Vec<Event>) -> anyhow::Result<Vec<Event>> {
    let (mut state, mut about) = (StoreState::default(), Vec::new());
    for event in events {
        let before = state.slots.get(slot).cloned();
        state.apply(&event)?;
        let is_everywhere =
            matches!(event.operation, Operation::Freeze { slot: None } | Operation::Thaw { slot: None });
        if event.operation.slot() == Some(slot) || before.as_ref() != state.slots.get(slot) || is_everywhere {
            about.push(event);
        }
    }
    Ok(about)
}
