//! `switchback trust`.

mod add;
mod list;
mod revoke;
mod unsigned;

use clap::Subcommand;

use crate::exit::Exit;
use crate::schema::Output;

/// Say whose releases a store loads
///
/// As long as no key was ever trusted, releases need no signature. From the first one on, nothing is loaded that is
/// unsigned, signed by another key, or altered.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
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

const AFTER_HELP: &str = "\
Examples:
  switchback trust add ada.pub --label ada
  switchback trust list
  switchback trust revoke 484971BD463A024D --reason 'her laptop was stolen'

Exit codes:
  0  it is done
  1  it was refused, for the reason shown; or a process does not obey yet
  2  the command line is wrong";

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
