//! `switchback trust add`.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use switchback::{Control, PublicKey, Request};

use super::unsigned::Unsigned;
use crate::exit::Exit;
use crate::file::read_small;
use crate::store::change::{Change, ChangeArgs, Operator, Remarks};

/// Trust a key
///
/// With the first one, the store demands signatures for good, also when every key is revoked. A store that is not there is
/// made. Releases that have a role and are not signed by this key would not survive the next restart of a filter: they are
/// named, and --yes is asked for. Sign them and `switchback load` them again first, and nothing is lost.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Args {
    /// The public key, made by `switchback keygen` or by minisign
    #[arg(value_name = "NAME.pub")]
    key: PathBuf,

    /// Whose it is
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    label: String,

    /// Trust it also where releases that have a role are not signed by it
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    change: ChangeArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback trust add ada.pub --label 'Ada, models team'
  switchback trust add ada.pub --dry-run                    which releases are not signed by it?

Exit codes:
  0  it is trusted
  1  it was refused, for the reason shown; or a process does not obey yet
  2  the command line is wrong";

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let key: PublicKey = read_small(&args.key)?.parse().with_context(|| args.key.display().to_string())?;
    let request = Request::TrustKey { key, label: args.label.clone() };
    let dir = args.change.store.dir()?;
    if args.change.dry_run && dir.join("control.db").try_exists().is_ok_and(|exists| !exists) {
        let change = Change::of_no_store(&args.change, request)?;
        return change.tell_rehearsed(&args.change, &Remarks { notes: first_key(), ..Remarks::default() });
    }
    let control = if args.change.dry_run { args.change.store.open()? } else { Control::create(&dir)? };
    let operator = Operator::of(control, &args.change)?;
    let (_, after) = operator.control.rehearse(request.clone())?;
    let before = operator.state().clone();
    let unsigned = if before.trust.is_set() { Unsigned::default() } else { Unsigned::of(&operator.control, &after) };
    if !args.yes && !args.change.dry_run {
        confirm(&unsigned)?;
    }
    let change = operator.commit(request)?;
    let mut notes = if before.trust.is_set() { Vec::new() } else { first_key() };
    notes.extend(unsigned.notes());
    operator.tell(&change, &Remarks { notes, ..Remarks::default() })
}

fn first_key() -> Vec<String> {
    vec!["it is the first key of this store: from now on nothing is loaded that is not signed".to_owned()]
}

/// Asks whether to go on although releases with a role will be lost.
fn confirm(unsigned: &Unsigned) -> anyhow::Result<()> {
    let Some(warning) = unsigned.warning() else { return Ok(()) };
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        bail!("{warning}; nothing was changed; use --yes to trust the key now");
    }
    let mut screen = io::stderr().lock();
    write!(screen, "{warning}.\nTrust the key now? [y/N] ")?;
    screen.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => bail!("nothing was changed"),
    }
}
