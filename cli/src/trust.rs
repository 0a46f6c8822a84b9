//! `switchback trust`.

mod add;
mod list;
mod revoke;
mod unsigned;

use clap::Subcommand;

use crate::exit::{Exit, after_help};
use crate::schema::Output;
use crate::store::change;

/// Manage the keys whose releases a store loads
///
/// Until the first key is trusted, releases need no signature. From then on, a release is loaded only if a trusted key signed
/// it and it was not altered.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Add(add::Args),
    List(list::Args),
    Revoke(revoke::Args),
}

const EXAMPLES: &str = "\
Examples:
  switchback trust add ada.pub --label ada
  switchback trust list
  switchback trust revoke 484971BD463A024D --reason 'her laptop was stolen'";

/// What `--json` prints, by command; the others print a change.
pub(crate) const OUTPUTS: &[(&str, Output)] = &[("trust list", list::OUTPUT)];

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Add(args) => add::run(args),
        Command::List(args) => list::run(args),
        Command::Revoke(args) => revoke::run(args),
    }
}
