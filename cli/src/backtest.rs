//! `switchback backtest`.

mod asked;
mod report;
mod tried;

use std::path::PathBuf;

use switchback::guard::GuardSettings;
use switchback::journal::JournalReader;

use self::asked::Asked;
use self::report::{Past, Report};
use self::tried::Tried;
use crate::args::{RuntimeArgs, ThreadArgs};
use crate::compare::ComparisonArgs;
use crate::exit::{Exit, after_help};
use crate::guard::Sample;
use crate::journal;
use crate::schema::{Output, kind};
use crate::store::StoreArgs;
use crate::store::slot::{SlotArgs, Slots};
use crate::window::WindowArgs;

/// Score a release on past mail that nobody kept, from the features in the journal
///
/// Works for a release that reads nothing of a message but `features` and `facts`, on records of the journal that have them: a
/// filter keeps them if it is configured to (docs/backtest.md). Compares it with what the baseline answered then, as `compare`
/// does, and shows what the guard would have done, and how much is proven by sender. Where the baseline did not answer, it is
/// scored now, too, if it reads nothing else either. All figures are about the messages whose features were kept.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The release to evaluate: a file, or its name or digest in the store
    #[arg(value_name = "RELEASE")]
    candidate: PathBuf,

    /// The release to compare with: `live`, or its name or digest in the store
    #[arg(long, value_name = "RELEASE", default_value = "live")]
    baseline: PathBuf,

    #[command(flatten)]
    window: WindowArgs,

    #[command(flatten)]
    store: StoreArgs,

    #[command(flatten)]
    slot: SlotArgs,

    #[command(flatten)]
    comparison: ComparisonArgs,

    #[command(flatten)]
    threads: ThreadArgs,

    #[command(flatten)]
    runtime: RuntimeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback backtest phish@3.0.0 --since 30d
  switchback backtest phish-3.0.0.wasm --since 7d --html report.html
  switchback backtest phish@3.0.0 --baseline phish@2.0.0 --since 30d --json | jq .flips
  switchback backtest phish@3.0.0 --max-flips 20 && switchback rollout phish@3.0.0";

const EXIT_CODES: [&str; 2] = [
    "the release was scored on the past",
    "it or the journal cannot be read, it reads more than features and facts, the guard would have reverted it, flips and \
     messages that only it failed on exceed --max-flips, or no message was compared",
];

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::document("backtest", &[kind::<Report>]);

/// What this process calls itself in the register of a store.
const NAME: &str = "switchback backtest";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let window = args.window.window()?;
    let (dir, control) = (args.store.dir()?, args.store.open()?);
    let state = control.state()?;
    let slots = Slots::of(&state, &control.processes()?);
    let slot = slots.chosen(args.slot.named())?;
    let reader = JournalReader::open(journal::of_store(&dir))?;
    journal::check_slot(slots, &reader, &slot)?;
    let html = args.comparison.page()?;
    let asked = Asked::load(args, &dir, &state, &slot)?;
    let settings: GuardSettings = state.slots.get(&slot).map(|slot| slot.guard.clone()).unwrap_or_default();
    let tried = Tried::of(&asked, &reader, (&slot, window), args.comparison.settings(report::SENDERS), &settings)?;
    let past = Past::new(slot, window, &tried);
    if tried.found.featured == 0 {
        anyhow::bail!("{}", past.nothing(&reader)?);
    }
    let sample = Sample {
        store: &dir,
        journal: &reader,
        mail: &tried.mail,
        releases: asked.ids.clone(),
        settings,
        since: window.since,
        leaves_out: past.leaves_out(),
    };
    let report = Report {
        releases: tried.comparison.report(asked.ids[0].clone(), asked.ids[1].clone(), args.comparison.limit),
        guard: sample.simulation()?,
        past,
    };
    let passes =
        args.comparison.print(&report.shown(), &report, html, |out| report.write_guard(args.comparison.limit, out))?;
    Ok(Exit::found_if(!passes || report.is_harmful() || report.past.unread_files > 0))
}
