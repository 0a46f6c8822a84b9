//! `switchback allow`.

use switchback::{May, Request};

use crate::exit::Exit;
use crate::rule::RuleArgs;

/// Let mail pass, whatever the models say
///
/// An override stands above every model in every process, has a reason and an end, and is named by the verdicts that it
/// decides. An address or a domain matches authenticated senders only, unless --anyone is given. A block beats an allow.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Which verdicts give way: `spam` (and bulk), `phish` (and spoofs), or `all` (and malware, and what nobody scored)
    #[arg(long, value_name = "WHAT", default_value_t = May::default())]
    over: May,

    #[command(flatten)]
    rule: RuleArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback allow --domain payroll.example.com --reason 'flagged since this morning' --for 8h
  switchback allow --network 192.0.2.0/24 --over phish --slot inbound --reason 'our own phishing drill'
  switchback allow --content newsletter.eml --reason 'asked for by the board'

Exit codes:
  0  it holds in every process
  1  it was refused, for the reason shown; or a process does not obey yet
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    args.rule.add(|rule| Request::Allow { rule, may: args.over })
}
