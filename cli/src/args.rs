//! Options that several commands share.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::num::NonZero;
use std::path::PathBuf;

use switchback::{Message, Thresholds};

use crate::corpus::{Corpus, STDIN};
use crate::exit::Usage;

/// Where compiled releases are kept.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct CacheArgs {
    /// Keep compiled releases in this folder [default: $XDG_CACHE_HOME/switchback or ~/.cache/switchback]
    ///
    /// Nobody but you may be able to write there: what is in it is run.
    #[arg(long = "cache", value_name = "DIR", conflicts_with = "no_cache")]
    dir: Option<PathBuf>,

    /// Compile the releases anew, and keep nothing
    #[arg(long)]
    no_cache: bool,
}

impl CacheArgs {
    /// The folder; none if nothing is to be kept, or nobody says where a user's caches are.
    pub(crate) fn dir(&self) -> Option<PathBuf> {
        if self.no_cache {
            return None;
        }
        // A relative $XDG_CACHE_HOME is to be ignored (XDG Base Directory Specification).
        let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let caches = || absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
        self.dir.clone().or_else(|| Some(caches()?.join("switchback")))
    }
}

/// How many threads work.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct ThreadArgs {
    /// Threads that score [default: one per core]
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    threads: Option<u16>,
}

impl ThreadArgs {
    /// The number of threads.
    pub(crate) fn count(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
        self.threads.map_or_else(cores, usize::from)
    }
}

/// How a message is read.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct MessageArgs {
    /// Trust Authentication-Results fields that name this server (repeatable)
    ///
    /// Only one that removes such fields from incoming mail: otherwise anybody can write them. Without
    /// this, the results of SPF, DKIM, DMARC and ARC are unknown to the models.
    #[arg(long, value_name = "ID")]
    trust_authserv_id: Vec<String>,
}

impl MessageArgs {
    /// As the command line that it is read from.
    pub(crate) fn to_command_line(&self) -> impl Iterator<Item = OsString> {
        self.trust_authserv_id.iter().flat_map(|id| ["--trust-authserv-id".into(), id.into()])
    }

    /// The message of these bytes.
    pub(crate) fn message(&self, bytes: Vec<u8>) -> Message {
        let builder = Message::builder(bytes);
        self.trust_authserv_id.iter().fold(builder, |builder, id| builder.trust_authserv_id(id)).build()
    }
}

/// From which score on an action is taken.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Thresholds")]
pub(crate) struct ThresholdArgs {
    /// Tag from this score on [default: never]
    #[arg(long, value_name = "SCORE")]
    tag: Option<f64>,

    /// Junk from this score on; here lies the flag boundary
    #[arg(long, value_name = "SCORE", default_value_t = 0.5)]
    junk: f64,

    /// Quarantine from this score on
    #[arg(long, value_name = "SCORE", default_value_t = 0.9)]
    quarantine: f64,

    /// Reject from this score on [default: never]
    #[arg(long, value_name = "SCORE")]
    reject: Option<f64>,
}

impl ThresholdArgs {
    /// The thresholds, if they make sense.
    pub(crate) fn thresholds(&self) -> Result<Thresholds, Usage> {
        let thresholds =
            Thresholds { tag: self.tag, junk: Some(self.junk), quarantine: Some(self.quarantine), reject: self.reject };
        thresholds.validate().map_err(|e| Usage(e.to_string()))?;
        Ok(thresholds)
    }
}

/// Opens the inputs; without any, standard input, if somebody feeds it.
pub(crate) fn open(inputs: &[PathBuf]) -> Result<Corpus, Usage> {
    if !inputs.is_empty() {
        return Ok(Corpus::open(inputs));
    }
    if std::io::stdin().is_terminal() {
        return Err(Usage("there is nothing to read: name files or folders, or `-` for standard input".to_owned()));
    }
    Ok(Corpus::open(&[STDIN.into()]))
}
