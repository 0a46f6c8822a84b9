//! `switchback store`.

mod make;
mod restore;

use crate::family::family;
use crate::schema::Output;

family! {
    /// Make a backup of a store, or restore one
    ///
    /// A backup is one file with the ledger, the releases, trusted keys, overrides, the guard's memory and the key of the journal,
    /// all from one moment, made while filters run. It is a tar archive; whoever can read it can read the store.
    Backup = make,
    Restore = restore,
}

const EXAMPLES: &str = "\
Examples:
  switchback store backup /backup/$(date +%F).tar
  switchback store restore /backup/2026-11-30.tar --store /var/lib/filter/store";

const EXIT_CODES: [&str; 2] = ["success", "it failed, and stderr says why; or a release is missing from the backup"];

/// What `--json` prints, by command.
pub(crate) const OUTPUTS: &[(&str, Output)] = &[("store backup", make::OUTPUT), ("store restore", restore::OUTPUT)];
