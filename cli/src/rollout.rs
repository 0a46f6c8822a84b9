//! `switchback rollout`.

mod status;
mod stop;

use clap::Subcommand;
use switchback::{Admission, Plan};

use crate::exit::{Exit, Usage};
use crate::schema::Output;
use crate::store::change::{ChangeArgs, Operator, Remarks};
use crate::store::reference;
use crate::store::slot::{SlotArgs, Slots};

/// Try a release out step by step, and put it in charge if nothing speaks against it
///
/// The processes that follow the store walk the plan by themselves, whatever becomes of this command. A step is over when it
/// has taken its time and the guard has evidence: nothing is harmed, and all senders together are proven. Where evidence is
/// missing the rollout pauses, for as long as it takes. A first step that decides, a share or `100%`, waits like `canary` and
/// `promote` until every process has the release ready. It ends where somebody changes the release's role, or what is live:
/// that is an event of its own, and takes the role that the rollout gave, unless somebody gave the release another one.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// The release: `phish@2.0.0`, or the first digits of its digest
    #[arg(value_name = "RELEASE", required = true)]
    release: Option<String>,

    /// The steps: `shadow` or a share, and for how long at least (docs/times.md); the last one is `100%`
    #[arg(long, value_name = "PLAN", default_value = PLAN)]
    plan: Plan,

    #[command(flatten)]
    slot: SlotArgs,

    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Subcommand)]
enum Command {
    Status(status::Args),
    Stop(stop::Args),
}

/// A day sees every kind of mail; the shares rise fivefold, each for long enough to look.
const PLAN: &str = "shadow 24h, 1% 30m, 5% 30m, 25% 30m, 100%";

const AFTER_HELP: &str = "\
Examples:
  switchback rollout phish@1.2.0 --reason 'trained on the mail of May'
  switchback rollout phish@1.2.0 --plan 'shadow 24h, 1% 30m, 5% 30m, 25% 30m, 100%'
  switchback rollout phish@1.2.0 --plan '10% 1h, 100%' --slot inbound
  switchback rollout status
  switchback rollout stop

Exit codes:
  0  it has begun, and every process obeys
  1  it was refused, for the reason shown; or a process does not obey yet, or not in full
  2  the command line is wrong";

/// What `--json` prints, by command; beginning one and stopping it print a change.
pub(crate) const OUTPUTS: &[(&str, Output)] = &[("rollout status", status::OUTPUT)];

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.command {
        Some(Command::Status(args)) => status::run(args),
        Some(Command::Stop(args)) => stop::run(args),
        None => begin(args),
    }
}

fn begin(args: &Args) -> anyhow::Result<Exit> {
    let operator = Operator::open(&args.change)?;
    let state = operator.state().clone();
    let slot = Slots::of(&state, &operator.processes()?).existing(&args.slot)?;
    // The parser asks for it.
    let release = args.release.as_deref().ok_or_else(|| Usage("which release?".to_owned()))?;
    let release = reference::loaded(&state, release)?;
    let (plan, ready_within) = (args.plan.clone(), args.change.wait());
    let change = operator.admit(&Admission::Rollout { slot, release, plan, ready_within })?;
    operator.tell(&change, &Remarks::default())
}
