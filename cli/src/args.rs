//! Options that several commands share.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::num::NonZero;
use std::path::PathBuf;

use clap::ValueEnum as _;
use switchback::release::ModelName;
use switchback::{Message, MessageBuilder, ReleaseId, RuntimeBuilder, Thresholds};
use switchback_corpus::{Corpus, Format, RawMessage, Reading, STDIN};

use crate::context::ContextArgs;
use crate::exit::Usage;

/// How releases are run.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct RuntimeArgs {
    /// Keep compiled releases in this folder [default: $XDG_CACHE_HOME/switchback or ~/.cache/switchback]
    ///
    /// Nobody else may be able to write to it, because its contents are executed.
    #[arg(id = "cache", long, value_name = "DIR", conflicts_with = "no_cache")]
    dir: Option<PathBuf>,

    /// Compile the releases again, and do not keep the result
    #[arg(long)]
    no_cache: bool,

    #[command(flatten)]
    grants: GrantArgs,
}

/// What models are granted.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct GrantArgs {
    /// Let this model see the addresses of recipients if its manifest reads them (repeatable)
    #[arg(long = "grant-recipients", value_name = "MODEL")]
    granted_recipients: Vec<ModelName>,
}

impl GrantArgs {
    /// The runtime with what is granted.
    pub(crate) fn grant<S>(&self, builder: RuntimeBuilder<S>) -> RuntimeBuilder<S> {
        self.granted_recipients.iter().cloned().fold(builder, RuntimeBuilder::grant_recipients)
    }

    /// Refuses a grant to a model that none of the releases is of.
    pub(crate) fn check_grants(&self, releases: &[ReleaseId]) -> anyhow::Result<()> {
        match self.granted_recipients.iter().find(|name| releases.iter().all(|id| id.name != **name)) {
            Some(name) => Err(Usage(format!("--grant-recipients {name}: no release here is of this model")).into()),
            None => Ok(()),
        }
    }
}

impl RuntimeArgs {
    /// The runtime with what is granted.
    pub(crate) fn grant<S>(&self, builder: RuntimeBuilder<S>) -> RuntimeBuilder<S> {
        self.grants.grant(builder)
    }

    /// Refuses a grant to a model that none of the releases is of.
    pub(crate) fn check_grants(&self, releases: &[ReleaseId]) -> anyhow::Result<()> {
        self.grants.check_grants(releases)
    }

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
    #[arg(short = 'j', long, alias = "jobs", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
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
    /// Name only a server that removes such fields from incoming mail: otherwise anybody can forge them. Without
    /// this option, the results of SPF, DKIM, DMARC and ARC are unknown to the models.
    #[arg(long, value_name = "ID", value_parser = authserv_id)]
    trust_authserv_id: Vec<String>,

    /// The format of files [default: by place, name and content]
    ///
    /// By default a file is one message if it is named *.eml, or lies in the `cur` or `new` of a Maildir. It is an mbox if
    /// it is named *.mbox (or *.mbx, *.mboxo, *.mboxrd, *.mboxcl, *.mboxcl2), if Thunderbird's index *.msf is beside it, or
    /// if its first line is that of an mbox, `From sender date`, and a header field follows. Any other file is one message
    /// if it begins with a header field and has, before its first empty line, a field that mail has, such as From, Subject
    /// or Received. Everything else is left out: it is named on stderr and counted, and the exit code is 1. gzip and zstd are
    /// unpacked. In a folder, hidden files, the `tmp` of a Maildir, and index files of mail programs (dovecot*, *.msf and the
    /// like) are skipped, and stderr says so.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t, hide_default_value = true)]
    format: Format,

    /// Ignore sidecar files, such as message.eml.json for message.eml
    ///
    /// A sidecar is a JSON object with what the filter knew about the message besides its bytes: {"envelope": {"mail_from": "..",
    /// "recipients": [..]}, "client": {"ip": "..", "helo": "..", "host": "..", "tls": true}, "authentication": {"spf":
    /// "pass", ..}, "tenant": ".."}. What is absent is unknown.
    #[arg(long)]
    no_sidecars: bool,
}

impl MessageArgs {
    /// As the command line that it is read from.
    pub(crate) fn to_command_line(&self) -> impl Iterator<Item = OsString> {
        let trusted = self.trust_authserv_id.iter().flat_map(|id| ["--trust-authserv-id".into(), id.into()]);
        let format = self.format.to_possible_value().filter(|_| self.format != Format::Auto);
        let format = format.into_iter().flat_map(|format| ["--format".into(), format.get_name().into()]);
        trusted.chain(format).chain(self.no_sidecars.then(|| "--no-sidecars".into()))
    }

