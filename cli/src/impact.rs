//! `switchback impact`.

mod against;
mod report;
mod source;

use std::io;
use std::path::PathBuf;

use switchback::journal::{ImpactQuery, Impacted, NoSource, Rescore};

use self::against::Against;
use self::report::Report;
use self::source::Source;
use crate::args::{InputArgs, RuntimeArgs, ThreadArgs};
use crate::exit::{Exit, after_help};
use crate::held;
use crate::journal::{JournalArgs, say_nothing, say_unread};
use crate::progress::Busy;
use crate::schema::{Output, kind};
use crate::window::{Window, WindowArgs};

/// List the messages that a release decided differently from how another would have
///
/// What the other release would have done is known if it scored the message too: as a shadow, next to a canary, or as the
/// reverse shadow after a promotion. Other messages are scored again if --source has them, with what their sidecars say (see
/// --no-sidecars); the rest are counted as unknown. Messages that an override decided, or that the release failed on, were not
/// decided by the release, and are counted separately.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The release that decided: `phish@2.0.0`, or the first digits of its digest
    #[arg(value_name = "RELEASE")]
    release: String,

    /// The release to compare with [default: the live one; if that is RELEASE itself, the first standby]
    #[arg(long, value_name = "RELEASE")]
    against: Option<String>,

    #[command(flatten)]
    window: WindowArgs,

    /// Only messages of this slot [default: every slot]
    #[arg(long, value_name = "SLOT")]
    slot: Option<String>,

    /// Messages to score again: files, mbox files, Maildirs, folders (repeatable) [default: mail that a gateway holds for the
    /// store, where its configuration is the usual one, or in SWITCHBACK_CONFIG]
    #[arg(long, value_name = "PATH")]
    source: Vec<PathBuf>,

    /// Print one JSON object per line: one for each message, and one with the counts at the end
    #[arg(long, conflicts_with = "csv")]
    json: bool,

    /// Print one line of comma-separated values for each message
    ///
    /// For spreadsheets: text from mail that could be taken for a formula (it begins with =, +, -, @ or a tab) is prefixed with
    /// an apostrophe. --json prints it unchanged.
    #[arg(long)]
    csv: bool,

    /// Rows of each table
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,

    #[command(flatten)]
    journal: JournalArgs,

    #[command(flatten)]
    message: InputArgs,

    #[command(flatten)]
    threads: ThreadArgs,

    #[command(flatten)]
    runtime: RuntimeArgs,
}

impl Args {
    /// Where messages are that are scored again: what was named, or else what a gateway holds for the store.
    fn sources(&self) -> Vec<PathBuf> {
        let held = || self.journal.store.dir().ok().and_then(|store| held::of_store(&store));
        if self.source.is_empty() { held().into_iter().collect() } else { self.source.clone() }
    }
}

const EXAMPLES: &str = "\
Examples:
  switchback impact phish@2.0.0 --since 6d
  switchback impact phish@2.0.0 --against phish@1.1.0 --since 2025-04-25T09:24:00Z --until 2025-05-01T16:31:00Z
  switchback impact phish@2.0.0 --source /var/spool/quarantine --csv > to-release.csv
  switchback impact phish@2.0.0 --json | jq -r 'select(.direction == \"held-back\") | .digest'";

const EXIT_CODES: [&str; 2] = [
    "the messages are listed, if there are any; if the release scored none, stderr says how many records the journal has",
    "there is no journal, a file of it or of a source cannot be read or is no message, the other release cannot be loaded, or neither \
     journal nor store has the slot or a release",
];

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::lines("impact", &[kind::<Impacted>, kind::<report::Counts<'static>>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let Window { since, until } = args.window.window()?;
    let reader = args.journal.open()?;
    let slot = args.journal.slot(&reader, args.slot.as_deref())?;
    let release = args.journal.release(&reader, &args.release)?;
    let against = Against::choose(args, &reader, &release)?;
    let query = ImpactQuery::new(release.digest, against.release.digest).since(since).until(until).slot(slot);
    let sources = args.sources();
    let (source, is_incomplete) = match sources.is_empty() {
        true => (None, false),
        false => Source::read(args, &sources, &reader, &against.release)
            .map(|(source, unread)| (Some(source), unread > 0))?,
    };
    let rescore: &dyn Rescore = source.as_ref().map_or(&NoSource as &dyn Rescore, |source| source);
    // Lines say enough.
    let busy = (!args.json && !args.csv).then(|| Busy::with("reading the journal".to_owned()));
    let mut report = Report::new(args, &release, &against, io::stdout().lock())?;
    let impact = reader.impact(&query, rescore, |impacted| report.message(impacted))?;
    drop(busy);
    report.finish(&impact)?;
    drop(report);
    if impact.all.decided + impact.overruled + impact.failed() == 0 {
        say_nothing(&reader, Window { since, until })?;
    }
    let exit = say_unread(&impact.unread);
    Ok(if is_incomplete { Exit::Found } else { exit })
}
