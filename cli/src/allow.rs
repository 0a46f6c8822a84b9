//! `switchback allow`.

use switchback::control::Request;
use switchback::verdict::AllowScope;

use crate::exit::{Exit, after_help};
use crate::rule::RuleArgs;
use crate::store::change;

/// Let mail pass, whatever the models say
///
/// An override takes precedence over every model in every process, has a reason and an expiry, and is named in the verdicts that
/// it decides. An address or a domain matches authenticated senders only, unless --anyone is given. A block beats an allow.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(crate) struct Args {
    /// Verdicts to override: `spam` (and bulk), `phish` (and spoofs), or `all` (also malware, and mail that was not scored)
    #[arg(long, value_name = "WHAT", default_value_t = AllowScope::default())]
    over: AllowScope,

    #[command(flatten)]
    rule: RuleArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback allow --domain payroll.example.com --reason 'flagged since this morning' --for 8h
  switchback allow --network 192.0.2.0/24 --over phish --slot inbound --reason 'phishing drill'
  switchback allow --content newsletter.eml --reason 'asked for by the board'";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    args.rule.add(|rule| Request::Allow { rule, may: args.over })
}