    /// How inputs are read.
    pub(crate) fn reading(&self) -> Reading {
        Reading { format: self.format, sidecars: !self.no_sidecars }
    }

    /// The message, with what its sidecar says.
    pub(crate) fn message(&self, raw: impl Into<RawMessage>) -> Message {
        let raw = raw.into();
        self.build(raw.sidecar.unwrap_or_default().tell(Message::builder(raw.bytes)))
    }

    fn build(&self, builder: MessageBuilder) -> Message {
        self.trust_authserv_id.iter().fold(builder, |builder, id| builder.trust_authserv_id(id)).build()
    }
}

/// How a message is read, and what its filter knew of it.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct InputArgs {
    #[command(flatten)]
    message: MessageArgs,

    #[command(flatten)]
    context: ContextArgs,
}

impl InputArgs {
    /// How inputs are read.
    pub(crate) fn reading(&self) -> Reading {
        self.message.reading()
    }

    /// The message, with what the options say, and its sidecar where they say nothing.
    pub(crate) fn message(&self, raw: RawMessage) -> Message {
        let builder = self.context.over(raw.sidecar.unwrap_or_default()).tell(Message::builder(raw.bytes));
        self.message.build(self.context.with_key(builder))
    }
}

/// From which score on an action is taken.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Thresholds")]
pub(crate) struct ThresholdArgs {
    /// Tag from this score on [default: never]
    #[arg(long, value_name = "SCORE")]
    tag: Option<f64>,

    /// Junk from this score on; this is the flag boundary
    #[arg(long, value_name = "SCORE", default_value_t = 0.5)]
    junk: f64,

    /// Quarantine from this score on [default: 0.9, or never where --junk begins above that]
    #[arg(long, value_name = "SCORE")]
    quarantine: Option<f64>,

    /// Reject from this score on [default: never]
    #[arg(long, value_name = "SCORE")]
    reject: Option<f64>,
}

impl ThresholdArgs {
    /// The thresholds, if they make sense.
    pub(crate) fn thresholds(&self) -> Result<Thresholds, Usage> {
        let usual = Thresholds::default();
        let quarantine = self.quarantine.or(usual.quarantine.filter(|from| self.junk <= *from));
        let thresholds = usual.tag(self.tag).junk(self.junk).quarantine(quarantine).reject(self.reject);
        thresholds.validate().map_err(|e| Usage(e.to_string()))?;
        Ok(thresholds)
    }
}

/// The name of a server as `Authentication-Results` fields have it (RFC 8601, section 2.3): one word, to which some append a
/// job (`mx.example/4711`).
fn authserv_id(text: &str) -> Result<String, String> {
    let id = text.trim();
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || "*()<>@,;:\\\"[]?=".contains(c);
    match id.chars().find(|c| is_odd(*c)) {
        _ if id.is_empty() => Err("it is empty: a server has a name, such as `mx.home.example`".to_owned()),
        Some(odd) => Err(format!(
            "no server's name has {odd:?} in it: give one, such as `mx.home.example`; repeat the option for more"
        )),
        None => Ok(id.to_owned()),
    }
}

/// Opens the inputs; without any, standard input, if somebody feeds it.
pub(crate) fn open(inputs: &[PathBuf], reading: Reading) -> Result<Corpus, Usage> {
    if !inputs.is_empty() {
        return Ok(Corpus::open(inputs, reading, crate::exit::say));
    }
    if std::io::stdin().is_terminal() {
        return Err(Usage("there is nothing to read: name files or folders, or `-` for standard input".to_owned()));
    }
    Ok(Corpus::open(&[STDIN.into()], reading, crate::exit::say))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trusted_server_is_named_as_a_field_could_name_it() {
        for (text, id) in [
            ("mx.home.example", "mx.home.example"),
            (" MX.home.example ", "MX.home.example"),
            ("mx.example/4711", "mx.example/4711"),
            ("bücher.example", "bücher.example"),
        ] {
            assert_eq!(authserv_id(text).as_deref(), Ok(id));
        }
        for (text, why) in [
            ("", "empty"),
            (" ", "empty"),
            ("*", "'*'"),
            ("*.home.example", "'*'"),
            ("a b", "' '"),
            ("mx.home.example;", "';'"),
            ("mx.home.example,other", "','"),
            ("mx\n.example", "'\\n'"),
        ] {
            let refused = authserv_id(text).unwrap_err();
            assert!(refused.contains(why) && !refused.contains('\n'), "{text}: {refused}");
        }
    }
}
