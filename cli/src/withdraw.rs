//! `switchback withdraw`.

use switchback::control::Request;

use crate::exit::{Exit, after_help};
use crate::store::change::{self, ChangeArgs, Operator};
use crate::store::slot::SlotArgs;

/// Remove the role canary, shadow or standby from a release
///
/// It does not remove the live release: `revert` or `promote` replaces that.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(crate) struct Args {
    /// The release: `phish@1.0.0`, or the first digits of its digest
    #[arg(value_name = "RELEASE")]
    release: String,

    #[command(flatten)]
    slot: SlotArgs,

    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback withdraw phish@1.0.0
  switchback withdraw phish@2.0.0 --slot inbound --reason 'enough seen'";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let (slot, release) = (operator.slot(&args.slot)?, operator.release(&args.release)?);
    operator.change(Request::Withdraw { slot, release })
}
