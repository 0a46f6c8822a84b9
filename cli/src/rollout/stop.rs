//! `switchback rollout stop`.

use switchback::control::Request;

use crate::exit::{Exit, after_help};
use crate::store::change::{self, ChangeArgs, Operator};
use crate::store::slot::SlotArgs;

/// Stop a rollout at its current step
///
/// The release keeps its role, which the command prints; `withdraw` removes it.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(crate) struct Args {
    #[command(flatten)]
    slot: SlotArgs,

    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback rollout stop --reason 'not before the holidays'
  switchback rollout stop --slot inbound && switchback withdraw phish@1.2.0";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let slot = operator.slot(&args.slot)?;
    operator.change(Request::StopRollout { slot })
}
