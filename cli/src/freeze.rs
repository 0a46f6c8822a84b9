//! `switchback freeze` and `switchback thaw`.

use switchback::Request;

use crate::exit::Exit;
use crate::store::change::{ChangeArgs, Operator};
use crate::store::slot::{SlotArgs, Slots};

/// Refuse promotions, and canaries that get more, until a thaw
///
/// In one slot, or everywhere. What gives a release less is possible at any time: a revert, a smaller share of a canary,
/// `withdraw`. A canary that is narrowed is in the ledger between a thaw and a freeze as before.
#[derive(clap::Args)]
#[command(after_long_help = FREEZE_HELP)]
pub(crate) struct FreezeArgs {
    #[command(flatten)]
    scope: ScopeArgs,
}

/// End a freeze
///
/// That of one slot, or the one of every slot: they stand side by side, and both have to end.
#[derive(clap::Args)]
#[command(after_long_help = THAW_HELP)]
pub(crate) struct ThawArgs {
    #[command(flatten)]
    scope: ScopeArgs,
}

#[derive(clap::Args)]
struct ScopeArgs {
    /// Only this slot [default: every slot]
    #[arg(long, value_name = "SLOT")]
    slot: Option<String>,

    #[command(flatten)]
    change: ChangeArgs,
}

const FREEZE_HELP: &str = "\
Examples:
  switchback freeze --reason 'until we know why Gmail was flagged'
  switchback freeze --slot inbound

Exit codes:
  0  it is frozen, and every process knows
  1  it was refused, for the reason shown; or a process does not obey yet
  2  the command line is wrong";

const THAW_HELP: &str = "\
Examples:
  switchback thaw
  switchback thaw --slot inbound --reason 'the cause is found'

Exit codes:
  0  the freeze is over, and every process knows
  1  it was refused, for the reason shown; or a process does not obey yet
  2  the command line is wrong";

/// Runs `freeze`.
pub(crate) fn freeze(args: &FreezeArgs) -> anyhow::Result<Exit> {
    args.scope.change(|slot| Request::Freeze { slot })
}

/// Runs `thaw`.
pub(crate) fn thaw(args: &ThawArgs) -> anyhow::Result<Exit> {
    args.scope.change(|slot| Request::Thaw { slot })
}

impl ScopeArgs {
    fn change(&self, request: impl FnOnce(Option<String>) -> Request) -> anyhow::Result<Exit> {
        let operator = Operator::open(&self.change)?;
        let slots = Slots::of(operator.state(), &operator.processes()?);
        let slot = slots.scope(&SlotArgs { slot: self.slot.clone() })?;
        operator.change(request(slot))
    }
}
