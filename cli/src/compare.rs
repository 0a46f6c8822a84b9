//! `switchback compare`.

mod report;
mod tally;

use std::io::{self, Write as _};
use std::path::PathBuf;

use self::report::Report;
use self::tally::Tally;
use crate::args::{self, CacheArgs, MessageArgs, ThreadArgs, ThresholdArgs};
use crate::exit::Exit;
use crate::judge::{Opinion, judge};
use crate::parallel::Workers;
use crate::progress::Progress;
use crate::releases;
use crate::show;

/// Compare two releases on the same messages
///
/// Shows the flips (messages that one release flags and the other does not), by direction and by the
/// senders' organisational domain, both releases' scores, and the messages that they disagree on most.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The release to compare with: the one that is live, say
    #[arg(value_name = "A.wasm")]
    before: PathBuf,

    /// The release to look at
    #[arg(value_name = "B.wasm")]
    after: PathBuf,

    /// Files, mbox files, Maildirs, folders, or `-` for standard input
    #[arg(value_name = "CORPUS", required = true)]
    inputs: Vec<PathBuf>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    /// Rows of each table
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,

    /// Exit with 1 if there are more flips than this
    #[arg(long, value_name = "N")]
    max_flips: Option<u64>,

    #[command(flatten)]
    message: MessageArgs,

    #[command(flatten)]
    threads: ThreadArgs,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    thresholds: ThresholdArgs,
}

const AFTER_HELP: &str = "\
Examples:
  switchback compare linear-1.1.0.wasm linear-2.0.0.wasm ~/Maildir
  switchback compare linear-1.1.0.wasm linear-2.0.0.wasm mail/ --max-flips 10 && echo safe to promote
  switchback compare linear-1.1.0.wasm linear-2.0.0.wasm mail/ --json | jq .flips

Exit codes:
  0  the releases were compared
  1  an input could not be read, a release failed, or there are more flips than --max-flips
  2  the command line is wrong";

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let thresholds = args.thresholds.thresholds()?;
    let corpus = args::open(&args.inputs)?;
    let threads = args.threads.count();
    let releases = releases::load(&[args.before.clone(), args.after.clone()], &args.cache, threads)?;
    let mut progress = Progress::over(corpus.bytes(), false);
    let mut tally = Tally::new(thresholds, args.limit);
    Workers::start(threads)?.in_order(
        corpus,
        |entry| {
            let (name, judged) = judge(entry, &releases, &args.message);
            (name, judged.map(|judged| tally::Pair::new(judged, &thresholds)))
        },
        |(name, pair)| {
            let bytes = pair.as_ref().map_or(0, |pair| pair.bytes);
            match pair {
                Ok(pair) => {
                    for failure in pair.failures() {
                        progress.say(&format!("{name}: {}", show::printable(failure, 500)));
                    }
                    tally.add(name, pair);
                }
                Err(error) => {
                    tally.unreadable += 1;
                    progress.say(&format!("cannot read {name}: {error}"));
                }
            }
            progress.message(bytes);
            Ok(())
        },
    )?;
    progress.finish();
    let report = Report::new(&releases.ids, tally);
    let mut out = io::stdout().lock();
    match args.json {
        true => writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?,
        false => report.write(&mut out)?,
    }
    let too_many = args.max_flips.is_some_and(|max| report.flips() > max);
    if let (true, Some(max)) = (too_many, args.max_flips) {
        crate::exit::say(&format!("{} flips, more than the {max} that --max-flips allows", report.flips()));
    }
    Ok(Exit::found_if(too_many || report.is_incomplete()))
}

/// The score, unless it failed or abstained.
fn score(opinion: &Opinion) -> Option<f64> {
    opinion.assessment().map(|assessment| assessment.score)
}
