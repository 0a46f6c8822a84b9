//! `switchback guard`.

mod alerts;
mod explain;
mod learn;
mod mail;
mod pairs;
mod proof;
mod set;
mod settings;
mod simulate;
mod status;
mod test_alert;

use clap::Subcommand;

pub(crate) use self::explain::numbers;
pub(crate) use self::proof::{Proof, compared};
pub(crate) use self::simulate::Rule;
use crate::exit::Exit;
use crate::schema::Output;

/// What takes a bad release back without a human: look at it, set it, try it
///
/// The guard compares what a candidate and its baseline make of the same messages, in every process of a store, and counts
/// together. When verdicts flip in a cohort of senders beyond what a harmless candidate does, it reverts a live release,
/// withdraws a canary and blocks a shadow. Its settings are part of the ledger, and so is everything that it did.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Status(status::Args),
    Set(Box<set::Args>),
    Explain(explain::Args),
    Simulate(Box<simulate::Args>),
    Learn(Box<learn::Args>),
    Alerts(alerts::Args),
    TestAlert(test_alert::Args),
}

const AFTER_HELP: &str = "\
Examples:
  switchback guard status
  switchback guard simulate phish@1.1.0 phish@2.0.0 --journal     what would it have done?
  switchback guard set --slot inbound --mode warn
  switchback guard explain 17                                     why did it do that?
  switchback guard test-alert --on-alert 'mail -s \"$SWITCHBACK_ALERT_SUMMARY\" postmaster'

Exit codes:
  0  all is well
  1  something failed, or was found; why is said
  2  the command line is wrong";

/// What `--json` prints, by command.
pub(crate) const OUTPUTS: &[(&str, Output)] = &[
    ("guard alerts", alerts::OUTPUT),
    ("guard explain", explain::OUTPUT),
    ("guard learn", learn::OUTPUT),
    ("guard simulate", simulate::OUTPUT),
    ("guard status", status::OUTPUT),
    ("guard test-alert", test_alert::OUTPUT),
];

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Status(args) => status::run(args),
        Command::Set(args) => set::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Simulate(args) => simulate::run(args),
        Command::Learn(args) => learn::run(args),
        Command::Alerts(args) => alerts::run(args),
        Command::TestAlert(args) => test_alert::run(args),
    }
}
