//! `switchback restore`.

use switchback::control::{Admission, Readiness, StoreState};
use switchback::guard::{InvalidSegment, Segment};

use crate::exit::{Exit, Usage, after_help};
use crate::store::change::{self, ChangeArgs, Operator, Remarks};
use crate::store::recent;
use crate::store::slot::SlotArgs;

/// Let the live release decide again for a segment that was reverted
///
/// Undoes `revert --segment`, and with --force such a revert by the guard. Waits until the guard works in every process, and is
/// refused during a freeze.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(crate) struct Args {
    /// The segment: a domain, or `provider:gmail`
    #[arg(long, value_name = "SEGMENT")]
    segment: String,

    /// Allow a segment that the guard reverted, and do not wait for the guards
    ///
    /// The ledger records that the checks were skipped.
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    slot: SlotArgs,

    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback restore --segment provider:gmail --reason 'their mistake, now fixed'
  switchback restore --segment bank.example --slot inbound";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let slot = operator.slot(&args.slot)?;
    let readiness = if args.force { Readiness::Skip } else { Readiness::Wait(args.change.wait()) };
    let segment = segment(operator.state(), &slot, &args.segment)?;
    let restoration = Admission::Restoration { slot: slot.clone(), segment: segment.clone(), readiness };
    let change = operator.admit(&restoration)?;
    let notes = vec![recent::of_segment(&args.change.store, &change.after, &slot, &segment)];
    operator.tell(&change, &Remarks { notes, ..Remarks::default() })
}

/// The segment of this name. One that went back is taken by the name that it has, whatever would be taken for a name today.
fn segment(state: &StoreState, slot: &str, name: &str) -> Result<Segment, Usage> {
    let back = state.slots.get(slot).into_iter().flat_map(|slot| &slot.segments);
    match back.map(|rule| &rule.segment).find(|segment| segment.to_string() == name) {
        Some(segment) => Ok(segment.clone()),
        None => name.parse().map_err(|error: InvalidSegment| Usage(error.to_string())),
    }
}
