//! `switchback revert`.

use switchback::control::Request;
use switchback::guard::Segment;

use crate::exit::{Exit, after_help};
use crate::store::change::{self, ChangeArgs, Operator, Remarks};
use crate::store::recent;
use crate::store::slot::SlotArgs;

/// Make the previous release live again in a slot
///
/// Takes effect in every process within milliseconds: nothing is compiled or loaded, and no process is asked first. It is
/// allowed at any time, even during a freeze. The release that was live stays loaded, without a role. A rollout in progress in
/// the slot ends, and its release loses its role.
///
/// A revert goes to a release that was live in the slot before and is on standby; use `promote` for any other. If the release
/// is named and its file is missing or damaged, the revert is refused. If none is named, the revert is made anyway, because
/// processes that have the release ready can apply it; the command then reports what is missing, with exit code 1.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(crate) struct Args {
    /// Release to revert to [default: the one that was live before]
    #[arg(value_name = "RELEASE")]
    release: Option<String>,

    /// Revert only the mail of this segment: a domain, or `provider:gmail`; the live release keeps deciding the rest
    ///
    /// A domain is the organisational domain, under which mail is counted: gmail.com, not mail.gmail.com. Only messages of
    /// authenticated senders belong to it; if the store has a journal, the command prints how many came in the last hour. The
    /// release has to be on standby. `restore` ends this, and so does the next promotion or revert of the slot.
    #[arg(long, value_name = "SEGMENT")]
    segment: Option<Segment>,

    #[command(flatten)]
    slot: SlotArgs,

    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback revert --reason 'Gmail mail is flagged'
  switchback revert --slot inbound phish@1.0.0
  switchback revert --segment provider:gmail                one provider's mail alone
  switchback revert --dry-run                               which release would it be?";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let slot = operator.slot(&args.slot)?;
    let to = args.release.as_deref().map(|release| operator.release(release)).transpose()?;
    let Some(segment) = args.segment.clone() else { return operator.change(Request::Revert { slot, to }) };
    let change = operator.commit(Request::RevertSegment { slot: slot.clone(), segment: segment.clone(), to })?;
    let notes = vec![recent::of_segment(&args.change.store, &change.after, &slot, &segment)];
    operator.tell(&change, &Remarks { notes, ..Remarks::default() })
}
