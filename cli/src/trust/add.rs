//! `switchback trust add`.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use switchback::Control;
use switchback::control::Request;
use switchback::release::PublicKey;

use super::unsigned::Unsigned;
use crate::exit::{Exit, after_help};
use crate::file::read_small;
use crate::store::change::{self, Change, ChangeArgs, Operator, Remarks};

/// Trust a key
///
/// From the first key on, the store requires signatures permanently, even after every key is revoked. Creates the store if there
/// is none. Releases that have a role and are not signed by this key would be lost at the next restart of a filter: the
/// command names them and asks for --yes. To lose nothing, sign them and load them again first.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(super) struct Args {
    /// The public key, made by `switchback keygen` or by minisign
    #[arg(value_name = "NAME.pub")]
    key: PathBuf,

    /// Owner of the key
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    label: String,

    /// Trust the key even though releases with a role are not signed by it
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback trust add ada.pub --label 'Ada, models team'
  switchback trust add ada.pub --dry-run                    which releases are not signed by it?";

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let key: PublicKey = read_small(&args.key)?.parse().with_context(|| args.key.display().to_string())?;
    let request = Request::TrustKey { key, label: args.label.clone() };
    let dir = args.change.store.dir()?;
    if args.change.dry_run && dir.join("control.db").try_exists().is_ok_and(|exists| !exists) {
        let change = Change::of_no_store(&args.change, request)?;
        return change.tell_dry_run(&args.change, &Remarks { notes: first_key(), ..Remarks::default() });
    }
    let control = if args.change.dry_run { args.change.store.open()? } else { Control::create(&dir)? };
    let operator = Operator::of(control, &args.change)?;
    let (_, after) = operator.control.dry_run(&operator.seen, request.clone())?;
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
    vec!["it is the first key of this store: from now on only signed releases are loaded".to_owned()]
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
