//! `switchback promote`.

use std::io;

use anyhow::bail;
use jiff::SignedDuration;
use switchback::ReleaseId;
use switchback::control::{Preparation, Promotion, Readiness, StoreProcess, StoreState};
use switchback::guard::TrialRecord;

use crate::clock;
use crate::duration::whole_seconds;
use crate::exit::{Exit, after_help};
use crate::store::change::{self, Change, ChangeArgs, Operator, Remarks};
use crate::store::proof::{Proof, compared};
use crate::store::slot::{SlotArgs, Slots};
use crate::store::text;

/// Make a release live in a slot
///
/// Waits until every process that follows the store has the release ready; the change then takes effect in all of them within
/// milliseconds. If one of them cannot load it, nothing changes anywhere. The previous live release stays warm: `revert`
/// makes it live again.
///
/// First prints what the guard knows about the release: in which segments of senders fewer verdicts are proven to flip than the
/// settings allow, where that is unproven, and where the release does harm. A release that harms a segment is promoted only
/// with --force.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(crate) struct Args {
    /// The release: `phish@2.0.0`, or the first digits of its digest
    #[arg(value_name = "RELEASE")]
    release: String,

    #[command(flatten)]
    slot: SlotArgs,

    /// Allow a version older than the live one
    #[arg(long)]
    older: bool,

    /// Do not wait for the processes, and allow a harmful release, or a slot that no process has
    ///
    /// A process that does not have the release ready continues as before until it has. The ledger records that the checks
    /// were skipped.
    #[arg(long)]
    force: bool,

    /// How long the predecessor keeps scoring in the background, so that flips show; `0s` to disable (docs/times.md)
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = whole_seconds)]
    cool_off: SignedDuration,

    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback promote phish@2.0.0 --dry-run          what would change, and is every process ready?
  switchback promote phish@2.0.0 --reason 'trained on the mail of May'
  switchback promote phish@1.0.0 --slot inbound --older";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let (state, processes) = (operator.state(), operator.processes()?);
    let slot = args.slot(&Slots::of(state, &processes), &processes)?;
    let release = operator.release(&args.release)?;
    let (proof, note) = match args.proof(state, &slot, &release) {
        Ok(Some(proof)) => (Some(proof), None),
        Ok(None) => (None, args.untried(state, &slot, &release)?),
        // Whoever forces it does so without; else it is refused below.
        Err(error) => (None, Some(format!("what the guard knows about it cannot be read: {error:#}"))),
    };
    let remarks = Remarks { notes: note.into_iter().collect(), standing_overrides: None, proof };
    let mut promotion = Promotion::new(slot, release, args.readiness()).cool_off(args.cool_off.unsigned_abs());
    promotion.older = args.older;
    if args.change.dry_run {
        return args.dry_run(&operator, promotion, &processes, remarks);
    }
    let change = operator.admit(&promotion.into())?;
    operator.tell(&change, &remarks.above(&change))
}

/// Segments that are shown.
const SEGMENTS: usize = 10;

impl Args {
    /// The slot, if a process has it or the ledger knows it, or there is nobody who could tell.
    fn slot(&self, slots: &Slots, processes: &[StoreProcess]) -> anyhow::Result<String> {
        let slot = slots.chosen(self.slot.named())?;
        if !slots.has(&slot) && !processes.is_empty() && !self.force {
            bail!("no process has a slot `{slot}`: {}; use --force to promote there anyway", slots.offer());
        }
        Ok(slot)
    }

    /// What the guard knows of the release, which is said.
    fn proof(&self, state: &StoreState, slot: &str, release: &ReleaseId) -> anyhow::Result<Option<Proof>> {
        let Some(state) = state.slots.get(slot).filter(|state| state.live.as_ref().is_some_and(|live| live != release))
        else {
            return Ok(None);
        };
        let proof = Proof::of(&self.change.store, slot, state, release)?;
        if let Some(proof) = proof.as_ref().filter(|_| !self.change.json) {
            proof.write(SEGMENTS, &mut io::stdout().lock())?;
        }
        Ok(proof)
    }

    /// What is said of a release that is not compared with the one that is live.
    fn untried(&self, state: &StoreState, slot: &str, release: &ReleaseId) -> anyhow::Result<Option<String>> {
        let live = state.slots.get(slot).and_then(|slot| slot.live.as_ref()).filter(|live| *live != release);
        let Some(live) = live else { return Ok(None) };
        let nothing = format!("nothing is proven about it against {live}: compare them with `shadow` or `rollout`");
        let Some(earlier) = Proof::earlier(&self.change.store, slot, release)? else { return Ok(Some(nothing)) };
        let TrialRecord { baseline, since, began_at, last_at, pairs, .. } = &earlier;
        let [began, last] = [began_at, last_at].map(|at| text::instant(*at));
        let compared = compared(pairs);
        Ok(Some(format!(
            "{nothing}; an earlier trial against {baseline}, since generation {since} ({began} to {last}), does not count for \
             this one: {compared}"
        )))
    }

    fn readiness(&self) -> Readiness {
        if self.force { Readiness::Skip } else { Readiness::Wait(self.change.wait()) }
    }

    fn dry_run(
        &self,
        operator: &Operator<'_>,
        promotion: Promotion,
        processes: &[StoreProcess],
        mut remarks: Remarks,
    ) -> anyhow::Result<Exit> {
        let release = promotion.release.clone();
        remarks.notes.extend(processes.iter().map(|process| text::readiness(process, &release)));
        let is_unable =
            processes.iter().any(|one| matches!(one.preparation(&release.digest), Some(Preparation::Failed { .. })));
        let change = operator.admit(&promotion.into())?;
        let told = operator.tell(&change, &remarks.above(&change))?;
        Ok(if is_unable && !self.force { Exit::Found } else { told })
    }
}

impl Remarks {
    /// With what has to be known after every promotion: the overrides that no model can overrule.
    fn above(self, change: &Change) -> Self {
        let standing = change.after.standing_overrides(clock::now()).cloned().collect();
        Self { standing_overrides: Some(standing), ..self }
    }
}
