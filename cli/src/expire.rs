//! `switchback expire`.

use switchback::control::Request;

use crate::exit::{Exit, after_help};
use crate::store::change::{self, ChangeArgs, Operator};
use crate::store::reference::event_number;

/// End an override early
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(crate) struct Args {
    /// Its number, as `switchback overrides` lists it
    #[arg(value_name = "NUMBER", value_parser = event_number)]
    rule: u64,

    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback overrides
  switchback expire 17 --reason 'their mail is scored correctly again'";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    Operator::open(&args.change)?.change(Request::Expire { rule: args.rule })
}
