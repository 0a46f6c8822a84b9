//! `switchback block`.

use switchback::{Action, Effect, Request};

use crate::exit::Exit;
use crate::rule::RuleArgs;

/// Hold mail back, whatever the models say
///
/// An override stands above every model in every process, has a reason and an end, and is named by the verdicts that it
/// decides. An address or a domain matches authenticated senders only, unless --anyone is given. A block beats an allow.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// What is done with it: `junk`, `quarantine` or `reject`
    #[arg(long, value_name = "ACTION", default_value_t = Effect::BLOCK_ACTION_DEFAULT)]
    action: Action,

    #[command(flatten)]
    rule: RuleArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback block --domain lottery.example --anyone --reason 'a campaign since 09:00' --for 2d
  switchback block --content worm.eml --action reject --reason 'INC-4711'

Exit codes:
  0  it holds in every process
  1  it was refused, for the reason shown; or a process does not obey yet
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    args.rule.add(|rule| Request::Block { rule, action: args.action })
}
