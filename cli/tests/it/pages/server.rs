//! A page about a mail server, followed on a machine of its own: its blocks in their order, its commands as they stand.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::machine::{Server, folder, name_server, succeeds};
use crate::model::release;
use crate::operate::store::until;

/// A block of a page.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) language: String,
    /// Without the indentation of the whole.
    pub(super) text: String,
}

impl Block {
    /// What is to be typed, without comments; lines that go on are one. Of a `console`, what is shown is left out.
    pub(super) fn commands(&self) -> Vec<String> {
        let text = self.text.replace("\\\n", " ");
        let typed = text.lines().filter_map(|line| match self.language.as_str() {
            "console" => line.strip_prefix("$ "),
            _ => Some(line),
        });
        typed.map(|line| line.split_once(" # ").map_or(line, |(command, _)| command).trim().to_owned()).collect()
    }
}

/// All blocks of a page, those of its lists too.
pub(super) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some((indentation, language)) = line.split_once("```").filter(|(before, _)| before.trim().is_empty())
        else {
            continue;
        };
        let inside = lines.by_ref().take_while(|line| line.trim() != "```");
        let text = inside.map(|line| format!("{}\n", line.strip_prefix(indentation).unwrap_or(line))).collect();
        blocks.push(Block { language: language.to_owned(), text });
    }
    blocks
}

/// The operator's shell, in a folder with the checkout's files and releases of a model.
pub(super) struct Shell {
    exported: Vec<(String, String)>,
}

/// Where it is.
pub(super) const FOLDER: &str = "/var/operator";

impl Shell {
    /// A machine on which the programs are built, and not installed yet. None where one of them is not built.
    pub(super) fn new() -> Option<Self> {
        let built = Path::new(env!("CARGO_BIN_EXE_switchback")).parent().unwrap();
        folder(&format!("{FOLDER}/.cargo/bin"), "root");
        for program in ["switchback", "switchback-milter"] {
            if !built.join(program).exists() {
                eprintln!("SKIPPED: {program} is not built: `cargo build --release --workspace` does that");
                return None;
            }
            fs::copy(built.join(program), format!("{FOLDER}/.cargo/bin/{program}")).unwrap();
        }
        for part in ["milter", "gateway"] {
            let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(part);
            std::os::unix::fs::symlink(checkout.canonicalize().unwrap(), format!("{FOLDER}/{part}")).unwrap();
        }
        for version in ["1.1.0", "2.0.0"] {
            fs::copy(release(version), format!("{FOLDER}/linear-{version}.wasm")).unwrap();
        }
        name_server();
        Some(Self { exported: Vec::new() })
    }

    /// Types a line: whether it ended with 0, and what it printed.
    pub(super) fn types(&mut self, line: &str) -> (bool, String) {
        if let Some((name, value)) = line.strip_prefix("export ").and_then(|rest| rest.split_once('=')) {
            self.exported.push((name.to_owned(), value.to_owned()));
            return (true, String::new());
        }
        let mut shell = Command::new("sh");
        shell.env("HOME", FOLDER).env_remove("SWITCHBACK_STORE").envs(self.exported.iter().cloned());
        shell.arg("-c").arg(format!("{{ {line}\n}} 2>&1")).current_dir(FOLDER).stdin(Stdio::null());
        let output = shell.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Types a line, which succeeds; returns what it printed.
    #[track_caller]
    pub(super) fn succeeds(&mut self, line: &str) -> String {
        let (succeeded, said) = self.types(line);
        assert!(succeeded, "`{line}` printed\n{said}");
        said
    }
}

/// What stands for a line on a machine without systemd, and why.
pub(super) struct Instead {
    pub(super) line: &'static str,
    /// None if it is not run at all.
    pub(super) typed: Option<&'static str>,
    pub(super) why: &'static str,
}

/// What a unit of systemd says.
#[track_caller]
pub(super) fn unit(unit: &str, key: &str) -> String {
    let value = unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("no {key} in\n{unit}")).to_owned()
}

/// Starts a service as its unit says, with the socket that belongs to it.
pub(super) fn service(service: &str, socket: &str) -> Server {
    let [service, passed] = [service, socket].map(|path| fs::read_to_string(path).unwrap());
    let socket = unit(&passed, "ListenStream");
    folder(Path::new(&socket).parent().unwrap().to_str().unwrap(), &unit(&passed, "SocketUser"));
    let mut activate = Command::new("systemd-socket-activate");
    let user = unit(&service, "User");
    // It keeps the process that sockets are passed to.
    activate.args(["--listen", &socket, "setpriv", "--reuid", &user, "--regid", &user, "--init-groups", "--"]);
    activate.args(unit(&service, "ExecStart").split(' '));
    let server = Server::start(&mut activate, "/var/log/service");
    until("the socket is there", || Path::new(&socket).exists());
    let owner = format!("{}:{}", unit(&passed, "SocketUser"), unit(&passed, "SocketGroup"));
    succeeds(Command::new("chown").args([&owner, &socket]));
    succeeds(Command::new("chmod").args([&unit(&passed, "SocketMode"), &socket]));
    server
}
