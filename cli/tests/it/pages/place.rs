//! Where a page's commands are typed.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use tempfile::{TempDir, tempdir};

use super::page::{Step, Typed, apply};
use crate::model::mail;
use crate::operate::store::PATIENCE;
use crate::run::command;

/// Where guests are built, for all tests.
const GUESTS_DIR: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/guests");

/// A home of its own with a mailbox, in which a shell finds the command.
pub(super) struct Place {
    home: TempDir,
    /// Where the shell is.
    folder: PathBuf,
    /// What was exported.
    exported: Vec<(String, String)>,
    /// A command that goes on.
    goes_on: Option<GoesOn>,
}

/// A command that goes on while others are typed.
struct GoesOn {
    shell: Child,
    lines: Receiver<String>,
}

impl GoesOn {
    fn start(mut shell: Command) -> Self {
        let mut shell = shell.stdout(Stdio::piped()).process_group(0).spawn().unwrap();
        let output = shell.stdout.take().unwrap();
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            // Nobody reads on where the page has shown enough.
            BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { shell, lines }
    }

    /// Presses Ctrl-C.
    fn interrupt(mut self) {
        self.signal("-INT");
        self.shell.wait().unwrap();
    }

    fn signal(&self, signal: &str) {
        // Fails where it has ended.
        let _ =
            Command::new("kill").args([signal, "--", &format!("-{}", self.shell.id())]).stderr(Stdio::null()).status();
    }
}

impl Drop for GoesOn {
    fn drop(&mut self) {
        self.signal("-KILL");
        let _ = self.shell.wait();
    }
}

impl Place {
    pub(super) fn new() -> Self {
        let home = tempdir().unwrap();
        let folder = home.path().join("work");
        for empty in ["work", "Maildir/new", "Maildir/cur", "Maildir/tmp"] {
            fs::create_dir_all(home.path().join(empty)).unwrap();
        }
        for (number, (subject, bytes)) in
            [("Notes of our meeting", 500), ("URGENT: your password", 5_000)].iter().enumerate()
        {
            let file = home.path().join(format!("Maildir/cur/{number}.home:2,S"));
            fs::write(file, mail(subject, "ada@example.org", *bytes)).unwrap();
        }
        Self { home, folder, exported: Vec::new(), goes_on: None }
    }

    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The folder in which the next command is typed.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A model's folder takes its dependencies in the versions of this workspace.
    pub(super) fn lock(&self, model: &str) {
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        fs::copy(lock, self.folder.join(model).join("Cargo.lock")).unwrap();
    }

    /// Does what a page says.
    pub(super) fn follow(&mut self, step: &Step) {
        match step {
            Step::Type(typed) if typed.command.starts_with("switchback dev ") => {
                self.goes_on = Some(GoesOn::start(self.shell(&typed.command)));
                self.look(typed);
            }
            Step::Type(typed) => self.check(typed),
            Step::Look(typed) => {
                self.look(typed);
                self.goes_on.take().unwrap().interrupt();
            }
            Step::Change { path, before, after } => apply(&self.folder, path, before, after),
        }
    }

    /// Reads what a command prints that goes on, until that is as the page shows.
    fn look(&self, typed: &Typed) {
        let goes_on = self.goes_on.as_ref().unwrap_or_else(|| panic!("no command goes on"));
        let mut printed = String::new();
        while !typed.is_as_shown(&printed) {
            let line = goes_on.lines.recv_timeout(PATIENCE);
            let shown = typed.shown.join("\n");
            printed += &line.unwrap_or_else(|_| panic!("it printed\n{printed}\nand is shown with\n{shown}"));
            printed += "\n";
        }
    }

    /// Types a command, which ends and prints as the page shows.
    pub(super) fn check(&mut self, typed: &Typed) {
        let (succeeded, output) = self.run(&typed.command);
        assert_eq!(succeeded, !typed.fails(), "`{}` printed\n{output}", typed.command);
        let shown = typed.shown.join("\n");
        assert!(typed.is_as_shown(&output), "`{}` printed\n{output}\nand is shown with\n{shown}", typed.command);
    }

    /// Types a command: whether it ended with 0, and what it printed.
    pub(super) fn run(&mut self, line: &str) -> (bool, String) {
        if let Some(folder) = line.strip_prefix("cd ") {
            self.folder.push(folder);
            assert!(self.folder.is_dir(), "there is no {folder}");
            return (true, String::new());
        }
        if let Some((name, value)) = line.strip_prefix("export ").and_then(|rest| rest.split_once('=')) {
            self.exported.push((name.to_owned(), value.replace('~', &self.home.path().to_string_lossy())));
            return (true, String::new());
        }
        let output = self.shell(line).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    }

    /// A shell for one line, both of whose outputs are the one.
    pub(super) fn shell(&self, line: &str) -> Command {
        let switchback = command();
        let mut path = OsString::from(Path::new(switchback.get_program()).parent().unwrap());
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut shell = Command::new("sh");
        shell.envs(switchback.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.env_remove("SWITCHBACK_STORE");
        // What cargo and rustup have at home stays where it is.
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            let home = || std::env::home_dir().unwrap_or_default().join(folder).into_os_string();
            shell.env(name, std::env::var_os(name).unwrap_or_else(home));
        }
        shell.env("PATH", path).env("HOME", self.home.path()).env("CARGO_TARGET_DIR", GUESTS_DIR);
        shell.envs(self.exported.iter().map(|(name, value)| (name, value)));
        shell.arg("-c").arg(format!("{{ {line}\n}} 2>&1")).current_dir(&self.folder).stdin(Stdio::null());
        shell
    }
}
