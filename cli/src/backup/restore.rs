//! `switchback store restore`.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use switchback::backup::{BackupError, Restore, Restored};
use switchback::control::StoreError;

use crate::exit::{Exit, after_help, say};
use crate::schema::{Output, json_line, kind};
use crate::show;
use crate::store::StoreArgs;
use crate::store::author::AuthorArgs;

/// Restore a backup that `store backup` made
///
/// The ledger becomes that of the backup, with one more event that records the restoration; filters that follow the store
/// continue from there. The previous database is kept under another name. Releases are added to those in the store; the guard's
/// memory and the journal are taken from the backup only if the store has none. Events since the backup are lost, with their
/// freezes, overrides, trusted keys and routes.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(super) struct Args {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    store: StoreArgs,

    /// Replace the store that is there
    #[arg(long)]
    replace: bool,

    /// Restore even though processes follow the store: they follow the restored one within seconds
    #[arg(long, requires = "replace")]
    force: bool,

    /// Reason, recorded in the ledger
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,

    #[command(flatten)]
    author: AuthorArgs,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  switchback store restore /backup/2026-11-30.tar --store /var/lib/filter/store
  switchback store restore /backup/2026-11-30.tar --replace --reason 'disk failed'";

const EXIT_CODES: [&str; 2] = [
    "the backup is restored",
    "it is not, and stderr says why; or the file of a release was in neither the backup nor the store",
];

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::document("store-restore", &[kind::<Restored>]);

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut restore =
        Restore::new(&args.file, args.store.dir()?).author(args.author.name()).reason(args.reason.as_str());
    if args.replace {
        restore = restore.replacing();
    }
    if args.force {
        restore = restore.accepting_followers();
    }
    let restored = match restore.run() {
        Err(error @ BackupError::StoreThere(_)) => {
            Err(error).context("use --replace to replace it; what is there is kept under another name")?
        }
        Err(error @ BackupError::Store(StoreError::Followed { .. })) => {
            Err(error).context("stop them first, or use --force")?
        }
        restored => restored?,
    };
    let mut out = io::stdout().lock();
    if args.json {
        json_line(&restored, &mut out)?;
        return Ok(Exit::found_if(!restored.missing.is_empty()));
    }
    let last = restored.contents.sequence;
    writeln!(
        out,
        "the ledger is that of the backup, up to event {last}; event {} records the restoration",
        restored.event
    )?;
    if restored.known > last {
        writeln!(
            out,
            "LOST: events {} to {}, with their freezes, overrides, trusted keys and routes",
            last.next(),
            restored.known
        )?;
    }
    restored.aside.iter().try_for_each(|aside| writeln!(out, "the previous database is {}", aside.display()))?;
    if !restored.kept.is_empty() {
        let kept = show::counted(restored.kept.len() as u64, "file");
        writeln!(out, "not taken from the backup, because the store has its own: {kept} of the guard or the journal")?;
    }
    writeln!(out, "`switchback status` shows what is live now")?;
    for digest in &restored.missing {
        say(&format!("the file of release {} is in neither: load it again", digest.short()));
    }
    Ok(Exit::found_if(!restored.missing.is_empty()))
}
