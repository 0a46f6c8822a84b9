//! `switchback train`.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::ValueEnum;
use jiff::Timestamp;
use schemars::JsonSchema;
use semver::Version;
use serde::Serialize;
use switchback::files::{Access, Existing, InWords, Output as File};
use switchback::release::{ModelName, parse_version};
use switchback::{Digest, ReleaseId};
use switchback_corpus::{Corpus, Entry, Missed, STDIN, Unread};
use switchback_report::TrainingShown;
use switchback_train::{Collection, Example, Folders, KINDS, Label, Report, Split, Step, Trainer, original};

use crate::args::{MessageArgs, RuntimeArgs, ThreadArgs};
use crate::exit::{Exit, after_help, say};
use crate::judge::Opinion;
use crate::moment::moment;
use crate::parallel::Workers;
use crate::progress::{Busy, Progress};
use crate::releases::{self, Loaded};
use crate::schema::{Output, json_line, kind};
use crate::share::basis_points;
use crate::show::counted;

/// Train a model on your own mail, measure it, and pack it
///
/// Learns from wanted and unwanted mail, chooses a threshold for the share of wanted mail that may be flagged, measures on mail
/// that it did not learn from, by sender too, and writes a release. It needs neither a compiler nor a network. What gives the
/// answer away is masked, of copies one counts, and no campaign is both learned from and measured on: docs/training.md.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// Wanted mail: files, mbox files, Maildirs or folders (repeatable)
    ///
    /// Below what is named, folders for junk, trash, sent mail and drafts are left out, and so are messages that are marked as deleted.
    #[arg(long, value_name = "INPUT", required = true, num_args = 1..)]
    ham: Vec<PathBuf>,

    /// Unwanted mail, likewise (repeatable)
    #[arg(long, value_name = "INPUT", required = true, num_args = 1..)]
    spam: Vec<PathBuf>,

    /// What to call the model
    #[arg(long, value_name = "NAME")]
    name: ModelName,

    /// The version of the release [default: the minor version after that of --from, or 1.0.0]
    #[arg(id = "release-version", long = "version", value_name = "VERSION", value_parser = parse_version)]
    version: Option<Version>,

    /// Where the release goes: a file
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// The share of wanted mail that may be flagged, for which a threshold is chosen
    #[arg(long, value_name = "SHARE", default_value = "0.1%", value_parser = basis_points)]
    max_false_positives: u16,

    /// Learn from mail until then, and measure on what came later [default: a fifth of the campaigns is measured on]
    ///
    /// docs/times.md has all forms.
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "split")]
    train_until: Option<Timestamp>,

    /// How the fifth that is measured on is drawn
    #[arg(long, value_enum, default_value = "campaign")]
    split: Drawn,

    /// The share of unwanted mail where the model will be used, for its probabilities [default: that of the mail]
    #[arg(long, value_name = "SHARE", value_parser = basis_points)]
    prior: Option<u16>,

    /// The release before, to compare with on the same held-out mail
    #[arg(long, value_name = "RELEASE.wasm")]
    from: Option<PathBuf>,

    /// End with 1, without a release, if wanted mail of one sender or provider stands out among what is flagged
    #[arg(long)]
    strict: bool,

    /// The folder for temporary files, about 10 KB for each message [default: that of the system]
    #[arg(long, value_name = "DIR")]
    temp: Option<PathBuf>,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    message: MessageArgs,

    #[command(flatten)]
    threads: ThreadArgs,

    #[command(flatten)]
    runtime: RuntimeArgs,
}

/// How what is measured on is drawn.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Drawn {
    /// Whole campaigns and threads: how the model does with what it has not seen the like of
    Campaign,
    /// Message by message, as most published figures have it: to compare with these
    Random,
}

const EXAMPLES: &str = "\
Examples:
  switchback train --ham Maildir/.Archive --spam Maildir/.Junk --name acme -o acme-1.0.0.wasm
  switchback train --ham ham.mbox --spam spam.mbox --name acme --train-until 2026-06-01 -o acme.wasm
  switchback train --ham ham/ --spam spam/ --name acme --from acme-1.0.0.wasm --strict -o acme-1.1.0.wasm";

