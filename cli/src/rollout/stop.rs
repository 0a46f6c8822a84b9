//! `switchback rollout stop`.

use switchback::Request;

use crate::exit::Exit;
use crate::store::change::{ChangeArgs, Operator};
use crate::store::slot::{SlotArgs, Slots};

/// End a rollout where it is
///
/// The release keeps the role that it has, which is said: `withdraw` takes it.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    slot: SlotArgs,

    #[command(flatten)]
    change: ChangeArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback rollout stop --reason 'not before the holidays'
  switchback rollout stop --slot inbound && switchback withdraw phish@1.2.0

Exit codes:
  0  every process obeys
  1  it was refused, for the reason shown; or a process does not obey yet, or not in full
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let slot = Slots::of(operator.state(), &operator.processes()?).existing(&args.slot)?;
    operator.change(Request::StopRollout { slot })
}
