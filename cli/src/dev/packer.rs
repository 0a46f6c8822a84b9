//! The process that packs. It runs this program, and is no command of anybody's: a build, and a model that loops while it is prepared, can
//! be ended with all that they started, and what packing took of memory is given back.

use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{process, thread};

use clap::Parser as _;
use rustix::process::{Signal, getpid, kill_process_group};
use serde::{Deserialize, Serialize};
use switchback::ReleaseId;
use switchback_pack::{Packed, Packer, Progress};

use crate::exit::{Exit, chain};
use crate::schema::json_line;
use crate::show;

/// What the first argument of the program is where it is this process.
pub(super) const CALLED: &str = "dev-packer";

/// What the process is told.
#[derive(clap::Parser, Debug)]
pub(crate) struct Args {
    /// The manifest, or its folder
    #[arg(long)]
    pub(super) model: PathBuf,

    /// Where the release goes
    #[arg(long)]
    pub(super) out: PathBuf,

    /// What another toolchain built
    #[arg(long)]
    pub(super) component: Option<PathBuf>,

    /// The cargo profile
    #[arg(long)]
    pub(super) profile: Option<String>,

    /// Arguments for cargo
    #[arg(last = true)]
    pub(super) cargo_args: Vec<OsString>,
}

/// What it says, each on a line of its own.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum News {
    /// What is being done now.
    Now(String),
    /// What the author should know.
    Remark(String),
    /// What goes into the release.
    Uses(PathBuf),
    /// A step ended, after this time.
    Step(String, Duration),
    /// There is a release, and it answers these self-tests otherwise than the manifest expects.
    Packed(ReleaseId, Vec<String>),
    /// There is none, for this reason.
    Failed(String),
}

impl Args {
    /// The arguments, if the program was started as this process.
    pub(crate) fn if_called() -> Option<Self> {
        let mut arguments = std::env::args_os().skip(1).peekable();
        arguments.peek().is_some_and(|first| first == CALLED).then(|| Self::parse_from(arguments))
    }

    /// As the command line that it is read from.
    pub(super) fn to_command_line(&self) -> Vec<OsString> {
        let mut line = vec!["--model".into(), self.model.clone().into(), "--out".into(), self.out.clone().into()];
        line.extend(self.component.iter().flat_map(|file| ["--component".into(), file.clone().into()]));
        line.extend(self.profile.iter().flat_map(|profile| ["--profile".into(), profile.into()]));
        line.push("--".into());
        line.extend(self.cargo_args.iter().cloned());
        line
    }

    /// Packs. Ends with whoever started it, however that one ends.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        thread::Builder::new().name("parent".to_owned()).spawn(end_with_parent)?;
        let packed = self.packer().pack_to_try(&mut |progress| {
            News::of(progress).into_iter().for_each(|news| tell(&news));
        });
        tell(&match packed {
            Ok(Packed { id, blessed, .. }) => News::Packed(id, blessed.iter().map(ToString::to_string).collect()),
            Err(error) => News::Failed(chain(&error)),
        });
        Ok(Exit::Fine)
    }

    fn packer(&self) -> Packer {
        let mut packer = Packer::new(&self.model).out(&self.out);
        if let Some(component) = &self.component {
            packer = packer.component(component);
        }
        if let Some(profile) = &self.profile {
            packer = packer.profile(profile);
        }
        self.cargo_args.iter().fold(packer, |packer, argument| packer.cargo_arg(argument))
    }
}

/// Waits for the end of standard input, which comes at the latest with the end of whoever holds the other end, and ends this process's
/// group: cargo and compilers, too.
fn end_with_parent() {
    // Whatever comes, and also an error: nobody is there any more.
    let _ = io::stdin().read_to_end(&mut Vec::new());
    // Fails only where somebody called this process who did not give it a group.
    let _ = kill_process_group(getpid(), Signal::KILL);
    process::exit(1);
}

/// Nobody listens where this fails, and then standard input has ended.
fn tell(news: &News) {
    let mut out = io::stdout().lock();
    let _ = json_line(news, &mut out).and_then(|()| out.flush());
}

impl News {
    fn of(progress: Progress<'_>) -> Vec<Self> {
        match progress {
            Progress::Started(step) => vec![Self::Now(step.to_string())],
            Progress::Compiled(package) => vec![Self::Now(format!("build: {package}"))],
            Progress::Remark(remark) => vec![Self::Remark(remark.to_owned())],
            Progress::Logged(call, log) => {
                let call = show::printable(call, 200);
                show::log_lines(log).map(|line| Self::Remark(format!("{call}: {line}"))).collect()
            }
            // One whose name is no text cannot be handed on, and is found where the model's folder is.
            Progress::Uses(path) if path.to_str().is_some() => vec![Self::Uses(Path::to_owned(path))],
            Progress::Finished(step, time) => vec![Self::Step(step.to_string(), time)],
            _ => Vec::new(),
        }
    }
}
