//! `switchback rollout`.

mod status;
mod stop;

use clap::Subcommand;
use switchback::control::{Admission, Plan};

use crate::exit::{Exit, Usage, after_help};
use crate::schema::Output;
use crate::store::change::{self, ChangeArgs, Operator, Remarks};
use crate::store::slot::SlotArgs;

/// Roll a release out step by step, and make it live if the guard finds no harm
///
/// The processes that follow the store carry out the plan by themselves, even after this command has ended. A step ends when
/// its time is up and the guard has evidence: no segment is harmed, and all senders together are proven. While evidence is
/// missing, the rollout pauses. If the first step decides (a share or `100%`), the command waits like `canary` and `promote`
/// until every process has the release ready. A rollout ends when somebody changes the release's role or the live release: the
/// ledger records that, and the role that the rollout gave is removed unless the release was given another one.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// The release: `phish@2.0.0`, or the first digits of its digest
    #[arg(value_name = "RELEASE", required = true)]
    release: Option<String>,

    /// The steps: `shadow` or a share, each with its shortest duration (docs/times.md); the last one is `100%`
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

const EXAMPLES: &str = "\
Examples:
  switchback rollout phish@1.2.0 --reason 'trained on the mail of May'
  switchback rollout phish@1.2.0 --plan 'shadow 24h, 1% 30m, 5% 30m, 25% 30m, 100%'
  switchback rollout phish@1.2.0 --plan '10% 1h, 100%' --slot inbound
  switchback rollout status
  switchback rollout stop";

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
    let slot = operator.slot(&args.slot)?;
    // The parser asks for it.
    let release = args.release.as_deref().ok_or_else(|| Usage("no release was named".to_owned()))?;
    let release = operator.release(release)?;
    let (plan, ready_within) = (args.plan.clone(), args.change.wait());
    let change = operator.admit(&Admission::Rollout { slot, release, plan, ready_within })?;
    operator.tell(&change, &Remarks::default())
}
