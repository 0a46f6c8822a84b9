//! `switchback store`.

mod make;
mod restore;

use clap::Subcommand;

use crate::exit::Exit;
use crate::schema::Output;

/// Make a backup of a store, or restore one
///
/// A backup is one file with the ledger, the releases, trusted keys, overrides, what the guard remembers and the key of the
/// journal, made while filters run, all of one moment. It is a tar archive; whoever can read it can read the store.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Backup(make::Args),
    Restore(restore::Args),
}

const AFTER_HELP: &str = "\
Examples:
  switchback store backup /backup/$(date +%F).tar
  switchback store restore /backup/2026-11-30.tar --store /var/lib/filter/store

Exit codes:
  0  it is done
  1  it is not, for the reason shown; or a release is missing in the backup
  2  the command line is wrong";

/// What `--json` prints, by command.
pub(crate) const OUTPUTS: &[(&str, Output)] = &[("store backup", make::OUTPUT), ("store restore", restore::OUTPUT)];

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Backup(args) => make::run(args),
        Command::Restore(args) => restore::run(args),
    }
}
