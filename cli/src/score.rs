//! `switchback score`.

mod lines;
mod stored;
mod summary;

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::PathBuf;

use switchback::Thresholds;

use self::lines::Layout;
use self::summary::Summary;
use crate::args::{self, InputArgs, RuntimeArgs, ThreadArgs, ThresholdArgs};
use crate::exit::{Exit, Usage, after_help};
use crate::judge::{Judged, judge};
use crate::parallel::Workers;
use crate::progress::Progress;
use crate::releases::{self, Loaded};
use crate::schema::{Output, json_line, kind};
use crate::sinks::SinkArgs;
use crate::store::StoreArgs;
use crate::store::slot::SlotArgs;

/// Score messages with one or more releases, or as a slot of a store does
///
/// Prints a line for each message and release: score, action, SCL, category, release, message. Lines are in the order of the
/// inputs, whatever the number of threads, and the same messages give the same output.
///
/// With --store, the live release of the slot decides, subject to the overrides of the store. While it runs, the command is a
/// process that follows the store: canaries decide for their share, and shadows score with --journal. The guard compares the
/// verdicts, and alerts go to --on-alert, --webhook and --syslog.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// A release to score with (repeatable: all of them score each message)
    #[arg(short = 'm', long = "model", value_name = "RELEASE.wasm", conflicts_with_all = ["store", "slot"])]
    releases: Vec<PathBuf>,

    #[command(flatten)]
    store: StoreArgs,

    #[command(flatten)]
    slot: SlotArgs,

    /// Keep a record of each message in the journal of the store, as a filter does
    #[arg(long, conflicts_with = "releases")]
    journal: bool,

    /// Files, mbox files, Maildirs, folders, or `-` for standard input [default: standard input]
    ///
    /// Folders are read recursively, without hidden files; of a Maildir, only delivered mail is read. --format describes what is
    /// read as a message or an mbox, and what is left out.
    #[arg(value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    /// Print one JSON object per line
    #[arg(long)]
    json: bool,

    /// Print only totals, and a digest over all scores: equal digests, equal scores
    #[arg(long)]
    summary: bool,

    /// Show the reasons of each score, and what the release logged
    #[arg(short, long)]
    verbose: bool,

    #[command(flatten)]
    message: InputArgs,

    #[command(flatten)]
    threads: ThreadArgs,

    #[command(flatten)]
    runtime: RuntimeArgs,

    #[command(flatten)]
    thresholds: ThresholdArgs,

    #[command(flatten)]
    sinks: SinkArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback score -m linear-1.0.0.wasm message.eml
  switchback score -m linear-1.0.0.wasm -v < message.eml
  switchback score -m linear-1.0.0.wasm -m rules-1.0.0.wasm ~/Maildir archive.mbox.gz
  switchback score -m rules-1.0.0.wasm --client-ip 192.0.2.7 --mail-from a@news.example --rcpt me@home.example message.eml
  switchback score -m linear-1.0.0.wasm --json mail/ | jq 'select(.score > 0.9)'
  switchback score -m linear-1.0.0.wasm --summary mail/
  switchback score --store /var/lib/my-filter/switchback message.eml
  switchback score --store /tmp/trial --journal --summary mail/   for `compare --live` and `impact`";

const EXIT_CODES: [&str; 2] = [
    "every message was read, and every release answered for it",
    "an input could not be read or is not a message, a release could not be loaded, or it failed on a message",
];

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::lines(
    "score",
    &[
        kind::<lines::Record<'static>>,
        kind::<summary::Totals>,
        kind::<stored::lines::Record<'static>>,
        kind::<stored::totals::Totals>,
    ],
);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    if args.releases.is_empty() {
        return stored::run(args);
    }
    if !args.sinks.is_empty() {
        return Err(Usage(
            "alerts are about the releases of a store: without --store there is none to raise one".into(),
        )
        .into());
    }
    let thresholds = args.thresholds.thresholds()?;
    let corpus = args::open(&args.inputs, args.message.reading())?;
    let threads = args.threads.count();
    let releases = releases::load(&args.releases, &args.runtime, threads)?;
    let mut progress = Progress::over(corpus.bytes(), !args.summary);
    let mut report = Report::new(args, &releases, thresholds);
    Workers::start(threads)?.in_order(
        corpus,
        |entry| judge(entry, &releases, |raw| args.message.message(raw)),
        |(name, judged)| {
            match &judged {
                Ok(judged) => report.message(&name, judged, &progress)?,
                Err(unread) => {
                    report.summary.missed.add(unread);
                    progress.say(&unread.about(&name));
                }
            }
            progress.message(judged.map_or(0, |judged| judged.message.len() as u64));
            Ok(())
        },
    )?;
    progress.finish();
    report.finish()
}

/// What is printed.
struct Report<'a> {
    args: &'a Args,
    layout: Layout<'a>,
    summary: Summary<'a>,
    out: Box<dyn Write>,
}

impl<'a> Report<'a> {
    fn new(args: &'a Args, releases: &'a Loaded, thresholds: Thresholds) -> Self {
        // A person wants to see each line at once; a pipe wants few writes.
        let stdout = io::stdout();
        let out: Box<dyn Write> =
            if stdout.is_terminal() { Box::new(stdout) } else { Box::new(BufWriter::new(stdout)) };
        Self {
            args,
            layout: Layout::new(&releases.ids, thresholds, args.verbose),
            summary: Summary::new(&releases.ids, thresholds),
            out,
        }
    }

    fn message(&mut self, name: &str, judged: &Judged, progress: &Progress) -> anyhow::Result<()> {
        self.summary.add(judged);
        for failure in judged.opinions.iter().filter_map(lines::failure) {
            progress.say(&format!("{name}: {failure}"));
        }
        match (self.args.summary, self.args.json) {
            (true, _) => Ok(()),
            (false, true) => self.layout.json(name, judged, &mut self.out),
            (false, false) => Ok(self.layout.text(name, judged, &mut self.out)?),
        }
    }

    fn finish(mut self) -> anyhow::Result<Exit> {
        let totals = self.summary.totals();
        if self.args.summary && self.args.json {
            json_line(&totals, &mut self.out)?;
        } else if self.args.summary {
            totals.write(&mut self.out)?;
        }
        self.out.flush()?;
        Ok(Exit::found_if(totals.is_incomplete()))
    }
}
