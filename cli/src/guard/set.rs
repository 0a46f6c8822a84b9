//! `switchback guard set`.

use switchback::control::Request;

use super::settings::SettingsArgs;
use crate::exit::{Exit, Usage, after_help};
use crate::store::change::{self, ChangeArgs, Operator};
use crate::store::slot::SlotArgs;

/// Set what the guard may do in a slot, and its thresholds
///
/// Settings that are not given stay as they are; at least one has to be given. The settings are recorded in the ledger, so that
/// every process uses the same ones, and a decision can be recomputed.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(crate) struct Args {
    #[command(flatten)]
    slot: SlotArgs,

    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback guard set --mode warn --reason 'a week to see what it would do'
  switchback guard set --slot inbound --mode act --alpha 0.0001
  switchback guard set --provider acme=acme.example,acme-mail.example --segment-reverts 2
  switchback guard set --floor 20,10,10 --dry-run";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    if !args.settings.is_any_given() {
        return Err(Usage("no setting was given: give at least one, such as --mode warn".to_owned()).into());
    }
    let operator = Operator::open(&args.change)?;
    let slot = operator.slots()?.existing_or_first(args.slot.named())?;
    let before = operator.state().slots.get(&slot).map(|slot| slot.guard.clone()).unwrap_or_default();
    let settings = Box::new(args.settings.over(before)?);
    operator.change(Request::SetGuard { slot, settings })
}
