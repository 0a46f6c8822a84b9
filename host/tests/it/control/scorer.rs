//! Tests that score on a store, each in a process of its own, until they are told to stop.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use switchback::{Runtime, SlotConfig};

use super::support::Store;
use crate::support::{cache_of_parent, child};

/// Where a child finds its store.
const STORE: &str = "SWITCHBACK_TEST_STORE";

/// A process that scores.
pub(super) struct Scorer {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Scorer {
    /// Starts the test of this name, and waits until it says `ready`.
    pub(super) fn start(test: &str, store: &Store) -> Self {
        let mut child = child()
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(STORE, store.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut scorer = Self { child, output };
        scorer.line("ready");
        scorer
    }

    /// Reads until a line that starts so, and returns the rest of it.
    pub(super) fn line(&mut self, start: &str) -> String {
        let mut line = String::new();
        while self.output.read_line(&mut line).unwrap() > 0 {
            if let Some((_, rest)) = line.split_once(start) {
                return rest.trim().to_owned();
            }
            line.clear();
        }
        panic!("the child ended without `{start}`");
    }

    /// Tells it to stop. What it still has to say can be read.
    pub(super) fn stop(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits until it has ended, as a test that passed.
    pub(super) fn end(mut self) {
        assert!(self.child.wait().unwrap().success());
    }

    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The runtime of a child. A test that is run by itself has no store, and nothing to do.
pub(super) fn runtime() -> Option<Runtime> {
    let dir = std::env::var_os(STORE)?;
    let builder = Runtime::builder().slot(SlotConfig::new("inbound")).instances(8);
    Some(builder.store_dir(dir).cache_dir(cache_of_parent()).build().unwrap())
}

/// Says `ready`, and scores until the parent says to stop.
pub(super) fn until_told(mut score: impl FnMut()) {
    let stop = AtomicBool::new(false);
    println!("ready");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
            stop.store(true, Ordering::Relaxed);
        });
        while !stop.load(Ordering::Relaxed) {
            score();
        }
    });
}
