//! `switchback rollout status`.

use std::io::{self, Write as _};

use schemars::JsonSchema;
use serde::Serialize;
use switchback::guard::TrialEvidence;
use switchback::{Control, GuardReader, GuardStoreError, Progress, PromoteError, Rollout, SlotState};

use crate::clock;
use crate::exit::Exit;
use crate::schema::{Output, kind};
use crate::show;
use crate::store::slot::{SlotArgs, Slots};
use crate::store::{self, StoreArgs, text};

/// Show which rollouts go on, in which step, and why one pauses
///
/// Held up is one that nobody lets go on when its time has come: in a freeze, where the guard found the release harmful, or
/// where a process does not have it ready or its guard does not work.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,

    #[command(flatten)]
    slot: SlotArgs,

    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Examples:
  switchback rollout status
  switchback rollout status --json | jq -r .says

Exit codes:
  0  it is shown, be there any or not
  1  a rollout pauses or is held up, or the store cannot be read
  2  the command line is wrong";

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
    let chosen = Slots::of(&state, &processes).known(&args.slot)?;
    let slots = state.slots.iter().filter(|(name, _)| chosen.as_ref().is_none_or(|chosen| chosen == *name));
    let (mut out, mut is_paused, mut is_empty) = (io::stdout().lock(), false, true);
    for (name, slot) in slots {
        let Some(rollout) = &slot.rollout else { continue };
        let record = Record::of(&args.store, &control, name, slot, rollout)?;
        (is_paused, is_empty) = (is_paused || record.is_paused, false);
        if args.json {
            serde_json::to_writer(&mut out, &record)?;
            writeln!(out)?;
        } else {
            let slot = show::printable(name, text::NAME_CHARS_MAX);
            writeln!(out, "slot {slot}: {}", text::rollout(rollout))?;
            writeln!(out, "  begun {}", text::since(&rollout.began))?;
            writeln!(out, "  {}", show::printable(&record.says, text::LINE_CHARS_MAX))?;
        }
    }
    if is_empty && !args.json {
        writeln!(out, "no rollout goes on")?;
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
            (None, None) => ("no guard has said anything yet: the rollout goes on when one has".to_owned(), true),
            (Some(Progress::Due(_)), None) => ("the next step is due".to_owned(), false),
            (Some(Progress::Holds { until }), None) => {
                (format!("the next step is due on {}", text::instant(until)), false)
            }
        };
        Ok(Self { slot: name, rollout, says, is_paused })
    }
}

/// Why the next step could not be made now, whatever the evidence; none if it could. A step that was made or became moot
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
