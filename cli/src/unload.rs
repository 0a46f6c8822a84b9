//! `switchback unload`.

use switchback::control::Request;

use crate::exit::{Exit, after_help};
use crate::store::change::{self, ChangeArgs, Operator};

/// Unload a release from a store
///
/// Every process drops it and frees its memory. The release must not have a role in any slot. Its file stays in the store,
/// so loading it again takes milliseconds.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(crate) struct Args {
    /// The release: `phish@1.0.0`, or the first digits of its digest
    #[arg(value_name = "RELEASE")]
    release: String,

    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback unload phish@1.0.0
  switchback unload 1a2b3c --dry-run";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let release = operator.release(&args.release)?;
    operator.change(Request::Unload { release })
}
