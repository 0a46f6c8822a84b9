//! `switchback revert`.

use switchback::Request;
use switchback::guard::Segment;

use crate::exit::Exit;
use crate::store::change::{ChangeArgs, Operator};
use crate::store::reference;
use crate::store::slot::{SlotArgs, Slots};

/// Put the previous release back in charge of a slot
///
/// Takes effect in every process within milliseconds: nothing is compiled or loaded, and no process is asked first. It is
/// allowed at any time, also during a freeze. What was live stays loaded, without a role.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// To which release [default: the one that was live before]
    #[arg(value_name = "RELEASE")]
    release: Option<String>,

    /// Put only the mail of this segment back: a domain, or `provider:gmail`; the live release goes on for the rest
    ///
    /// The release is one on standby. `restore` ends it, and so does the next promotion or revert of the slot.
    #[arg(long, value_name = "SEGMENT")]
    segment: Option<Segment>,

    #[command(flatten)]
    slot: SlotArgs,

    #[command(flatten)]
    change: ChangeArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback revert --reason 'Gmail mail is flagged'
  switchback revert --slot inbound phish@1.0.0
  switchback revert --segment provider:gmail                one provider's mail alone
  switchback revert --dry-run                               to what would it be?

Exit codes:
  0  every process obeys
  1  it was refused, for the reason shown; or a process does not obey yet, or not in full
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let state = operator.state().clone();
    let slot = Slots::of(&state, &operator.processes()?).existing(&args.slot)?;
    let to = args.release.as_deref().map(|release| reference::loaded(&state, release)).transpose()?;
    operator.change(match args.segment.clone() {
        Some(segment) => Request::RevertSegment { slot, segment, to },
        None => Request::Revert { slot, to },
    })
}
