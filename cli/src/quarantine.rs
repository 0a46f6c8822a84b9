//! `switchback quarantine`.

use switchback::control::Request;

use crate::exit::{Exit, after_help};
use crate::store::change::{self, ChangeArgs, Operator};
use crate::store::reference;

/// Remove a release from every role in every slot, and keep it from getting another
///
/// Where it is live, its predecessor becomes live. It stays loaded, and cannot get a role until the quarantine is lifted.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(crate) struct Args {
    /// The release: `phish@2.0.0`, or the first digits of its digest
    #[arg(value_name = "RELEASE")]
    release: String,

    /// Lift the quarantine, and clear the guard's findings of harm in every slot; the release gets no role back
    #[arg(long)]
    lift: bool,

    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback quarantine phish@2.0.0 --reason 'flags every message from Gmail'
  switchback quarantine phish@2.0.0 --lift";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    if args.lift {
        let release = reference::quarantined(operator.state(), &operator.control.history()?, &args.release)?;
        return operator.change(Request::LiftQuarantine { release });
    }
    let release = operator.release(&args.release)?;
    operator.change(Request::Quarantine { release })
}
