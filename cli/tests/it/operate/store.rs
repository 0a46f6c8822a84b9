//! A store, and processes that follow it.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use switchback::control::StoreState;
use switchback::{Control, Runtime, SlotConfig};
use tempfile::{TempDir, tempdir};

use crate::model::release;
use crate::run::{Ran, command, ran};

/// How long a test waits for what has to happen. Only a test that fails waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A store in a folder of its own.
pub(crate) struct Store {
    dir: TempDir,
}

impl Store {
    /// A folder without a store.
    pub(crate) fn nowhere() -> Self {
        Self { dir: tempdir().unwrap() }
    }

    /// A store with these versions of the model loaded.
    pub(crate) fn with(versions: &[&str]) -> Self {
        let store = Self::nowhere();
        for version in versions {
            store.fine(["load", &release(version)]);
        }
        store
    }

    /// A store in which each of these versions was promoted, the last one being live.
    pub(crate) fn promoted(versions: &[&str]) -> Self {
        let store = Self::with(versions);
        for version in versions {
            store.fine(["promote", &format!("linear@{version}"), "--slot", "inbound", "--older"]);
        }
        store
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        ran(command().env("SWITCHBACK_STORE", self.path()).args(args))
    }

    /// Standard output, of a run in which all was well.
    #[track_caller]
    pub(crate) fn fine<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        self.run(args).fine()
    }

    /// The one object that a command prints.
    #[track_caller]
    pub(crate) fn json<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Value {
        serde_json::from_str(&self.fine(args)).unwrap()
    }

    /// What a command that is refused says.
    #[track_caller]
    pub(crate) fn refused<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        let ran = self.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
        ran.err.strip_prefix("switchback: ").unwrap().trim_end().to_owned()
    }

    pub(crate) fn control(&self) -> Control {
        Control::open(self.path()).unwrap()
    }

    pub(crate) fn state(&self) -> StoreState {
        self.control().state().unwrap()
    }

    /// The version that is live.
    pub(crate) fn live(&self) -> String {
        self.state().slots["inbound"].live.as_ref().unwrap().version.to_string()
    }

    /// A filter in this process.
    pub(crate) fn filter(&self, name: &str) -> Runtime {
        let builder = Runtime::builder().slot(SlotConfig::new("inbound")).instances(4).name(name);
        builder.store_dir(self.path()).build().unwrap()
    }

    /// A process of its own that scores the mail which it is fed, one mbox.
    pub(crate) fn scorer(&self) -> Scorer {
        self.scorer_with(&[])
    }

    /// [`Store::scorer`] with more options.
    pub(crate) fn scorer_with(&self, options: &[&str]) -> Scorer {
        let mut child = command()
            .args(["score", "--json", "--store"])
            .arg(self.path())
            .args(["--slot", "inbound", "-j", "1"])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let scorer = Scorer { input: child.stdin.take(), child };
        until("the process follows", || {
            self.control().processes().unwrap().iter().any(|one| one.acknowledged.is_some())
        });
        scorer
    }
}

/// A process that follows a store. It ends when it is fed no more.
pub(crate) struct Scorer {
    input: Option<ChildStdin>,
    pub(crate) child: Child,
}

impl Scorer {
    /// Feeds it a message and lets it end; returns the verdict.
    pub(crate) fn score(mut self, message: &[u8]) -> Value {
        use std::io::Write as _;
        self.input.take().unwrap().write_all(message).unwrap();
        let mut line = String::new();
        BufReader::new(self.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(self.child.wait().unwrap().success());
        serde_json::from_str(&line).unwrap()
    }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
