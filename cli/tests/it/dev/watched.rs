//! A model that another toolchain built, in a folder of its own, and the process that watches it.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::model;
use crate::run::command;

/// How long a test waits for what has to happen. Only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// `linear@1.0.0` as a core module, which flags messages of as many bytes as its data file says.
pub(super) struct Model {
    dir: TempDir,
}

impl Model {
    pub(super) fn new(limit_bytes: u64) -> Self {
        let model = Self { dir: tempfile::tempdir().unwrap() };
        model.write("model/model.wasm", model::module());
        model.write("model/a.eml", "");
        model.limit(limit_bytes);
        model.manifest("");
        model
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(path)
    }

    pub(super) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Writes the data file.
    pub(super) fn limit(&self, bytes: u64) {
        self.write("model/limit", bytes.to_le_bytes());
    }

    /// Writes the manifest, with this of its self-test.
    pub(super) fn manifest(&self, of_test: &str) {
        let release =
            "[release]\nname = \"linear\"\nversion = \"1.0.0\"\nscale = \"probability\"\nreads = [\"size\"]\n";
        let rest = format!("[build]\ndata = \"limit\"\n[[self_test]]\nmessage = \"a.eml\"\n{of_test}");
        self.write("model/switchback.toml", format!("{release}{rest}"));
    }

    /// Writes a message of the mail.
    pub(super) fn mail(&self, name: &str, bytes: usize) {
        self.write(&format!("mail/{name}"), model::mail("x", "a@example.org", bytes));
    }

    /// Watches it.
    pub(super) fn dev(&self, args: &[&str]) -> Dev {
        self.dev_of("model", args)
    }

    /// Watches it by another name of its folder.
    pub(super) fn dev_of(&self, folder: &str, args: &[&str]) -> Dev {
        Dev::start(&mut self.command_of(folder, args))
    }

    pub(super) fn command_of(&self, folder: &str, args: &[&str]) -> Command {
        let mut command = command();
        command.arg("dev").arg(self.path(folder)).arg("--watch").arg(self.path("mail"));
        command.arg("--component").arg(self.path(folder).join("model.wasm")).args(args);
        command
    }
}

/// The process.
pub(super) struct Dev {
    child: Child,
    lines: Receiver<String>,
    /// What is on standard error.
    said: Receiver<String>,
}

impl Dev {
    pub(super) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = lines_of(child.stdout.take().unwrap(), |_| {});
        // A test that fails shows it, too.
        let said = lines_of(child.stderr.take().unwrap(), |line| eprintln!("{line}"));
        Self { child, lines, said }
    }

    /// Whether it says something on standard error, sooner or later.
    pub(super) fn said(&self, what: &str) -> bool {
        std::iter::from_fn(|| self.said.recv_timeout(PATIENCE).ok()).any(|line| line.contains(what))
    }

    pub(super) fn line(&mut self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it prints nothing"))
    }

    /// All lines up to one that begins so.
    pub(super) fn lines_until(&mut self, beginning: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while !lines.last().is_some_and(|line: &String| line.starts_with(beginning)) {
            lines.push(self.line());
        }
        lines
    }

    /// The next line of JSON, which is as its schema says.
    pub(super) fn round(&mut self) -> Value {
        let line = self.line();
        crate::schema::check_output(["dev", "--json"].map(OsStr::new).into_iter(), &line);
        serde_json::from_str(&line).unwrap()
    }

    /// The next round in which something was scored: while several files change, what is packed may be neither before nor after.
    pub(super) fn until_scored(&mut self) -> Value {
        loop {
            let round = self.round();
            if round["outcome"] == "scored" {
                return round;
            }
        }
    }

    /// Its number.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub(super) fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.id().to_string()]).status().unwrap().success());
    }

    /// Presses Ctrl-C, and returns its exit code. Nothing more is printed.
    pub(super) fn interrupted(mut self) -> i32 {
        self.signal("-INT");
        let code = self.ended();
        assert_eq!(self.lines.iter().collect::<Vec<_>>(), [""; 0]);
        code
    }

    /// Waits for its end; -1 if a signal ended it.
    pub(super) fn ended(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // Both fail if it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines_of(stream: impl Read + Send + 'static, also: fn(&str)) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            also(&line);
            // Nobody reads on where a test has seen enough.
            let _ = sender.send(line);
        }
    });
    lines
}

/// What something comes to that waits for another process.
pub(super) fn within_patience<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, done) = mpsc::channel();
    thread::spawn(move || sender.send(what()));
    done.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it is waited for in vain"))
}

/// A field of each of these.
pub(super) fn all<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap()).collect()
}

/// The names of files, without their folders.
pub(super) fn names(files: &Value) -> Vec<&str> {
    files.as_array().unwrap().iter().map(|file| file.as_str().unwrap().rsplit('/').next().unwrap()).collect()
}