const EXIT_CODES: [&str; 2] = [
    "the release is written",
    "there is too little mail, an input could not be read or is not a message, or with --strict a sender's wanted mail stands out",
];

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::document("train", &[kind::<Outcome>]);

/// What came of a training.
#[derive(JsonSchema, Serialize)]
pub(crate) struct Outcome {
    /// The release; none if it was not written, because of --strict.
    release: Option<Written>,
    /// Inputs that were not read.
    #[serde(flatten)]
    missed: Missed,
    /// Messages below the named folders that are no label: in folders for trash, for sent mail and drafts, or for junk where wanted
    /// mail was looked for, or marked as deleted or a draft.
    passed_over: u64,
    /// What was learned from, and how good the model is.
    report: Report,
}

impl Outcome {
    fn shown(&self) -> TrainingShown<'_> {
        TrainingShown {
            report: &self.report,
            read: format!("{}, {}", counted(self.report.mail.read, "message"), self.missed),
            passed_over: self.passed_over,
            release: self.release.as_ref().map(|written| (&written.id, Some(&*written.path), written.bytes)),
        }
    }
}

/// A release that was written.
#[derive(JsonSchema, Serialize)]
struct Written {
    id: ReleaseId,
    path: PathBuf,
    bytes: u64,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    // What cannot be read or written is found out before hours of reading.
    args.check_inputs()?;
    let output = File::create(&args.output, Access::Everybody, Existing::Replace)
        .with_context(|| format!("write {}", args.output.display()))?;
    let before = args.from.as_deref().map(|path| load(path, args)).transpose()?;
    let version = args.version(before.as_ref());
    let temp = args.temp.clone().unwrap_or_else(std::env::temp_dir);
    let unwritten = || format!("write to {}, the folder for temporary files; --temp names another one", temp.display());
    let mut collection = Collection::new(&temp, KINDS).with_context(unwritten)?;
    let (missed, passed_over) = (Missed::default(), 0);
    let mut read = Reading { args, before, collection: &mut collection, unwritten: unwritten(), missed, passed_over };
    read.all(&args.ham, Label::Ham)?;
    read.all(&args.spam, Label::Spam)?;
    let (missed, passed_over) = (read.missed, read.passed_over);

    let busy = Busy::with("sorting".to_owned());
    let share = |basis_points: u16| f64::from(basis_points) / 10_000.0;
    let trainer =
        Trainer::default().max_false_positives(share(args.max_false_positives)).split(args.split()).folder(temp);
    let trainer = args.prior.map(share).into_iter().fold(trainer, Trainer::prior);
    let trained =
        Workers::start(args.threads.count())?.run(|| trainer.train(collection, |step| busy.now(told(step))))?;
    let refused = args.strict && trained.report.segments.iter().any(|row| row.stands_out);
    let release = if refused {
        None
    } else {
        busy.now("packing".to_owned());
        Some(write(output, args, &trained.pack(args.name.clone(), version)?)?)
    };
    drop(busy);
    let outcome = Outcome { release, missed, passed_over, report: trained.report };
    let mut out = io::stdout().lock();
    if args.json {
        json_line(&outcome, &mut out)?;
    } else {
        outcome.shown().write_text(&mut out)?;
    }
    out.flush()?;
    if refused {
        say("the release was not written: with --strict, no sender's wanted mail may stand out among what is flagged");
    }
    Ok(Exit::found_if(refused || missed.any()))
}

fn told(step: Step) -> String {
    match step {
        Step::Sorting => "looking for copies and campaigns".to_owned(),
        Step::Preparing => "preparing what is learned from".to_owned(),
        Step::Learning { done, of } => format!("learning: round {done} of at most {of}"),
        _ => "measuring".to_owned(),
    }
}

