//! `switchback guard explain`.

mod words;

use std::io::{self, Write as _};

use anyhow::bail;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::guard::{Evidence, FlipEvidence, Floor, Requirements};
use switchback::{Event, Operation, State};

pub(crate) use self::words::numbers;
use crate::exit::Exit;
use crate::schema::{Output, kind};
use crate::store::StoreArgs;
use crate::store::reference::event_number;

/// Say in plain words why the guard did something, and compute it again
///
/// The event in the ledger has the integers that the guard decided by. From these and the settings of the time the evidence, what
/// it had to reach and the floor are computed again: a decision that cannot be reproduced shows. So is the share of calls that failed or were
/// slow. Of scores at the rails or without spread the event has no more than what was measured.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The number of the event: `switchback history` has it, and so has every alert
    #[arg(value_name = "EVENT", value_parser = event_number)]
    event: u64,

    #[command(flatten)]
    store: StoreArgs,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Examples:
  switchback guard explain 17
  switchback guard explain 17 --json | jq .recomputed

Exit codes:
  0  the decision is the same, computed again as far as the event has the numbers for it
  1  it is another one, the event is none of the guard's, or the store cannot be read
  2  the command line is wrong";

/// As JSON.
#[derive(JsonSchema, Serialize)]
struct Explained<'a> {
    event: &'a Event,
    recomputed: Option<Recomputed>,
    /// What it took to act under the settings of the time, and what there was of it; of breakers none.
    requirements: Option<Requirements>,
    agrees: bool,
}

/// What follows from the integers.
#[derive(Clone, Copy, JsonSchema, Serialize)]
#[serde(untagged)]
enum Recomputed {
    Flips { log_e: f64, log_threshold: f64 },
    Breaker { measured: f64 },
}

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::document("guard-explain", &[kind::<Explained<'static>>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let history = args.store.open()?.history()?;
    let Some(event) = history.iter().find(|event| event.sequence == args.event) else {
        bail!("there is no event {}: the last one is {}", args.event, history.len());
    };
    let Operation::Guard { evidence, .. } = &event.operation else {
        let acts = history.iter().filter(|event| matches!(event.operation, Operation::Guard { .. }));
        let acts: Vec<_> = acts.map(|event| event.sequence.to_string()).collect();
        let acts =
            if acts.is_empty() { "it never did anything".to_owned() } else { format!("those are {}", acts.join(", ")) };
        bail!("event {} is nothing that the guard did: {}; {acts}", args.event, event.operation);
    };
    let floor = floor_before(&history, event)?;
    let (recomputed, requirements, agrees) = match &**evidence {
        Evidence::Flips(flips) => {
            let requirements = flips.requirements(&floor);
            let agrees = flips.agrees() && requirements.are_met();
            (Some(Recomputed::of(flips)), Some(requirements), agrees)
        }
        Evidence::Breaker(breaker) => {
            let measured = words::measured_again(breaker);
            (measured.map(|measured| Recomputed::Breaker { measured }), None, words::is_broken(breaker))
        }
    };
    let mut out = io::stdout().lock();
    match args.json {
        true => {
            serde_json::to_writer(&mut out, &Explained { event, recomputed, requirements, agrees })?;
            writeln!(out)?;
        }
        false => words::write(event, requirements.as_ref(), agrees, &mut out)?,
    }
    Ok(Exit::found_if(!agrees))
}

/// The floor of the slot when the guard decided: it may have been set since.
fn floor_before(history: &[Event], act: &Event) -> anyhow::Result<Floor> {
    let mut state = State::default();
    for event in history.iter().take_while(|event| event.sequence < act.sequence) {
        state.apply(event)?;
    }
    let slot = act.operation.slot().and_then(|slot| state.slots.get(slot));
    Ok(slot.map(|slot| slot.guard.clone()).unwrap_or_default().floor)
}

impl Recomputed {
    fn of(flips: &FlipEvidence) -> Self {
        let (log_e, log_threshold) = flips.recompute();
        Self::Flips { log_e, log_threshold }
    }
}
