//! `switchback rollout status`.

use std::io::{self, Write as _};

use schemars::JsonSchema;
use serde::Serialize;
use switchback::Control;
use switchback::control::{Progress, PromoteError, Rollout, SlotState};
use switchback::guard::TrialEvidence;
use switchback::guard::{GuardReader, GuardStoreError};

use crate::clock;
use crate::exit::{Exit, after_help};
use crate::schema::{Output, json_line, kind};
use crate::show;
use crate::store::slot::Slots;
use crate::store::{self, StoreArgs, text};

/// Show the rollouts in progress, their steps, and why one is paused
///
/// A rollout is held up if its next step would be refused: during a freeze, if the guard found the release harmful, or if a
/// process does not have it ready or its guard does not work.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,

    /// Only this slot [default: every slot]
    #[arg(long, value_name = "SLOT")]
    slot: Option<String>,

    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  switchback rollout status
  switchback rollout status --json | jq -r .says";

const EXIT_CODES: [&str; 2] =
    ["the rollouts are shown, if there are any", "a rollout is paused or held up, or the store cannot be read"];

/// A line of JSON.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "GoingOn")]
struct Record<'a> {
    slot: &'a str,
    #[serde(flatten)]
    rollout: &'a Rollout,
    /// How it goes on.
    says: String,
    is_paused: bool,
}

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::lines("rollout-status", &[kind::<Record<'static>>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let control = args.store.open()?;
    let (state, processes) = (store::state(&control)?, control.processes()?);
    let chosen = Slots::of(&state, &processes).known(args.slot.as_deref())?;
    let slots = state.slots.iter().filter(|(name, _)| chosen.as_ref().is_none_or(|chosen| chosen == *name));
    let (mut out, mut is_paused, mut is_empty) = (io::stdout().lock(), false, true);
    for (name, slot) in slots {
        let Some(rollout) = &slot.rollout else { continue };
        let record = Record::of(&args.store, &control, name, slot, rollout)?;
        (is_paused, is_empty) = (is_paused || record.is_paused, false);
        if args.json {
            json_line(&record, &mut out)?;
        } else {
            let slot = show::printable(name, text::NAME_CHARS_MAX);
            writeln!(out, "slot {slot}: {}", text::rollout(rollout))?;
            writeln!(out, "  begun {}", text::since(&rollout.began))?;
            writeln!(out, "  {}", show::printable(&record.says, text::LINE_CHARS_MAX))?;
        }
    }
    if is_empty && !args.json {
        writeln!(out, "no rollout is in progress")?;
    }
    Ok(Exit::found_if(is_paused))
}

impl<'a> Record<'a> {
    fn of(
        store: &StoreArgs,
        control: &Control,
        name: &'a str,
        slot: &SlotState,
        rollout: &'a Rollout,
    ) -> anyhow::Result<Self> {
        let progress = evidence(store, name, slot)?.map(|evidence| rollout.progress(clock::now(), &evidence));
        let (says, is_paused) = match (progress, obstacle(control, name)) {
            (Some(Progress::Paused(why)), None) => (format!("PAUSED: {why}"), true),
            (Some(Progress::Paused(why)), Some(obstacle)) => (format!("PAUSED: {why}; HELD UP: {obstacle}"), true),
            (_, Some(obstacle)) => (format!("HELD UP: {obstacle}"), true),
            (None, None) => ("no guard has reported yet: the rollout continues once one has".to_owned(), true),
            (Some(Progress::Due(_)), None) => ("the next step is due".to_owned(), false),
            (Some(Progress::Holds { until }), None) => {
                (format!("the next step is due on {}", text::instant(until)), false)
            }
        };
        Ok(Self { slot: name, rollout, says, is_paused })
    }
}

/// Why the next step could not be made now, whatever the evidence; none if it could. A step that was made or superseded
/// meanwhile is no obstacle.
fn obstacle(control: &Control, slot: &str) -> Option<String> {
    match control.check_next_step(slot) {
        // That is what the evidence says, too.
        Ok(()) | Err(PromoteError::Harmed { .. }) => None,
        Err(error) if error.is_overtaken() => None,
        Err(error) => Some(error.to_string()),
    }
}

fn evidence(store: &StoreArgs, name: &str, slot: &SlotState) -> anyhow::Result<Option<TrialEvidence>> {
    let Some(trial) = slot.rollout_trial(name) else { return Ok(None) };
    match GuardReader::open(store.dir()?) {
        Ok(reader) => Ok(Some(reader.evidence(&trial, &slot.guard)?)),
        Err(GuardStoreError::None(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
