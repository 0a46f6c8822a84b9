//! `switchback bench`.

mod against;
mod memory;
mod report;
mod run;

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::bail;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use switchback_corpus::{Mail, Missed, RawMessage};
use switchback_mailgen::{Generator, Mix, Profile};

use self::report::Report;
use self::run::OfRelease;
use crate::args::{MessageArgs, RuntimeArgs, ThreadArgs};
use crate::exit::{Exit, Usage, after_help};
use crate::progress::Busy;
use crate::releases::ReleaseArgs;
use crate::schema::{Output, kind};
use crate::show;

/// Measure what scoring costs
///
/// Each message is parsed again for each release, and the releases take turns on every message, as they
/// would in a filter. Text, links and attachments are derived when a model first asks for them, and count
/// as parsing. Times are percentiles over all messages, after a warm-up that is not counted.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    #[command(flatten)]
    releases: ReleaseArgs,

    /// Say how the release of -m does beside this one: the ratios of their times and rates, with 95 % intervals
    ///
    /// Both are measured in the same run, on the same messages, which they take turns on, each as often first as second. The interval is
    /// a bootstrap over blocks of consecutive messages, in pairs. It says what this run shows; how two runs differ, it does not.
    #[arg(long, value_name = "OLD.wasm")]
    against: Option<PathBuf>,

    /// Files, mbox files, Maildirs or folders [default: generated mail]
    #[arg(value_name = "CORPUS")]
    inputs: Vec<PathBuf>,

    /// Number of messages; a smaller corpus is repeated
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    messages: u32,

    /// The seed of generated mail
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// What generated mail looks like: small, or like that of the 2020s
    #[arg(long, default_value_t = Profile::Modern, value_parser = profile())]
    profile: Profile,

    /// Print one JSON object, with times in microseconds
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    message: MessageArgs,

    #[command(flatten)]
    threads: ThreadArgs,

    #[command(flatten)]
    runtime: RuntimeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback bench -m linear-1.0.0.wasm -m rules-1.0.0.wasm -m onnx-1.1.0.wasm
  switchback bench -m linear-1.0.0.wasm --messages 20000 -j 1 ~/Maildir
  switchback bench -m linear-2.0.0.wasm --against linear-1.0.0.wasm ~/Maildir";

const EXIT_CODES: [&str; 2] =
    ["the costs are shown", "an input could not be read, a release could not be loaded, or it failed on a message"];

fn profile() -> impl TypedValueParser<Value = Profile> {
    PossibleValuesParser::new(Profile::ALL.map(Profile::name)).try_map(|name| name.parse())
}

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::document("bench", &[kind::<Report>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    args.check()?;
    let mail = mail(args)?;
    let busy = Busy::with(String::new());
    let measured = run::measure(args, &mail.messages, &busy)?;
    drop(busy);
    measured.releases.iter().for_each(|of| say_logged(of, &mail.names));
    let report = Report::new(args, &mail, measured);
    let mut out = io::stdout().lock();
    match args.json {
        true => writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?,
        false => report.write(&mut out)?,
    }
    Ok(Exit::found_if(report.failed() > 0 || mail.missed.any()))
}

impl Args {
    fn check(&self) -> Result<(), Usage> {
        match self.against.is_some() && self.releases.paths.len() > 1 {
            true => Err(Usage("--against is for one release and another: name one with -m".to_owned())),
            false => Ok(()),
        }
    }

    /// The releases to measure, the one of --against last.
    fn paths(&self) -> Vec<PathBuf> {
        self.releases.paths.iter().chain(&self.against).cloned().collect()
    }
}

/// What a message is called. One that was generated has a number.
fn name(message: usize, names: &[String]) -> String {
    names.get(message - 1).map_or_else(|| format!("message {message}"), |name| show::printable(name, 200))
}

/// Says what a release logged, and shows its first lines: logging costs, too.
fn say_logged(of: &OfRelease, names: &[String]) {
    if of.logged.lines == 0 {
        return;
    }
    let lines = show::counted(of.logged.lines, "line");
    let shown = of.logged.first.iter().map(|(message, line)| format!("\n{}: {line}", name(*message, names)));
    crate::exit::say(&format!("{} logged {lines}, of which the first are:{}", of.id, shown.collect::<String>()));
}

/// The messages, read before anything is measured.
fn mail(args: &Args) -> anyhow::Result<Mail> {
    let count = args.messages as usize;
    if args.inputs.is_empty() {
        let mail = Generator::with_mix(args.seed, Mix::of(args.profile)).take(count);
        let generated = mail.map(|message| RawMessage::from(message.bytes));
        return Ok(Mail { messages: generated.collect(), names: Vec::new(), missed: Missed::default() });
    }
    let mail = Mail::read(&args.inputs, args.message.reading(), count, crate::exit::say);
    if mail.messages.is_empty() {
        bail!("there is no message to measure with");
    }
    Ok(mail)
}
