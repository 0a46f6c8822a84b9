//! `switchback store`.

mod make;
mod restore;

use clap::Subcommand;

use crate::exit::{Exit, after_help};
use crate::schema::Output;

/// Make a backup of a store, or restore one
///
/// A backup is one file with the ledger, the releases, trusted keys, overrides, the guard's memory and the key of the journal,
/// all from one moment, made while filters run. It is a tar archive; whoever can read it can read the store.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Backup(make::Args),
    Restore(restore::Args),
}

const EXAMPLES: &str = "\
Examples:
  switchback store backup /backup/$(date +%F).tar
  switchback store restore /backup/2026-11-30.tar --store /var/lib/filter/store";

const EXIT_CODES: [&str; 2] = ["success", "it failed, and stderr says why; or a release is missing from the backup"];

/// What `--json` prints, by command.
pub(crate) const OUTPUTS: &[(&str, Output)] = &[("store backup", make::OUTPUT), ("store restore", restore::OUTPUT)];

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Backup(args) => make::run(args),
        Command::Restore(args) => restore::run(args),
    }
}
