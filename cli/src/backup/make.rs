//! `switchback store backup`.

use std::io::Write as _;
use std::path::PathBuf;

use switchback::backup::{BackedUp, Backup};

use crate::exit::{Exit, after_help, say};
use crate::file;
use crate::schema::{Output, json_line, kind};
use crate::show;
use crate::store::StoreArgs;

/// Make a backup of a store while filters use it
///
/// The file appears under its name only when it is complete, and only its owner can read it. Its folder needs twice the space
/// of the databases. A journal that is not in the folder `journal` of the store is not part of the backup.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(super) struct Args {
    /// The file to create, which must not exist, or a pipe or device to write to
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    store: StoreArgs,

    /// Include the records of the journal, which are most of what a store holds
    #[arg(long)]
    journal: bool,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  switchback store backup /backup/$(date +%F).tar
  switchback store backup --journal /backup/all.tar
  tar -xOf /backup/all.tar switchback-backup.json       what is in it?";

const EXIT_CODES: [&str; 2] = [
    "the backup is made",
    "it is not, and stderr says why; or a release or the memory of the guard could not be read and is not in it",
];

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::document("store-backup", &[kind::<BackedUp>]);

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut backup = Backup::of(args.store.dir()?);
    if args.journal {
        backup = backup.with_journal();
    }
    let made = backup.write(&args.file)?;
    let mut out = file::beside(Some(&args.file));
    if args.json {
        json_line(&made, &mut out)?;
    } else {
        let contents = &made.contents;
        let files = show::counted(contents.files.len() as u64, "file");
        writeln!(out, "{}: {files}, {}", args.file.display(), show::bytes(made.bytes))?;
        writeln!(out, "the ledger in it ends with event {}, head {}", contents.sequence, contents.head)?;
    }
    for digest in &made.missing {
        say(&format!(
            "the file of release {} is missing from the store, and so from the backup: load it again",
            digest.short()
        ));
    }
    if let Some(why) = &made.without_guard {
        say(&format!("the guard's memory is not in the backup: {why}"));
    }
    Ok(Exit::found_if(!made.missing.is_empty() || made.without_guard.is_some()))
}
