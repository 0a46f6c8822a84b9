//! `switchback guard set`.

use switchback::Request;

use super::settings::SettingsArgs;
use crate::exit::{Exit, Usage};
use crate::store::change::{ChangeArgs, Operator};
use crate::store::slot::{SlotArgs, Slots};

/// Say what the guard may do in a slot, and from when on
///
/// What is not given stays as it is; at least one setting has to be given. The settings are part of the ledger: every process goes by the same, and a decision
/// can be computed again.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    slot: SlotArgs,

    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    change: ChangeArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback guard set --mode warn --reason 'a week to see what it would do'
  switchback guard set --slot inbound --mode act --alpha 0.0001
  switchback guard set --provider acme=acme.example,acme-mail.example --segment-reverts 2
  switchback guard set --floor 20,10,10 --dry-run

Exit codes:
  0  every process obeys
  1  it was refused, for the reason shown; or a process does not obey yet, or not in full
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    if !args.settings.is_any_given() {
        return Err(Usage("what is to be set? Name at least one setting, such as --mode warn".to_owned()).into());
    }
    let operator = Operator::open(&args.change)?;
    let state = operator.state().clone();
    let slot = Slots::of(&state, &operator.processes()?).existing_or_first(&args.slot)?;
    let before = state.slots.get(&slot).map(|slot| slot.guard.clone()).unwrap_or_default();
    let settings = Box::new(args.settings.over(before)?);
    operator.change(Request::SetGuard { slot, settings })
}
