//! `switchback promote`.

use anyhow::bail;
use jiff::{SignedDuration, Timestamp};
use switchback::{Operation, Preparation, Process, Promotion, ReleaseId, Waited};

use crate::duration::duration;
use crate::exit::Exit;
use crate::show;
use crate::store::change::{Change, ChangeArgs, Operator, Remarks};
use crate::store::slot::{SlotArgs, Slots};
use crate::store::{reference, text};

/// Put a release in charge of a slot
///
/// Waits until every process that follows the store has the release ready; then it takes effect in all of them within
/// milliseconds. If one cannot load it, nothing changes anywhere. What was live stays warm: `revert` puts it back.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The release: `phish@2.0.0`, or the first digits of its digest
    #[arg(value_name = "RELEASE")]
    release: String,

    #[command(flatten)]
    slot: SlotArgs,

    /// Promote also a version older than the live one
    #[arg(long)]
    older: bool,

    /// Do not wait for the processes to be ready, and promote also into a slot that none of them has
    ///
    /// The ledger records it. A process that does not have the release ready goes on as before until it has.
    #[arg(long)]
    force: bool,

    /// For how long the predecessor goes on scoring beside the answers, so that flips show; `0s` for not at all
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    cool_off: SignedDuration,

    #[command(flatten)]
    change: ChangeArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback promote phish@2.0.0 --dry-run          what would change, and who is ready?
  switchback promote phish@2.0.0 --reason 'trained on the mail of May'
  switchback promote phish@1.0.0 --slot inbound --older

Exit codes:
  0  every process obeys
  1  it was refused, for the reason shown; or a process does not obey yet, or not in full
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let state = operator.state()?;
    let processes = operator.processes()?;
    let slot = args.slot(&Slots::of(&state, &processes), &processes)?;
    let release = reference::loaded(&state, &args.release)?;
    if args.change.dry_run {
        return args.rehearse(&operator, slot, release, &processes);
    }
    let cool_off = Some(args.cool_off.unsigned_abs());
    let promotion = Promotion { slot, release, older: args.older, cool_off, waited: args.waited() };
    let change = operator.done(operator.control.promote(promotion)?)?;
    operator.tell(&change, &remarks(&change, Vec::new()))
}

impl Args {
    /// The slot, if a process has it or the ledger knows it, or there is nobody who could tell.
    fn slot(&self, slots: &Slots, processes: &[Process]) -> anyhow::Result<String> {
        let slot = slots.chosen(&self.slot)?;
        if !slots.has(&slot) && !processes.is_empty() && !self.force {
            bail!("no process has a slot `{slot}`: {}; --force promotes there all the same", slots.offer());
        }
        Ok(slot)
    }

    fn waited(&self) -> Waited {
        if self.force { Waited::Forced } else { Waited::Ready(self.change.wait()) }
    }

    fn rehearse(
        &self,
        operator: &Operator<'_>,
        slot: String,
        release: ReleaseId,
        processes: &[Process],
    ) -> anyhow::Result<Exit> {
        let (older, forced) = (self.older, self.force);
        let notes = processes.iter().map(|process| readiness(process, &release)).collect();
        let is_unable =
            processes.iter().any(|one| matches!(one.preparation(&release.digest), Some(Preparation::Failed { .. })));
        let cool_off_s = Some(self.cool_off.unsigned_abs().as_secs());
        let change = operator.rehearse(Operation::Promote { slot, release, older, forced, cool_off_s })?;
        let told = operator.tell(&change, &remarks(&change, notes))?;
        Ok(if is_unable && !forced { Exit::Found } else { told })
    }
}

pub(crate) fn readiness(process: &Process, release: &ReleaseId) -> String {
    let label = text::process(process);
    match process.preparation(&release.digest) {
        Some(Preparation::Ready) => format!("{label} is ready"),
        Some(Preparation::Failed { why }) => format!("{label} cannot load it: {}", show::printable(why, usize::MAX)),
        None => format!("{label} is not ready yet"),
    }
}

/// What has to be known after every promotion: the overrides that no model can overrule.
fn remarks(change: &Change, notes: Vec<String>) -> Remarks {
    let standing = change.after.standing_overrides(Timestamp::now()).cloned().collect();
    Remarks { notes, standing_overrides: Some(standing) }
}
