//! `switchback unload`.

use switchback::Request;

use crate::exit::Exit;
use crate::store::change::{ChangeArgs, Operator};
use crate::store::reference;

/// Let go of a release in a store
///
/// Every process forgets it and gives its memory back. It must have no role in any slot. Its file stays in the store,
/// and loading it again takes milliseconds.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The release: `phish@1.0.0`, or the first digits of its digest
    #[arg(value_name = "RELEASE")]
    release: String,

    #[command(flatten)]
    change: ChangeArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback unload phish@1.0.0
  switchback unload 1a2b3c --dry-run

Exit codes:
  0  every process has let go of it
  1  it was refused, for the reason shown; or a process does not obey yet
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let release = reference::loaded(operator.state(), &args.release)?;
    operator.change(Request::Unload { release })
}
