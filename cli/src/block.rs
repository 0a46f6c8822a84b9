//! `switchback block`.

use switchback::Action;
use switchback::control::Request;
use switchback::verdict::Effect;

use crate::exit::{Exit, after_help};
use crate::rule::RuleArgs;
use crate::store::change;

/// Hold mail back, whatever the models say
///
/// An override takes precedence over every model in every process, has a reason and an expiry, and is named in the verdicts that
/// it decides. An address or a domain matches authenticated senders only, unless --anyone is given. A block beats an allow.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(crate) struct Args {
    /// Action to take: `junk`, `quarantine` or `reject`
    #[arg(long, value_name = "ACTION", default_value_t = Effect::BLOCK_ACTION_DEFAULT)]
    action: Action,

    #[command(flatten)]
    rule: RuleArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback block --domain lottery.example --anyone --reason 'a campaign since 09:00' --for 2d
  switchback block --content worm.eml --action reject --reason 'INC-4711'";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    args.rule.add(|rule| Request::Block { rule, action: args.action })
}
