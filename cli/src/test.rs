//! `switchback test`.

mod mail;
mod text;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use switchback_pack::{Packer, Progress, TestReport};

use self::mail::Tried;
use crate::args::MessageArgs;
use crate::exit::{Exit, Usage, after_help};
use crate::progress::Busy;
use crate::schema::{Output, kind};
use crate::{pack, show};

/// Test a model: its answers, its limits, and what it depends on
///
/// Scores its self-tests and mail, each message twice, in fresh instances and in two orders, and looks at what comes of it: whether
/// the self-tests have the scores that they must have; whether every message is answered, within the contract, with reasons that
/// add up; whether the same message has the same answer whatever came before it; whether the model reads what it declares; and how
/// near it comes to its stack, its memory, its deadline, and the log lines and reasons that it may have. The messages that took
/// most are named. A folder is packed first, as `switchback pack` does, and nothing is written.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// A release file, or the folder with a model's switchback.toml
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    /// Files, mbox files, Maildirs or folders [default: generated mail, and odd messages: empty, broken, large]
    #[arg(value_name = "CORPUS")]
    inputs: Vec<PathBuf>,

    /// In the folder, pack this component, or core module, that another toolchain built, instead of a Cargo package
    #[arg(long, value_name = "FILE", conflicts_with = "cargo_args")]
    component: Option<PathBuf>,

    /// Number of messages that are generated; a corpus is taken as a whole
    #[arg(long, value_name = "N", default_value_t = 200, conflicts_with = "inputs")]
    messages: u32,

    /// The seed of generated mail
    #[arg(long, default_value_t = 1, conflicts_with = "inputs")]
    seed: u64,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    message: MessageArgs,

    /// Arguments for `cargo build`, as for `switchback pack`
    #[arg(last = true, value_name = "CARGO_ARG")]
    cargo_args: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  switchback test my-model                    on its self-tests and generated mail
  switchback test my-model ~/Maildir          on its self-tests and your own mail
  switchback test my-model -- --offline
  switchback test linear-1.0.0.wasm           any release, whoever packed it
  switchback test my-model --component my-model/model.wasm
  switchback test my-model --json | jq '.checks[] | select(.result != \"passed\")'

Remarks are no failures: limits of which more than half is used, and whatever else the author
should know. A message that the model says it cannot score is one, too, because a filter has a
policy for that. No check depends on how fast the machine is but `time`, and that one fails only
if three tries in a row take longer than the deadline.";

const EXIT_CODES: [&str; 2] = [
    "every check passed; there may be remarks",
    "a check failed, an input could not be read, or the model could not be packed or loaded",
];

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::document("test", &[kind::<TestReport>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut tried = Tried::new(args);
    let busy = Busy::with("read the model".to_owned());
    let report = tested(args, &mut tried, &mut |progress| tell(&busy, progress))?;
    drop(busy);
    let mut out = io::stdout().lock();
    match args.json {
        true => writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?,
        false => text::write(&report, &tried.described(), &mut out)?,
    }
    Ok(Exit::found_if(!report.is_passed() || tried.is_incomplete()))
}

fn tested(args: &Args, mail: &mut Tried<'_>, on_progress: &mut dyn FnMut(Progress<'_>)) -> anyhow::Result<TestReport> {
    let is_source = args.model.is_dir() || args.model.extension().is_some_and(|extension| extension == "toml");
    if !is_source {
        if args.component.is_some() || !args.cargo_args.is_empty() {
            let why = format!("{} is no model's folder, and a release is packed already", args.model.display());
            return Err(Usage(why).into());
        }
        return TestReport::of_file(&args.model, mail, on_progress)
            .with_context(|| format!("test {}", args.model.display()));
    }
    let packer = Packer::new(&args.model);
    let packer = args.component.iter().fold(packer, |packer, file| packer.component(file));
    let packer = args.cargo_args.iter().fold(packer, |packer, argument| packer.cargo_arg(argument));
    packer.test(mail, on_progress).map_err(pack::usage)
}

fn tell(busy: &Busy, progress: Progress<'_>) {
    match progress {
        Progress::Scored(messages) => busy.now(format!("test: {}", show::counted(messages as u64, "message"))),
        progress => pack::tell(busy, progress),
    }
}
