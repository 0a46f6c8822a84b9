//! `switchback canary`.

use clap::ValueEnum;
use switchback::{Admission, CanaryKey, ReleaseId, Share, SlotState, Waited};

use crate::exit::Exit;
use crate::promote::readiness;
use crate::share::basis_points;
use crate::store::change::{ChangeArgs, Operator, Remarks};
use crate::store::slot::{SlotArgs, Slots};
use crate::store::{lately, reference};

/// Let a release decide for a share of the messages
///
/// Which messages those are depends on a hash of what they say, so that all copies of one meet the same release, in
/// every process; or of what --by names. The live release scores them too, beside the answers, and `compare --live`
/// shows where the two differ. For a release that is a canary already this changes the share, and what else is named:
/// widening moves no message back. Waits until every process has the release ready; a smaller share waits for nobody, and
/// is possible in a freeze.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The release: `phish@2.0.0`, or the first digits of its digest
    #[arg(value_name = "RELEASE")]
    release: String,

    /// The share of the messages
    #[arg(long, value_name = "PERCENT", value_parser = basis_points)]
    share: u16,

    /// What has to be equal for two messages to meet the same release [default: as before, for a new canary `content`]
    ///
    /// A message that does not have it (without a tenant, say) is in the share by its content: of 10 % by tenant, of a filter
    /// that names no tenants, a tenth of the messages is. A canary keeps what it is shared by until it is withdrawn.
    #[arg(long, value_enum)]
    by: Option<By>,

    /// Score also the messages outside the share, without deciding [default: as before, for a new canary not]
    #[arg(long, conflicts_with = "no_mirror")]
    mirror: bool,

    /// Score the messages in the share alone from now on
    #[arg(long)]
    no_mirror: bool,

    #[command(flatten)]
    slot: SlotArgs,

    /// Do not wait for the processes to be ready: until then the live release decides there in its place. Also one that
    /// the guard knows to do harm
    ///
    /// The ledger records it.
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    change: ChangeArgs,
}

/// What has to be equal for two messages to meet the same release.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum By {
    /// What the message says
    Content,
    /// The organisational domain of the sender; of a message without one, what it says
    SenderDomain,
    /// The domain of the recipient; of a message without one, what it says
    RecipientDomain,
    /// The tenant that the filter named; of a message without one, what it says
    Tenant,
}

const AFTER_HELP: &str = "\
Examples:
  switchback canary phish@2.0.0 --share 1% --reason 'a day in shadow went well'
  switchback canary phish@2.0.0 --share 25%              widen it
  switchback canary phish@2.0.0 --share 10% --by tenant  a tenth of the tenants, each as a whole
  switchback withdraw phish@2.0.0                        end it

Exit codes:
  0  every process obeys
  1  it was refused, for the reason shown; or a process does not obey yet, or not in full
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let state = operator.state().clone();
    let processes = operator.processes()?;
    let slot = Slots::of(&state, &processes).existing(&args.slot)?;
    let release = reference::loaded(&state, &args.release)?;
    let Share { share_bp, key, mirrored } = args.share(state.slots.get(&slot), &release);
    let waited = if args.force { Waited::Forced } else { Waited::Ready(args.change.wait()) };
    let ready = |process| readiness(process, &release);
    let mut notes: Vec<_> = if args.change.dry_run { processes.iter().map(ready).collect() } else { Vec::new() };
    let admission = Admission::Canary { slot: slot.clone(), release, share_bp, key, mirrored, waited };
    let change = operator.admit(&admission)?;
    notes.extend(lately::without_key(&args.change.store, &slot, key));
    operator.tell(&change, &Remarks { notes, ..Remarks::default() })
}

impl Args {
    /// The share, as it was before where nothing else is said.
    fn share(&self, slot: Option<&SlotState>, release: &ReleaseId) -> Share {
        let before = slot.and_then(|slot| slot.canaries.iter().find(|canary| canary.release == *release));
        let before = before.map(|canary| canary.share);
        Share {
            share_bp: self.share,
            key: self.by.map_or_else(|| before.map_or(CanaryKey::Content, |share| share.key), CanaryKey::from),
            mirrored: self.mirror || !self.no_mirror && before.is_some_and(|share| share.mirrored),
        }
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
