//! `switchback restore`.

use switchback::guard::{InvalidSegment, Segment};
use switchback::{Admission, State, Waited};

use crate::exit::{Exit, Usage};
use crate::store::change::{ChangeArgs, Operator, Remarks};
use crate::store::lately;
use crate::store::slot::{SlotArgs, Slots};

/// Let the live release decide again for a segment that went back
///
/// Undoes `revert --segment`, and with --force what the guard did of that kind. Waits until the guard of every process works;
/// refused during a freeze.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The segment: a domain, or `provider:gmail`
    #[arg(long, value_name = "SEGMENT")]
    segment: String,

    /// Restore also a segment that the guard put back, and do not wait for the guards
    ///
    /// The ledger records it.
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    slot: SlotArgs,

    #[command(flatten)]
    change: ChangeArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback restore --segment provider:gmail --reason 'it was a mistake of theirs'
  switchback restore --segment bank.example --slot inbound

Exit codes:
  0  every process obeys
  1  it was refused, for the reason shown; or a process does not obey yet, or not in full
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let slot = Slots::of(operator.state(), &operator.processes()?).existing(&args.slot)?;
    let waited = if args.force { Waited::Forced } else { Waited::Ready(args.change.wait()) };
    let segment = segment(operator.state(), &slot, &args.segment)?;
    let restoration = Admission::Restoration { slot: slot.clone(), segment: segment.clone(), waited };
    let change = operator.admit(&restoration)?;
    let notes = vec![lately::of_segment(&args.change.store, &change.after, &slot, &segment)];
    operator.tell(&change, &Remarks { notes, ..Remarks::default() })
}

/// The segment of this name. One that went back is taken by the name that it has, whatever would be taken for a name today.
fn segment(state: &State, slot: &str, name: &str) -> Result<Segment, Usage> {
    let back = state.slots.get(slot).into_iter().flat_map(|slot| &slot.segments);
    match back.map(|rule| &rule.segment).find(|segment| segment.to_string() == name) {
        Some(segment) => Ok(segment.clone()),
        None => name.parse().map_err(|error: InvalidSegment| Usage(error.to_string())),
    }
}
