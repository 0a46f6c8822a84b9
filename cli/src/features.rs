//! `switchback features`.

mod lines;
mod npy;

use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use switchback::Message;
use switchback::message::FeatureKind;
use switchback_corpus::{Entry, Missed, Unread};

use self::npy::Arrays;
use crate::args::{self, InputArgs, ThreadArgs};
use crate::exit::{Exit, after_help};
use crate::parallel::Workers;
use crate::progress::Progress;

/// Write the features, structure and facts of messages, as models are given them
///
/// For each message: words, pairs of words and n-grams as 32-bit numbers, by field, its structure likewise, and facts by name. A model that is trained on
/// them sees what it will see when it serves. docs/features.md says what they are, and how numpy reads them.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// Files, mbox files, Maildirs, folders, or `-` for standard input [default: standard input]
    ///
    /// They are read as `switchback score` reads them.
    #[arg(value_name = "INPUT")]
    inputs: Vec<PathBuf>,

    #[command(flatten)]
    form: Form,

    /// The kinds of features to write
    #[arg(long = "kind", value_name = "KINDS", value_delimiter = ',', default_value = "words,pairs", value_parser = kind())]
    kinds: Vec<FeatureKind>,

    #[command(flatten)]
    message: InputArgs,

    #[command(flatten)]
    threads: ThreadArgs,
}

/// What is written.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Form {
    /// Print one JSON object for each message
    #[arg(long)]
    jsonl: bool,

    /// Write files for numpy whose names begin like this, when all messages are read
    ///
    /// Until then all features are held in memory.
    #[arg(long, value_name = "PREFIX")]
    npy: Option<PathBuf>,
}

/// Reads the name of a kind.
fn kind() -> impl clap::builder::TypedValueParser<Value = FeatureKind> {
    let named = |name: &str| FeatureKind::ALL.into_iter().find(|kind| kind.name() == name);
    PossibleValuesParser::new(FeatureKind::ALL.map(FeatureKind::name))
        .try_map(move |name| named(&name).ok_or_else(|| format!("there is no kind `{name}`")))
}

const EXAMPLES: &str = "\
Examples:
  switchback features --jsonl message.eml
  switchback features --npy train/ham ~/Maildir archive.mbox.gz
  switchback features --npy train/spam --kind words,pairs,grams spam/";

const EXIT_CODES: [&str; 2] = ["every message was read", "an input could not be read or is not a message"];

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let corpus = args::open(&args.inputs, args.message.reading())?;
    let mut kinds = args.kinds.clone();
    kinds.sort_by_key(|kind| *kind as u8);
    kinds.dedup();
    let mut progress = Progress::over(corpus.bytes(), args.form.jsonl);
    let mut out = BufWriter::new(io::stdout().lock());
    let mut arrays = args.form.npy.as_ref().map(|_| Arrays::new(&kinds));
    let mut missed = Missed::default();
    Workers::start(args.threads.count())?.in_order(
        corpus,
        |entry| read(entry, args, &kinds),
        |(name, message)| {
            match (&message, &mut arrays) {
                (Ok(message), Some(arrays)) => arrays.add(&name, message),
                (Ok(message), None) => lines::write(&name, message, &kinds, &mut out)?,
                (Err(unread), _) => {
                    missed.add(unread);
                    progress.say(&unread.about(&name));
                }
            }
            progress.message(message.map_or(0, |message| message.len() as u64));
            Ok(())
        },
    )?;
    progress.finish();
    out.flush()?;
    if let (Some(prefix), Some(arrays)) = (&args.form.npy, &arrays) {
        arrays.write(prefix)?;
    }
    Ok(Exit::found_if(missed.any()))
}

/// Reads an entry, and finds on this thread what will be written.
fn read(entry: Entry, args: &Args, kinds: &[FeatureKind]) -> (String, Result<Message, Unread>) {
    let (name, raw) = entry.read();
    let message = raw.map(|raw| {
        let message = args.message.message(raw);
        let _ = (message.structure(), message.facts());
        for kind in kinds {
            let _ = message.features(*kind);
        }
        message
    });
    (name, message)
}
