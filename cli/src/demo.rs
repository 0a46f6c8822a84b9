//! `switchback demo`.

mod answers;
mod audit;
mod crew;
mod guarded;
mod mail;
mod operator;
mod quarantine;
mod report;
mod script;
mod stage;
mod story;
mod table;
mod tally;
mod traffic;
pub(crate) mod worker;

use std::io;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use switchback::files::is_standard_output;

use self::mail::Source;
use self::operator::Operator;
use self::stage::Stage;
use crate::args::{MessageArgs, ThreadArgs};
use crate::exit::{Exit, Usage, after_help};
use crate::progress::Busy;
use crate::schema::{Output, kind};

/// See a bad model go live under full load, and its revert
///
/// Re-enacts a day on which an update of a mail filter's model began to flag legitimate Gmail mail. Several processes
/// follow one store and score mail without pause. An operator promotes version 1.1.0 of the model `linear` and lets 2.0.0 score
/// as a shadow; 2.0.0 was trained on too much phish from Gmail, and the comparison shows it. Somebody promotes it anyway, and
/// then reverts it. The table shows the share of the mail that the live release flags, and how soon each process applied each
/// change. Then 2.0.0 is promoted once more with the guard on, which knows the senders of earlier mail and reverts the release by
/// itself. At the end, the command lists the messages that the bad release misfiled and accounts for every message: each was
/// answered exactly once, by a release that was live between its start and its end. With --corpus there is no last act, because
/// the guard would have to know the senders.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The folder with linear-1.0.0.wasm, linear-1.1.0.wasm and linear-2.0.0.wasm
    #[arg(long, value_name = "DIR", default_value = "target/releases")]
    releases: PathBuf,

    /// Score this mail repeatedly instead of generated mail; its labels are unknown
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,

    /// How many processes score
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=64))]
    processes: u16,

    /// Approximate duration of the scoring, in seconds
    #[arg(long, value_name = "S", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,

    /// Messages per phase, instead of a duration
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    messages: Option<u64>,

    /// The seed of generated mail
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Write the comparison of the bad release with its predecessor to a page with charts
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Print one JSON object with all that was measured, and no table
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    threads: ThreadArgs,

    #[command(flatten)]
    message: MessageArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback demo
  switchback demo --corpus ~/Maildir
  switchback demo --releases /srv/releases --processes 8 -j 8 --seconds 60";

const EXIT_CODES: [&str; 2] = [
    "every message was answered exactly once, by a release that was live, and the guard reverted the bad one",
    "a message was not, the guard did not, a file of the corpus could not be read, or the demo could not run",
];

/// The versions of the story: good, better, bad.
const VERSIONS: [&str; 3] = ["1.0.0", "1.1.0", "2.0.0"];

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::document("demo", &[kind::<report::Ended>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    if args.html.as_deref().is_some_and(is_standard_output) {
        return Err(Usage("standard output has the table: name another file for --html".to_owned()).into());
    }
    let source = source(args)?;
    let dir = tempfile::tempdir().context("make a folder for the store")?;
    let operator = Operator::new(dir.path().join("store"))?;
    let releases = load(args, &operator)?;
    let stage = Stage::new(&operator, &releases, &source, args, dir.path());
    let mut out = io::stdout().lock();
    let ended = stage.play(&mut out)?;
    if args.json {
        serde_json::to_writer_pretty(&mut out, &ended)?;
        io::Write::write_all(&mut out, b"\n")?;
    } else {
        ended.write(&mut out)?;
    }
    Ok(Exit::found_if(!ended.audit.is_flawless() || source.is_incomplete()))
}

/// Brings the releases of the story into the store.
fn load(args: &Args, operator: &Operator) -> anyhow::Result<Vec<switchback::ReleaseId>> {
    let busy = Busy::with(String::new());
    let mut ids = Vec::new();
    for version in VERSIONS {
        let path = args.releases.join(format!("linear-{version}.wasm"));
        if !path.is_file() {
            bail!("{} is not there: `cargo xtask demo` packs it, or --releases says where it is", path.display());
        }
        busy.now(crate::releases::loading(&path));
        ids.push(operator.load(&path)?);
    }
    Ok(ids)
}

fn source(args: &Args) -> anyhow::Result<Source> {
    let Some(corpus) = &args.corpus else { return Ok(Source::generated(args.seed)) };
    let busy = Busy::with(format!("reading {}", corpus.display()));
    let source = Source::corpus(corpus, &args.message);
    drop(busy);
    source.with_context(|| format!("the demo needs messages, and {} has none", corpus.display()))
}
