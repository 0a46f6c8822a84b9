//! `switchback restore`.

use switchback::guard::Segment;
use switchback::{Admission, Waited};

use crate::exit::Exit;
use crate::store::change::{ChangeArgs, Operator, Remarks};
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
    segment: Segment,

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
    let change = operator.admit(&Admission::Restoration { slot, segment: args.segment.clone(), waited })?;
    operator.tell(&change, &Remarks::default())
}
