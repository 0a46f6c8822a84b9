//! `switchback freeze` and `switchback thaw`.

use switchback::control::Request;

use crate::exit::{Exit, after_help};
use crate::store::change::{self, ChangeArgs, Operator};

/// Refuse promotions, and larger shares for canaries, until a thaw
///
/// In one slot, or in every slot. A freeze does not prevent what reduces a release's influence: a revert, a smaller share for a
/// canary, `withdraw`. To reduce a canary, the ledger records a thaw before it and the same freeze after it.
#[derive(clap::Args)]
#[command(after_long_help = after_help(FREEZE_EXAMPLES, change::EXIT_CODES))]
pub(crate) struct FreezeArgs {
    #[command(flatten)]
    scope: ScopeArgs,
}

/// End a freeze
///
/// A freeze of one slot and a freeze of every slot are independent: end both to allow promotions again.
#[derive(clap::Args)]
#[command(after_long_help = after_help(THAW_EXAMPLES, change::EXIT_CODES))]
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

const FREEZE_EXAMPLES: &str = "\
Examples:
  switchback freeze --reason 'until we know why Gmail was flagged'
  switchback freeze --slot inbound";

const THAW_EXAMPLES: &str = "\
Examples:
  switchback thaw
  switchback thaw --slot inbound --reason 'the cause is found'";

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
        let slot = operator.slots()?.scope(self.slot.as_deref())?;
        operator.change(request(slot))
    }
}
