//! The operator of the story: runs this very command, as an operator does.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use switchback::control::Event;
use switchback::{Control, ReleaseId};

use super::script::SLOT;

/// Somebody who operates a store.
pub(super) struct Operator {
    program: PathBuf,
    pub(super) store: PathBuf,
}

/// What a command says of a change.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) event: Event,
    pub(super) obeyed: Vec<Obeyed>,
}

/// Whom the guard knows.
#[derive(Clone, Copy, Debug, JsonSchema, Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) messages: u64,
    pub(super) senders: u64,
}

/// A process that obeys.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
pub(super) struct Obeyed {
    pub(super) name: String,
    pub(super) after_ms: f64,
}

impl Operator {
    pub(super) fn new(store: PathBuf) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("find this program")?;
        Ok(Self { program, store })
    }

    /// This program.
    pub(super) fn program(&self) -> Command {
        Command::new(&self.program)
    }

    pub(super) fn load(&self, file: &Path) -> anyhow::Result<ReleaseId> {
        #[derive(Deserialize)]
        struct Loaded {
            release: ReleaseId,
        }
        let loaded: Loaded = self.run([OsStr::new("load"), file.as_os_str()])?;
        Ok(loaded.release)
    }

    /// Runs a command that changes the route.
    pub(super) fn change(&self, line: &str, reason: &str) -> anyhow::Result<Told> {
        self.run(line.split(' ').chain(["--reason", reason]))
    }

    /// Runs a command that asks the store, and returns what it says.
    pub(super) fn ask_with(&self, line: &str, more: &[&OsStr]) -> anyhow::Result<String> {
        let output = self.output(line.split(' ').map(OsStr::new).chain(more.iter().copied()))?;
        Ok(String::from_utf8_lossy(&output).into_owned())
    }

    /// Teaches the guard who is known, from the mail in a folder.
    pub(super) fn teach(&self, authserv_id: &str, mail: &Path) -> anyhow::Result<Known> {
        let line = ["guard", "learn", "--slot", SLOT, "--trust-authserv-id", authserv_id];
        self.run(line.iter().map(OsStr::new).chain([mail.as_os_str()]))
    }

    /// How many messages a comparison is about; none while there is nothing to compare.
    pub(super) fn pairs(&self, line: &str) -> u64 {
        #[derive(Deserialize)]
        struct Report {
            flips: Flips,
        }
        #[derive(Deserialize)]
        struct Flips {
            messages: u64,
        }
        self.run(line.split(' ')).map_or(0, |report: Report| report.flips.messages)
    }

    /// The store, to look at.
    pub(super) fn control(&self) -> anyhow::Result<Control> {
        Ok(Control::open(&self.store)?)
    }

    /// Everything that was done to the store.
    pub(super) fn history(&self) -> anyhow::Result<Vec<Event>> {
        Ok(self.control()?.history()?)
    }

    fn run<T: DeserializeOwned, S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> anyhow::Result<T> {
        let args: Vec<_> = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        let output = self.output(args.iter().map(OsString::as_os_str).chain(["--json".as_ref()]))?;
        serde_json::from_slice(&output).context("read what this program said")
    }

    /// Runs a command on the store, and returns what it wrote on its standard output.
    fn output<'a>(&self, args: impl IntoIterator<Item = &'a OsStr>) -> anyhow::Result<Vec<u8>> {
        let mut command = self.program();
        command.args(args).arg("--store").arg(&self.store).stdin(Stdio::null());
        let output = command.output().context("run this program again")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim().trim_start_matches("switchback: "));
        }
        Ok(output.stdout)
    }
}
