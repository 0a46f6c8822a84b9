//! The operator of the story: runs this very command, as an operator does.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use switchback::{Control, Event, ReleaseId};

/// Somebody who operates a store.
pub(super) struct Operator {
    program: PathBuf,
    pub(super) store: PathBuf,
}

/// What a command says of a change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) event: Event,
    pub(super) obeyed: Vec<Obeyed>,
}

/// A process that obeys.
#[derive(Clone, Debug, Serialize, Deserialize)]
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

    /// Everything that was done to the store.
    pub(super) fn history(&self) -> anyhow::Result<Vec<Event>> {
        Ok(Control::open(&self.store)?.history()?)
    }

    fn run<T: DeserializeOwned, S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> anyhow::Result<T> {
        let mut command = self.program();
        command.args(args).args(["--json", "--store"]).arg(&self.store).stdin(Stdio::null());
        let output = command.output().context("run this program again")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim().trim_start_matches("switchback: "));
        }
        serde_json::from_slice(&output.stdout).context("read what this program said")
    }
}