impl Args {
    /// Refuses inputs that are not there: without one, the model would be of other mail than was meant.
    fn check_inputs(&self) -> anyhow::Result<()> {
        for input in self.ham.iter().chain(&self.spam).filter(|input| *input != Path::new(STDIN)) {
            fs::metadata(input).map_err(|error| anyhow!("cannot read {}: {}", input.display(), InWords(&error)))?;
        }
        Ok(())
    }

    fn split(&self) -> Split {
        match (self.train_until, self.split) {
            (Some(date), _) => Split::Until(date),
            (None, Drawn::Campaign) => Split::Campaign,
            (None, Drawn::Random) => Split::Random,
        }
    }

    fn version(&self, before: Option<&Loaded>) -> Version {
        let next = |version: &Version| Version::new(version.major, version.minor + 1, 0);
        let next = before.map(|before| next(&before.ids[0].version));
        self.version.clone().or(next).unwrap_or(Version::new(1, 0, 0))
    }
}

fn load(path: &Path, args: &Args) -> anyhow::Result<Loaded> {
    releases::load(&[path.to_owned()], &args.runtime, args.threads.count())
}

fn write(mut output: File, args: &Args, release: &[u8]) -> anyhow::Result<Written> {
    output
        .write_all(release)
        .and_then(|()| output.keep())
        .with_context(|| format!("write {}", args.output.display()))?;
    let inspection = switchback_pack::Inspection::read(release);
    let manifest = inspection.manifest.ok_or_else(|| anyhow!("the release has no manifest"))?;
    let id = ReleaseId::new(manifest.name, manifest.version, Digest::of(release));
    Ok(Written { id, path: args.output.clone(), bytes: release.len() as u64 })
}

/// Mail that is being read.
struct Reading<'a> {
    args: &'a Args,
    before: Option<Loaded>,
    collection: &'a mut Collection,
    /// What is said where that cannot be written.
    unwritten: String,
    missed: Missed,
    passed_over: u64,
}

impl Reading<'_> {
    fn all(&mut self, inputs: &[PathBuf], label: Label) -> anyhow::Result<()> {
        let corpus = Corpus::open(inputs, self.args.message.reading(), say);
        let mut progress = Progress::over(corpus.bytes(), false);
        let folders = Folders::new(inputs, label);
        for junk in folders.junk_as_wanted() {
            say(&format!(
                "{} is a folder for junk by its name, and is taken for wanted mail, as --ham says",
                junk.display()
            ));
        }
        let Self { args, before, collection, unwritten, missed, passed_over } = self;
        Workers::start(args.threads.count())?.in_order(
            corpus,
            |entry| example(entry, args, &folders, label, before.as_ref()),
            |(name, read)| {
                match read {
                    Ok(Some((example, bytes))) => {
                        collection.add(example).with_context(|| unwritten.clone())?;
                        progress.message(bytes);
                    }
                    Ok(None) => *passed_over += 1,
                    Err(unread) => {
                        missed.add(&unread);
                        progress.say(&unread.about(&name));
                    }
                }
                Ok(())
            },
        )?;
        progress.finish();
        Ok(())
    }
}

/// What is learned from a message, and its size; nothing of one that is no label.
type Read = Result<Option<(Example, u64)>, Unread>;

fn example(entry: Entry, args: &Args, folders: &Folders, label: Label, before: Option<&Loaded>) -> (String, Read) {
    if folders.passes_over(entry.name()) {
        return (entry.name().to_owned(), Ok(None));
    }
    let (name, raw) = entry.read();
    let read = raw.map(|raw| {
        let message = args.message.message(raw);
        if folders.passes_over_by_header(&message) {
            return None;
        }
        let message = original(&message).unwrap_or(message);
        let mut example = Example::new(name.clone(), label, &message, KINDS);
        if let Some(Loaded { runtime, ids }) = before
            && let Some(assessment) = Opinion::of(runtime, &ids[0], &message).assessment()
        {
            example = example.scored_before(assessment.score);
        }
        Some((example, message.len() as u64))
    });
    (name, read)
}
