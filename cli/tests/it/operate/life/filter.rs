//! A filter: a process that follows a store and scores mail without a pause.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use crate::model::mail;
use crate::run::command;

/// Between two messages: enough that output flows, and that there is CPU left for what is done to the store.
const PAUSE: Duration = Duration::from_millis(4);

/// A running filter.
pub(super) struct Filter {
    name: String,
    child: Child,
    log: PathBuf,
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    feeder: Option<JoinHandle<()>>,
    reader: Option<JoinHandle<Vec<Answer>>>,
}

/// What a filter made of a message.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) generation: u64,
    /// The digest of the release that decided; none where none did.
    pub(super) release: Option<String>,
}

impl Filter {
    /// Starts one on a store, with something before the command's name, such as `faketime`.
    pub(super) fn start(store: &Path, name: &str, before: &[&str]) -> Self {
        let log = store.with_file_name(format!("{name}.log"));
        let switchback = command();
        let mut wrapped = match before {
            [] => Command::new(switchback.get_program()),
            [program, rest @ ..] => {
                let mut wrapped = Command::new(program);
                wrapped.args(rest).arg(switchback.get_program());
                wrapped
            }
        };
        wrapped.envs(switchback.get_envs().filter_map(|(name, value)| Some((name, value?))));
        wrapped.args(["score", "--json", "--journal", "--slot", "inbound", "-j", "1", "--store"]).arg(store);
        let file = fs::File::options().append(true).create(true).open(&log).unwrap();
        wrapped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(file);
        let mut child = wrapped.spawn().unwrap();
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut input = child.stdin.take().unwrap();
        let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&sent));
        let feeder = thread::spawn(move || {
            while !stopped.load(Relaxed) {
                let number = counted.load(Relaxed);
                let mut letter = b"From a@example.org Mon Jan  1 00:00:00 2024\n".to_vec();
                letter.extend(mail(&format!("number {number}"), "a@example.org", 4_000));
                letter.extend(b"\n\n");
                if input.write_all(&letter).is_err() {
                    return;
                }
                counted.fetch_add(1, Relaxed);
                thread::sleep(PAUSE);
            }
        });
        let output = BufReader::new(child.stdout.take().unwrap());
        let reader = thread::spawn(move || {
            let lines = output.lines().map_while(Result::ok);
            lines.filter_map(|line| Some(Answer::of(&serde_json::from_str(&line).ok()?))).collect()
        });
        Self { name: name.to_owned(), child, log, stop, sent, feeder: Some(feeder), reader: Some(reader) }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What it has said so far.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Kills it, as a machine does whose memory is used up. What it had not answered is lost with it.
    pub(super) fn kill(mut self) -> Vec<Answer> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.stop.store(true, Relaxed);
        self.feeder.take().unwrap().join().unwrap();
        self.reader.take().unwrap().join().unwrap()
    }

    /// Lets it end. Every message that it was given is answered.
    pub(super) fn end(mut self) -> Vec<Answer> {
        self.stop.store(true, Relaxed);
        self.feeder.take().unwrap().join().unwrap();
        let answers = self.reader.take().unwrap().join().unwrap();
        let status = self.child.wait().unwrap();
        let log = self.log();
        assert_eq!(answers.len() as u64, self.sent.load(Relaxed), "{} ended with {status}: {log}", self.name);
        answers
    }
}

impl Answer {
    fn of(line: &Value) -> Self {
        Self {
            generation: line["generation"].as_u64().unwrap(),
            release: line["release"]["digest"].as_str().map(str::to_owned),
        }
    }
}

/// Which release was live at which generation, in whichever ledger.
#[derive(Default)]
pub(super) struct Routes(BTreeMap<u64, Option<String>>);

impl Routes {
    /// Notes what the store says.
    pub(super) fn note(&mut self, state: &switchback::control::StoreState) {
        if let Some(slot) = state.slots.get("inbound") {
            let live = slot.live.as_ref().map(|live| live.digest.to_string());
            let known = self.0.insert(slot.generation.get(), live.clone());
            assert!(known.is_none_or(|known| known == live), "generation {} had two values", slot.generation);
        }
    }

    /// No answer was given under a route that there never was.
    pub(super) fn check(&self, answers: &[Answer]) {
        for answer in answers {
            assert_eq!(self.0.get(&answer.generation), Some(&answer.release), "{answer:?}");
        }
    }
}
