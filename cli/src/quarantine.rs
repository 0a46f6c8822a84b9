//! `switchback quarantine`.

use switchback::Request;

use crate::exit::Exit;
use crate::store::change::{ChangeArgs, Operator};
use crate::store::reference;

/// Bar a release from every role, in every slot
///
/// Where it is live, its predecessor takes over. It stays loaded, and can have no role until the quarantine is lifted.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The release: `phish@2.0.0`, or the first digits of its digest
    #[arg(value_name = "RELEASE")]
    release: String,

    /// Take it out of quarantine, and take back, in every slot, that the guard found it harmful; it gets no role back
    #[arg(long)]
    lift: bool,

    #[command(flatten)]
    change: ChangeArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback quarantine phish@2.0.0 --reason 'flags every message from Gmail'
  switchback quarantine phish@2.0.0 --lift

Exit codes:
  0  every process obeys
  1  it was refused, for the reason shown; or a process does not obey yet, or not in full
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let state = operator.state().clone();
    if args.lift {
        let release = reference::quarantined(&state, &operator.control.history()?, &args.release)?;
        return operator.change(Request::LiftQuarantine { release });
    }
    let release = reference::loaded(&state, &args.release)?;
    operator.change(Request::Quarantine { release })
}
