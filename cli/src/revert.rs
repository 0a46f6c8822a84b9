//! `switchback revert`.

use switchback::Request;
use switchback::guard::Segment;

use crate::exit::Exit;
use crate::store::change::{ChangeArgs, Operator, Remarks};
use crate::store::slot::{SlotArgs, Slots};
use crate::store::{lately, reference};

/// Put the previous release back in charge of a slot
///
/// Takes effect in every process within milliseconds: nothing is compiled or loaded, and no process is asked first. It is
/// allowed at any time, also during a freeze. What was live stays loaded, without a role. A rollout that goes on in the slot
/// ends, and what it tried has no role any more.
///
/// A revert goes back to what was live in the slot before, and is on standby; any other release is promoted. One whose file is
/// missing or damaged is refused if it is named. Without a name the revert is made all the same, because processes that have
/// the release ready obey, and the command says what is missing and ends with 1.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// To which release [default: the one that was live before]
    #[arg(value_name = "RELEASE")]
    release: Option<String>,

    /// Put only the mail of this segment back: a domain, or `provider:gmail`; the live release goes on for the rest
    ///
    /// A domain is the part that somebody registered, under which mail is counted: gmail.com, not mail.gmail.com. Of it are
    /// the messages of authenticated senders; how many came in the last hour is said, where the store has a journal. The
    /// release is one on standby. `restore` ends it, and so does the next promotion or revert of the slot.
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
  1  it was refused, for the reason shown; or a process does not obey yet, or not in full; or the revert is made, and a
     process that starts could not load the release
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let state = operator.state().clone();
    let slot = Slots::of(&state, &operator.processes()?).existing(&args.slot)?;
    let to = args.release.as_deref().map(|release| reference::loaded(&state, release)).transpose()?;
    let Some(segment) = args.segment.clone() else { return operator.change(Request::Revert { slot, to }) };
    let change = operator.commit(Request::RevertSegment { slot: slot.clone(), segment: segment.clone(), to })?;
    let notes = vec![lately::of_segment(&args.change.store, &change.after, &slot, &segment)];
    operator.tell(&change, &Remarks { notes, ..Remarks::default() })
}
