//! `switchback dev`.

mod answers;
mod bell;
mod event;
mod interrupt;
mod lines;
mod mail;
mod origins;
mod outputs;
pub(crate) mod packer;
mod packing;
mod repeats;
mod round;
mod session;
mod tree;
mod watch;

use std::ffi::OsString;
use std::path::PathBuf;

use self::round::Round;
use self::session::Session;
use crate::args::{GrantArgs, InputArgs, ThreadArgs, ThresholdArgs};
use crate::exit::{Exit, after_help};
use crate::schema::{Output, kind};

/// Pack a model and score mail with it whenever one of its files changes, and show what flipped
///
/// Each round packs the model as `switchback pack` does, but never writes its manifest; scores the mail, which stays parsed in memory;
/// and shows each message for which another action would be taken than by the last release that could be packed, how the scores moved,
/// and how long each step took. What cannot be built is said, and changes nothing about what is compared with. Ctrl-C ends it.
///
/// What counts as a change: the content of the manifest and of the files that it names, of the package's folder and those of
/// packages that it uses by path, and of their workspace's Cargo.toml, Cargo.lock, .cargo/config.toml and toolchain file; of --component that
/// file alone. Hidden files, folders with a CACHEDIR.TAG, such as cargo's target, and copies that editors keep are left out.
/// A change during a round begins the next one.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, EXIT_CODES))]
pub(crate) struct Args {
    /// The folder with the model's switchback.toml, or that file [default: this folder, or that of --component]
    #[arg(value_name = "MODEL")]
    model: Option<PathBuf>,

    /// The mail to score: files, mbox files, Maildirs or folders (repeatable); when it changes, it is read again
    ///
    /// At most 256 MiB of it are kept in memory, which then take about three times as much; the rest is left out, and stderr says so.
    #[arg(long = "watch", value_name = "CORPUS", required = true)]
    inputs: Vec<PathBuf>,

    /// Pack this component, or core module, whenever another toolchain has built it, instead of a Cargo package
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "cargo_args"])]
    component: Option<PathBuf>,

    /// Look for changes twice a second, and do not rely on being told: for network file systems and folders of another machine
    ///
    /// Without this option the system tells of changes at once, and one that it does not tell of is found within two seconds.
    #[arg(long)]
    poll: bool,

    /// How many messages are shown each round, those first whose score changed most
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,

    /// Build with this cargo profile instead of the manifest's
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,

    /// Print one JSON object per round
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    message: InputArgs,

    #[command(flatten)]
    threads: ThreadArgs,

    #[command(flatten)]
    grants: GrantArgs,

    #[command(flatten)]
    thresholds: ThresholdArgs,

    /// Arguments for `cargo build`, such as `--offline`, `--locked` or `--features large`
    #[arg(last = true, value_name = "CARGO_ARG")]
    cargo_args: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  switchback dev --watch ~/Maildir                 the model in this folder
  switchback dev my-model --watch ham.mbox --watch spam/ --junk 0.7
  switchback dev my-model --component model.wasm --watch mail/
  switchback dev my-model --watch mail/ --json -- --offline

`switchback compare` compares two releases once, and shows more of how they differ.";

const EXIT_CODES: [&str; 2] = [
    "it ran until it was told to end: Ctrl-C, SIGTERM",
    "it could not begin: there is no model, no mail or no message in it",
];

/// What `--json` prints.
pub(crate) const OUTPUT: Output = Output::lines("dev", &[kind::<Round>]);

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    Session::begin(args)?.run()
}
