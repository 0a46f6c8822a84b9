//! `switchback store restore`.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use switchback::{BackupError, Restore, Restored, StoreError};

use crate::exit::{Exit, say};
use crate::schema::{Output, kind};
use crate::show;
use crate::store::{StoreArgs, author};

/// Restore a backup that `store backup` made
///
/// The ledger becomes that of the backup, with one more event that says that it was restored: filters that follow the store
/// go on from there. What was there is set aside, not deleted. Releases are added to those that are there; what the guard
/// remembers and the journal stay where the folder has them, and else come from the backup. Events since the backup are
/// lost: freezes, overrides, trusted keys and routes of then.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Args {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    store: StoreArgs,

    /// Put it in the place of the store that is there
    #[arg(long)]
    replace: bool,

    /// Do it although processes follow the store that is there: they obey the restored one within seconds
    #[arg(long, requires = "replace")]
    force: bool,

    /// Why; kept in the ledger
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,

    /// Who; kept in the ledger [default: the system's user, or whoever called sudo]
    #[arg(long, value_name = "NAME")]
    author: Option<String>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Examples:
  switchback store restore /backup/2026-11-30.tar --store /var/lib/filter/store
  switchback store restore /backup/2026-11-30.tar --replace --reason 'disk failed'

Exit codes:
  0  it is restored
  1  it is not, for the reason shown; or it is, and the file of a release was in neither the backup nor the store
  2  the command line is wrong";

/// What `--json` prints.
pub(super) const OUTPUT: Output = Output::document("store-restore", &[kind::<Restored>]);

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let author = args.author.clone().unwrap_or_else(author::of_system);
    let mut restore = Restore::new(&args.file, args.store.dir()?).author(author).reason(args.reason.as_str());
    if args.replace {
        restore = restore.replacing();
    }
    if args.force {
        restore = restore.accepting_followers();
    }
    let restored = match restore.run() {
        Err(error @ BackupError::StoreThere(_)) => {
            Err(error).context("use --replace to put the backup in its place; what is there is set aside")?
        }
        Err(error @ BackupError::Store(StoreError::Followed { .. })) => {
            Err(error).context("stop them first, or use --force")?
        }
        restored => restored?,
    };
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer(&mut out, &restored)?;
        writeln!(out)?;
        return Ok(Exit::found_if(!restored.missing.is_empty()));
    }
    let last = restored.contents.sequence;
    writeln!(out, "the ledger is that of the backup, up to event {last}; event {} says so", restored.event)?;
    if restored.known > last {
        writeln!(
            out,
            "LOST: events {} to {}: freezes, overrides, trusted keys and routes of then",
            last + 1,
            restored.known
        )?;
    }
    restored.aside.iter().try_for_each(|aside| writeln!(out, "the database that was there is {}", aside.display()))?;
    if !restored.kept.is_empty() {
        let kept = show::counted(restored.kept.len() as u64, "file");
        writeln!(out, "not taken from the backup, because the store has its own: {kept} of the guard or the journal")?;
    }
    writeln!(out, "`switchback status` shows what is live by it")?;
    for digest in &restored.missing {
        say(&format!("the file of release {} is in neither: load it again", digest.short()));
    }
    Ok(Exit::found_if(!restored.missing.is_empty()))
}
