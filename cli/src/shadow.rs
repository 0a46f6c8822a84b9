//! `switchback shadow`.

use switchback::Request;

use crate::exit::Exit;
use crate::share::basis_points;
use crate::store::change::{ChangeArgs, Operator};
use crate::store::reference;
use crate::store::slot::{SlotArgs, Slots};

/// Let a release score mail beside the answers, without deciding anything
///
/// What it says of each message is kept in the journal beside what the live release says, and `compare --live` shows
/// where they differ. It costs no answer any time: where the CPU does not suffice, messages are left out and counted.
/// For a release that is a shadow already this changes the rate; one that is a canary decides nothing any more. A shadow
/// decides nothing, so a freeze does not stop it.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The release: `phish@2.0.0`, or the first digits of its digest
    #[arg(value_name = "RELEASE")]
    release: String,

    #[command(flatten)]
    slot: SlotArgs,

    /// The share of the messages that it scores
    #[arg(long, value_name = "PERCENT", default_value = "100%", value_parser = basis_points)]
    rate: u16,

    #[command(flatten)]
    change: ChangeArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback shadow phish@2.0.0
  switchback shadow phish@2.0.0 --rate 10% --slot inbound --reason 'before the rollout'
  switchback compare phish@1.1.0 phish@2.0.0 --live      where do they differ?
  switchback withdraw phish@2.0.0                        end it

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
    operator.change(Request::Shadow { slot, release, rate_bp: args.rate })
}
