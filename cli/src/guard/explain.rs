//! `switchback guard explain`.

mod words;

use std::io;

use anyhow::bail;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::control::{Event, Operation, StoreState};
use switchback::guard::{Evidence, FlipEvidence, Floor, Requirements};

pub(crate) use self::words::numbers;
use crate::exit::{Exit, after_help};
use crate::schema::{Output, json_line, kind};
use crate::store::StoreArgs;
use crate::store::reference::event_number;

/// Explain why the guard acted, and recompute its decision
///
/// The event in the ledger records the integers that the guard decided by. From these and the settings of that time, the command
/// recomputes the evidence, the threshold and the floor, so a decision that cannot be reproduced is found. It also recomputes the
/// share of calls that failed or were slow. For scores near 0 and 1, or without spread, the event has only the measured value.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The number of the event, as in `switchback history` and in every alert
    #[arg(value_name = "EVENT", value_parser = event_number)]
    event: u64,

    #[command(flatten)]
    store: StoreArgs,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  switchback guard explain 17
  switchback guard explain 17 --json | jq .recomputed";

const EXIT_CODES: [&str; 2] = [
    "the recomputed decision is the same, as far as the event has the numbers for it",
    "the decision differs, the event is not an action of the guard, or the store cannot be read",
];

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
    let Some(event) = history.iter().find(|event| event.sequence.get() == args.event) else {
        bail!("there is no event {}: the last one is {}", args.event, history.len());
    };
    let Operation::Guard { evidence, .. } = &event.operation else {
        let acts = history.iter().filter(|event| matches!(event.operation, Operation::Guard { .. }));
        let acts: Vec<_> = acts.map(|event| event.sequence.to_string()).collect();
        let acts = if acts.is_empty() {
            "the guard has not acted yet".to_owned()
        } else {
            format!("its actions are events {}", acts.join(", "))
        };
        bail!("event {} is not an action of the guard: {}; {acts}", args.event, event.operation);
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
            json_line(&Explained { event, recomputed, requirements, agrees }, &mut out)?;
        }
        false => words::write(event, requirements.as_ref(), agrees, &mut out)?,
    }
    Ok(Exit::found_if(!agrees))
}

/// The floor of the slot when the guard decided: it may have been set since.
fn floor_before(history: &[Event], act: &Event) -> anyhow::Result<Floor> {
    let mut state = StoreState::default();
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
