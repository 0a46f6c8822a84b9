//! `switchback canary`.

use clap::ValueEnum;
use switchback::ReleaseId;
use switchback::control::{Admission, Readiness, SlotState};
use switchback::route::{CanaryKey, Share};

use crate::exit::{Exit, after_help};
use crate::share::basis_points;
use crate::store::change::{self, ChangeArgs, Operator, Remarks};
use crate::store::slot::SlotArgs;
use crate::store::{recent, text};

/// Let a release decide for a share of the messages
///
/// A hash of a message's content, or of what --by names, selects the messages, so all copies of a message get the same
/// release in every process. The live release scores them too, in the background, and `compare --live` shows where the two
/// differ. If the release is already a canary, this changes its share and the other options given; a larger share keeps every
/// message that it has. Waits until every process has the release ready. Reducing the share does not wait, and is allowed
/// during a freeze.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(crate) struct Args {
    /// The release: `phish@2.0.0`, or the first digits of its digest
    #[arg(value_name = "RELEASE")]
    release: String,

    /// Share of the messages to decide
    #[arg(long, value_name = "PERCENT", value_parser = basis_points)]
    share: u16,

    /// What selects the messages: messages with the same value get the same release [default: unchanged; `content` for a new
    /// canary]
    ///
    /// A message without the value (without a tenant, say) is selected by its content: with 10 % by tenant in a filter that
    /// names no tenants, a tenth of the messages is selected. A canary keeps this setting until it is withdrawn.
    #[arg(long, value_enum)]
    by: Option<By>,

    /// Also score the messages outside the share, without deciding [default: unchanged; off for a new canary]
    #[arg(long, conflicts_with = "no_mirror")]
    mirror: bool,

    /// Score only the messages in the share from now on
    #[arg(long)]
    no_mirror: bool,

    #[command(flatten)]
    slot: SlotArgs,

    /// Do not wait for the processes, and allow a release that the guard found harmful
    ///
    /// In a process that does not have the release ready, the live release decides until it has. The ledger records that the
    /// checks were skipped.
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    change: ChangeArgs,
}

/// What selects the messages of a canary.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum By {
    /// The content of the message
    Content,
    /// The organisational domain of the sender; the content if there is none
    SenderDomain,
    /// The domain of the recipient; the content if there is none
    RecipientDomain,
    /// The tenant that the filter named; the content if there is none
    Tenant,
}

const EXAMPLES: &str = "\
Examples:
  switchback canary phish@2.0.0 --share 1% --reason 'a day in shadow went well'
  switchback canary phish@2.0.0 --share 25%              widen it
  switchback canary phish@2.0.0 --share 10% --by tenant  a tenth of the tenants, each as a whole
  switchback withdraw phish@2.0.0                        end it";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let (slot, release) = (operator.slot(&args.slot)?, operator.release(&args.release)?);
    let Share { share_bp, key, mirrored, .. } = args.share(operator.state().slots.get(&slot), &release);
    let readiness = if args.force { Readiness::Skip } else { Readiness::Wait(args.change.wait()) };
    let asked = if args.change.dry_run { operator.processes()? } else { Vec::new() };
    let mut notes: Vec<_> = asked.iter().map(|process| text::readiness(process, &release)).collect();
    let admission = Admission::Canary { slot: slot.clone(), release, share_bp, key, mirrored, readiness };
    let change = operator.admit(&admission)?;
    notes.extend(recent::without_key(&args.change.store, &slot, key));
    operator.tell(&change, &Remarks { notes, ..Remarks::default() })
}

impl Args {
    /// The share, as it was before where nothing else is said.
    fn share(&self, slot: Option<&SlotState>, release: &ReleaseId) -> Share {
        let before = slot.and_then(|slot| slot.canaries.iter().find(|canary| canary.release == *release));
        let before = before.map(|canary| canary.share);
        let key = self.by.map_or_else(|| before.map_or(CanaryKey::Content, |share| share.key), CanaryKey::from);
        let mirrored = self.mirror || !self.no_mirror && before.is_some_and(|share| share.mirrored);
        Share::new(self.share, key).mirrored(mirrored)
    }
}

impl From<By> for CanaryKey {
    fn from(by: By) -> Self {
        match by {
            By::Content => Self::Content,
            By::SenderDomain => Self::SenderDomain,
            By::RecipientDomain => Self::RecipientDomain,
            By::Tenant => Self::Tenant,
        }
    }
}
