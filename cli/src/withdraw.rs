//! `switchback withdraw`.

use switchback::Request;

use crate::exit::Exit;
use crate::store::change::{ChangeArgs, Operator};
use crate::store::reference;
use crate::store::slot::{SlotArgs, Slots};

/// Take the role canary, shadow or standby from a release
///
/// The live release keeps its role: `revert` or `promote` replace it.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The release: `phish@1.0.0`, or the first digits of its digest
    #[arg(value_name = "RELEASE")]
    release: String,

    #[command(flatten)]
    slot: SlotArgs,

    #[command(flatten)]
    change: ChangeArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback withdraw phish@1.0.0
  switchback withdraw phish@2.0.0 --slot inbound --reason 'enough seen'

Exit codes:
  0  every process obeys
  1  it was refused, for the reason shown; or a process does not obey yet, or not in full
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let state = operator.state().clone();
    let slot = Slots::of(&state, &operator.processes()?).existing(&args.slot)?;
    let release = reference::loaded(&state, &args.release)?;
    operator.change(Request::Withdraw { slot, release })
}
