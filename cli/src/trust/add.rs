//! `switchback trust add`.

use std::path::PathBuf;

use anyhow::Context as _;
use switchback::{Operation, PublicKey, State};

use crate::exit::Exit;
use crate::file::read_small;
use crate::store::change::{ChangeArgs, Operator, Remarks};

/// Trust a key
///
/// With the first one, the store demands signatures for good, also when every key is revoked.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Args {
    /// The public key, made by `switchback keygen` or by minisign
    #[arg(value_name = "NAME.pub")]
    key: PathBuf,

    /// Whose it is
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    label: String,

    #[command(flatten)]
    change: ChangeArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback trust add ada.pub --label 'Ada, models team'

Exit codes:
  0  it is trusted
  1  it was refused, for the reason shown; or a process does not obey yet
  2  the command line is wrong";

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let key: PublicKey = read_small(&args.key)?.parse().with_context(|| args.key.display().to_string())?;
    let operator = Operator::open(&args.change)?;
    let notes = unsigned(&operator.state()?);
    let change = operator.commit(Operation::TrustKey { key, label: args.label.clone() })?;
    operator.tell(&change, &Remarks { notes, ..Remarks::default() })
}

/// What becomes of releases that were loaded while nothing had to be signed.
fn unsigned(before: &State) -> Vec<String> {
    if before.trust.is_set() {
        return Vec::new();
    }
    let first = "it is the first key of this store: from now on nothing is loaded that is not signed".to_owned();
    let loaded: Vec<_> = before.releases.values().map(|stored| stored.id.to_string()).collect();
    if loaded.is_empty() {
        return vec![first];
    }
    let before = format!(
        "{} loaded before: processes that run keep them, and those that start take them only if they are signed; \
         `switchback load` them again from files with their signatures beside them",
        if loaded.len() == 1 { format!("{} was", loaded[0]) } else { format!("{} were", loaded.join(", ")) }
    );
    vec![first, before]
}
