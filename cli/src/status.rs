//! `switchback status`.

mod marks;
mod screen;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use switchback::Control;
use switchback::control::{Event, StoreProcess, StoreState};

use self::marks::{Faulty, Forced, Harmful, Undecided};
use crate::exit::{Exit, explained};
use crate::schema::{Output, json_line, kind};
use crate::store::aftermath::Unloadable;
use crate::store::{StoreArgs, note_newer, text};

/// Show the state of a store and the processes that follow it
///
/// Shows each slot with its live, standby, canary and shadow releases, reverted segments and rollouts; freezes, quarantines and
/// what the guard found harmful; which release is ready where; how far each process has come; and the overrides in effect.
/// Warns of slots in which no release decides, in the store or in one process; of releases that were forced or do harm; and
/// of releases that a starting process could not load: the files of releases with a role are compared with their digests, of
/// other releases only the presence of the file is checked.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,

    /// Show the status again whenever it changes, until interrupted
    #[arg(short, long)]
    watch: bool,

    /// Print one JSON object; with --watch, one per change
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Examples:
  switchback status
  switchback status --watch
  switchback status --json | jq -r '.state.slots.inbound.live.version'

Exit codes:
  0  the status is shown
  1  the store cannot be read
  2  the command line is wrong
  3  the status is shown, and in a slot no release decides: none is live, or a process cannot load
     it, or a process that starts could not, because the file is missing or altered, or the trust
     list does not accept it";

/// How long to wait for a change before looking again: the end of a process writes nothing.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Moves the cursor home and clears what is below it (ECMA-48: CUP, ED).
const CLEAR: &str = "\x1b[H\x1b[2J";

/// Everything that is shown.
#[derive(JsonSchema, Serialize)]
struct Status {
    store: PathBuf,
    state: StoreState,
    processes: Vec<StoreProcess>,
    /// How often each override has decided: its number, and how often.
    hits: Vec<(u64, u64)>,
    /// The last event.
    last: Option<Event>,
    /// Where nobody decides.
    undecided: Vec<Undecided>,
    /// Live releases that a filter which starts would not load.
    unloadable: Vec<Unloadable>,
    /// Releases whose file is missing or was altered, or that are not signed as the trust list asks for.
    faulty: Vec<Faulty>,
    /// What decides although it was not checked.
    forced: Vec<Forced>,
    /// What does harm.
    harmful: Vec<Harmful>,
    /// Why that is not known.
    harmful_unknown: Option<String>,
}

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::lines("status", &[kind::<Status>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let dir = args.store.dir()?;
    let control = Control::open(&dir)?;
    let status = Status::read(&args.store, &dir, &control)?;
    text::tell_set_back(&status.state);
    let mut shown = args.render(&status)?;
    show(&shown, false)?;
    if !args.watch {
        let decides = status.undecided.is_empty() && status.unloadable.is_empty();
        return Ok(if decides { Exit::Fine } else { Exit::Undecided });
    }
    let mut watch = control.watch()?;
    loop {
        watch.wait(LOOK_INTERVAL);
        let next = args.render(&Status::read(&args.store, &dir, &control)?)?;
        if next != shown {
            show(&next, io::stdout().is_terminal() && !args.json)?;
            shown = next;
        }
    }
}

impl Args {
    fn render(&self, status: &Status) -> anyhow::Result<String> {
        if !self.json {
            return Ok(screen::of(status));
        }
        let mut line = Vec::new();
        json_line(status, &mut line)?;
        Ok(String::from_utf8(line)?)
    }
}

impl Status {
    fn read(store: &StoreArgs, dir: &Path, control: &Control) -> anyhow::Result<Self> {
        // Read once, so that all of it is of one moment.
        let (events, ledger) = control.whole()?;
        note_newer(&ledger);
        let state = ledger.into_state();
        let (processes, hits) = (control.processes()?, control.hits()?);
        let (undecided, forced) = (marks::undecided(&state, &processes), marks::forced(&state, &events));
        let (harmful, harmful_unknown) = match marks::harmful(store, &state) {
            Ok(harmful) => (harmful, None),
            Err(error) => (Vec::new(), Some(explained(&error))),
        };
        let (unloadable, faulty) = (marks::unloadable(control, &state), marks::faulty(control, &state));
        let (store, last) = (dir.to_owned(), events.last().cloned());
        Ok(Self {
            store,
            state,
            processes,
            hits,
            last,
            undecided,
            unloadable,
            faulty,
            forced,
            harmful,
            harmful_unknown,
        })
    }
}

fn show(screen: &str, clear: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if clear {
        out.write_all(CLEAR.as_bytes())?;
    }
    out.write_all(screen.as_bytes())?;
    out.flush()
}
