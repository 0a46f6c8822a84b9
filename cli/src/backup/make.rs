//! `switchback store backup`.

use std::io::Write as _;
use std::path::PathBuf;

use switchback::{BackedUp, Backup};

use crate::exit::{Exit, say};
use crate::file;
use crate::schema::{Output, kind};
use crate::show;
use crate::store::StoreArgs;

/// Make a backup of a store, while filters use it
///
/// The file is complete when it gets its name, and readable by its user alone. Its folder needs room for the databases
/// twice. A journal that is kept elsewhere than in the store's folder `journal` is not in it.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Args {
    /// The file to write; it must not exist, but as a pipe or a device, which are written to
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    store: StoreArgs,

    /// Also the records of the journal; most of what a store holds
    #[arg(long)]
    journal: bool,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Examples:
  switchback store backup /backup/$(date +%F).tar
  switchback store backup --journal /backup/all.tar
  tar -xOf /backup/all.tar switchback-backup.json       what is in it?

Exit codes:
  0  it is made
  1  it is not, for the reason shown; or it is, and a release or what the guard remembers could not be read
  2  the command line is wrong";

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
        serde_json::to_writer(&mut out, &made)?;
        writeln!(out)?;
    } else {
        let contents = &made.contents;
        let files = show::counted(contents.files.len() as u64, "file");
        writeln!(out, "{}: {files}, {}", args.file.display(), show::bytes(made.bytes))?;
        writeln!(out, "the ledger in it ends with event {}, head {}", contents.sequence, contents.head)?;
    }
    for digest in &made.missing {
        say(&format!(
            "the file of release {} is missing in the store, and so in the backup: load it again",
            digest.short()
        ));
    }
    if let Some(why) = &made.without_guard {
        say(&format!("what the guard remembers is not in the backup: {why}"));
    }
    Ok(Exit::found_if(!made.missing.is_empty() || made.without_guard.is_some()))
}
