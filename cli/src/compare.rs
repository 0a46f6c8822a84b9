//! `switchback compare`.

mod arguments;
mod corpus;
mod gate;
mod live;
mod report;

use std::path::PathBuf;

use switchback::compare::Comparison;
use switchback::{ReleaseId, Thresholds};

pub(crate) use self::arguments::ComparisonArgs;
use self::report::{Report, Source};
use crate::args::{InputArgs, RuntimeArgs, ThreadArgs, ThresholdArgs};
use crate::exit::{Exit, Usage, after_help};
use crate::schema::{Output, kind};
use crate::sides::Named;
use crate::store::StoreArgs;
use crate::store::slot::SlotArgs;
use crate::window::WindowArgs;

/// Compare two releases on the same messages
///
/// Shows the flips (messages that one release flags and the other does not) by direction and by the senders' provider and
/// organisational domain, the actions of both, whether their scores have drifted apart, how long they take and where they
/// fail, and the messages on which they differ most. Both score a corpus now, or --live takes what the journal of a store has
/// of both.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The release to compare with, such as the live one: a file, or its name or digest in a store
    #[arg(value_name = "A")]
    before: PathBuf,

    /// The release to evaluate
    #[arg(value_name = "B")]
    after: PathBuf,

    /// Files, mbox files, Maildirs, folders, or `-` for standard input
    #[arg(value_name = "CORPUS", required_unless_present = "live")]
    inputs: Vec<PathBuf>,

    #[command(flatten)]
    live: LiveArgs,

    #[command(flatten)]
    store: StoreArgs,

    #[command(flatten)]
    comparison: ComparisonArgs,

    #[command(flatten)]
    message: InputArgs,

    #[command(flatten)]
    threads: ThreadArgs,

    #[command(flatten)]
    runtime: RuntimeArgs,

    #[command(flatten)]
    thresholds: ThresholdArgs,
}

/// Live traffic in the place of a corpus.
#[derive(clap::Args)]
#[command(next_help_heading = "Live traffic")]
struct LiveArgs {
    /// Compare the scores of both on live traffic, from the journal of the store
    #[arg(
        long,
        conflicts_with_all = [
            "inputs", "trust_authserv_id", "format", "no_sidecars", "mail_from", "rcpt", "client_ip", "helo", "client_host", "client_tls",
            "tenant", "recipient_key_file", "threads", "cache", "no_cache", "tag", "junk", "quarantine", "reject"
        ]
    )]
    live: bool,

    #[command(flatten)]
    window: WindowArgs,

    #[command(flatten)]
    slot: SlotArgs,
}

impl LiveArgs {
    /// Refuses to choose among records where there are none. The parser does not: a corpus excuses it.
    fn check(&self) -> Result<(), Usage> {
        match !self.live && (self.window.is_given() || self.slot.named().is_some()) {
            true => Err(Usage("--since, --until and --slot select live traffic: use --live, without a corpus".into())),
            false => Ok(()),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  switchback compare linear-1.1.0.wasm linear-2.0.0.wasm ~/Maildir
  switchback compare linear-1.1.0.wasm linear-2.0.0.wasm mail/ --max-flips 10 && echo safe
  switchback compare linear-1.1.0.wasm linear-2.0.0.wasm mail/ --html report.html
  switchback compare linear@1.1.0 linear@2.0.0 mail/ --json | jq .flips
  switchback compare linear@1.1.0 linear@2.0.0 --live --since 24h";

const EXIT_CODES: [&str; 2] = [
    "the releases were compared",
    "an input could not be read or is not a message, a message of a corpus was not answered by both, flips and messages that \
     only B failed on exceed --max-flips, or no message was compared",
];

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::document("compare", &[kind::<Report>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    args.live.check()?;
    let html = args.comparison.page()?;
    let named = [Named::of(&args.before), Named::of(&args.after)];
    let report = if args.live.live { live::report(args, &named)? } else { corpus::report(args, &named)? };
    let passes = args.comparison.print(&report.shown(), &report, html, |_| Ok(()))?;
    Ok(Exit::found_if(!passes || report.is_incomplete()))
}

impl Args {
    fn report(
        &self,
        comparison: &Comparison,
        [before, after]: [ReleaseId; 2],
        source: Source,
        thresholds: Option<Thresholds>,
    ) -> Report {
        Report { releases: comparison.report(before, after, self.comparison.limit), source, thresholds }
    }
}
