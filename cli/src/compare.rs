//! `switchback compare`.

mod corpus;
mod gate;
mod live;
mod page;
mod report;
mod text;
mod words;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use switchback::compare::{Comparison, ComparisonSettings, Providers};
use switchback::verdict::Senders;
use switchback::{ReleaseId, Thresholds};

use self::report::{Report, Source};
use crate::args::{InputArgs, RuntimeArgs, ThreadArgs, ThresholdArgs};
use crate::exit::{Exit, Usage, after_help};
use crate::file::{self, Access, Kind};
use crate::provider::{Provider, provider};
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

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    /// Write a self-contained page with charts, replacing an existing one; `/dev/stdout` and pipes work too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Rows of each table
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,

    /// Exit with 1 if there are more flips than this
    ///
    /// A message that B failed on and A did not counts as a flip here. If no message was compared, the command exits with 1
    /// even without this option.
    #[arg(long, value_name = "N")]
    max_flips: Option<u64>,

    /// Which senders are counted under their domain [default: anyone for a corpus, authenticated with --live]
    #[arg(long, value_name = "WHOSE")]
    senders: Option<WhoseDomain>,

    /// Count these domains as one provider, besides the built-in ones (repeatable)
    #[arg(long, value_name = "NAME=DOMAIN,...", value_parser = provider)]
    provider: Vec<Provider>,

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

/// Whose domain a message is counted under.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum WhoseDomain {
    /// Authenticated senders only; all others are counted together
    Authenticated,
    /// Whoever claims to be the sender, which anybody can
    Anyone,
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
    // Where it cannot be written, nobody waits for the comparison.
    let html = args.html.as_deref().map(|path| file::create(path, Access::Everybody, Kind::Page)).transpose()?;
    let named = [Named::of(&args.before), Named::of(&args.after)];
    let report = if args.live.live { live::report(args, &named)? } else { corpus::report(args, &named)? };
    if let (Some(path), Some(html)) = (&args.html, html) {
        file::fill(html, page::of(&report)?.as_bytes()).with_context(|| file::cannot_write(path))?;
    }
    let mut out = file::beside(args.html.as_deref());
    match args.json {
        true => writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?,
        false => text::write(&report, &mut out)?,
    }
    drop(out);
    let passes = gate::passes(&report, args.max_flips);
    Ok(Exit::found_if(!passes || report.is_incomplete()))
}

impl Args {
    fn settings(&self, default: Senders) -> ComparisonSettings {
        let senders = match self.senders {
            Some(WhoseDomain::Authenticated) => Senders::Authenticated,
            Some(WhoseDomain::Anyone) => Senders::Anyone,
            None => default,
        };
        let providers = self
            .provider
            .iter()
            .fold(Providers::default(), |known, provider| known.with(&provider.name, &provider.domains));
        ComparisonSettings::default().senders(senders).providers(providers).differences_max(self.limit)
    }

    fn report(
        &self,
        comparison: &Comparison,
        [before, after]: [ReleaseId; 2],
        source: Source,
        thresholds: Option<Thresholds>,
    ) -> Report {
        Report { releases: comparison.report(before, after, self.limit), source, thresholds }
    }
}
