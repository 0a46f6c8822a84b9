//! `switchback expire`.

use switchback::Request;

use crate::exit::Exit;
use crate::store::change::{ChangeArgs, Operator};
use crate::store::reference::event_number;

/// End an override before its time
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Its number, as `switchback overrides` lists it
    #[arg(value_name = "NUMBER", value_parser = event_number)]
    rule: u64,

    #[command(flatten)]
    change: ChangeArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback overrides
  switchback expire 17 --reason 'their mail is scored well again'

Exit codes:
  0  it holds nowhere any more
  1  it was refused, for the reason shown; or a process does not obey yet
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    Operator::open(&args.change)?.change(Request::Expire { rule: args.rule })
}
