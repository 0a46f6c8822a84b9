//! `switchback shadow`.

use switchback::control::Request;

use crate::exit::{Exit, after_help};
use crate::share::basis_points;
use crate::store::change::{self, ChangeArgs, Operator};
use crate::store::slot::SlotArgs;

/// Score mail with a release in the background, without letting it decide
///
/// The journal records its score of each message next to that of the live release, and `compare --live` shows where they
/// differ. No answer waits for a shadow: when there is not enough CPU, messages are skipped and counted. If the release is
/// already a shadow, this changes its rate; if it is a canary, it stops deciding. A freeze does not prevent shadows, because
/// they decide nothing.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(crate) struct Args {
    /// The release: `phish@2.0.0`, or the first digits of its digest
    #[arg(value_name = "RELEASE")]
    release: String,

    #[command(flatten)]
    slot: SlotArgs,

    /// Share of the messages to score
    #[arg(long, value_name = "PERCENT", default_value = "100%", value_parser = basis_points)]
    rate: u16,

    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback shadow phish@2.0.0
  switchback shadow phish@2.0.0 --rate 10% --slot inbound --reason 'before the rollout'
  switchback compare phish@1.1.0 phish@2.0.0 --live      where do they differ?
  switchback withdraw phish@2.0.0                        end it";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let (slot, release) = (operator.slot(&args.slot)?, operator.release(&args.release)?);
    operator.change(Request::Shadow { slot, release, rate_bp: args.rate })
}
