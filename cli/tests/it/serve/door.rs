//! A running `switchback serve`, and what tests say to it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::{TempDir, tempdir};

use crate::operate::store::{PATIENCE, Store, until};
use crate::run::command;

/// Both doors, at ports that the system chooses, and no look-ups.
pub(crate) const BOTH: &str = "[authentication]\nverify = false\n[spamd]\nlisten = 'inet:127.0.0.1:0'\n\
    [http]\nlisten = 'inet:127.0.0.1:0'\n";

/// A running program. Dropping it kills it.
pub(crate) struct Door {
    child: Child,
    dir: TempDir,
    listening: Vec<String>,
}

impl Door {
    /// Both doors of a store in which `linear@1.1.0` is live: it flags messages of 4,000 bytes or more.
    pub(crate) fn open() -> (Store, Self) {
        let store = Store::promoted(&["1.1.0"]);
        let door = Self::of(store.path(), BOTH);
        (store, door)
    }

    /// The doors that a configuration names, of this store.
    pub(crate) fn of(store: &Path, config: &str) -> Self {
        let dir = tempdir().unwrap();
        Self::begin(dir, store, config)
    }

    /// In a folder.
    pub(crate) fn begin(dir: TempDir, store: &Path, config: &str) -> Self {
        write_config(dir.path(), store, config);
        let log = fs::File::create(dir.path().join("log")).unwrap();
        let mut child = command()
            .args(["serve", "--config"])
            .arg(dir.path().join("gateway.toml"))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let doors = config.matches("\nlisten").count();
        let listening: Vec<_> = lines.by_ref().take(doors).map(Result::unwrap).collect();
        let door = Self { child, dir, listening };
        assert_eq!(door.listening.len(), doors, "{}", door.log());
        door
    }

    fn place(&self, protocol: &str) -> &str {
        let line = self.listening.iter().find(|line| line.ends_with(protocol)).unwrap();
        line.strip_prefix("listening on ").unwrap().split(' ').next().unwrap()
    }

    fn address(&self, protocol: &str) -> SocketAddr {
        self.place(protocol).strip_prefix("inet:").unwrap().parse().unwrap()
    }

    pub(crate) fn spamd(&self) -> SocketAddr {
        self.address("spamd's protocol")
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.address("HTTP")
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What it has said so far on standard error.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// The most memory that it ever held, in bytes.
    pub(super) fn peak_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10
    }

    /// Kills it; returns its folder.
    pub(super) fn killed(mut self) -> TempDir {
        self.signal("KILL");
        self.child.wait().unwrap();
        std::mem::replace(&mut self.dir, tempdir().unwrap())
    }

    /// Tells it to end, and waits for that.
    pub(crate) fn end(self) -> (Option<i32>, String) {
        self.signal("TERM");
        self.ended()
    }

    /// Waits for the end of one that was told.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        (code, self.log())
    }

    /// Waits until it has said something on standard error.
    pub(crate) fn until_it_says(&self, text: &str) {
        until(text, || self.log().contains(text));
    }

    /// Says something to the door of spamd's protocol, and that this is all; returns the reply.
    pub(crate) fn ask(&self, request: &[u8]) -> Vec<u8> {
        say(self.spamd(), request, Saying::Ended)
    }

    /// [`Door::ask`] about a message, with a first line such as `CHECK SPAMC/1.5`.
    pub(crate) fn ask_about(&self, line: &str, message: &[u8]) -> String {
        let head = format!("{line}\r\nContent-length: {}\r\n\r\n", message.len());
        String::from_utf8(self.ask(&[head.as_bytes(), message].concat())).unwrap()
    }

    /// Sends a request to the door of HTTP.
    pub(crate) fn request(&self, line: &str, fields: &[(&str, &[u8])], body: &[u8]) -> Answer {
        Answer::to(self.http(), line, fields, body)
    }

    pub(crate) fn post(&self, path: &str, fields: &[(&str, &[u8])], body: &[u8]) -> Answer {
        self.request(&format!("POST {path} HTTP/1.1"), fields, body)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request(&format!("GET {path} HTTP/1.1"), &[], b"")
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Writes `gateway.toml` into a folder.
pub(crate) fn write_config(dir: &Path, store: &Path, config: &str) {
    let held = dir.join("held");
    // A key of the top comes before the sections.
    let text = format!("store = '{}'\nheld.dir = '{}'\n{config}", store.display(), held.display());
    fs::write(dir.join("gateway.toml"), text).unwrap();
}

/// Whether whoever speaks says that this is all.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Saying {
    Ended,
    Open,
}

/// Says something, and returns all that is answered. A server that has heard enough may hang up while it is told more.
pub(crate) fn say(address: SocketAddr, request: &[u8], saying: Saying) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let told = stream.write_all(request);
    if saying == Saying::Ended && told.is_ok() {
        stream.shutdown(Shutdown::Write).unwrap();
    }
    let mut reply = Vec::new();
    drop(stream.read_to_end(&mut reply));
    reply
}

/// A response of HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn to(address: SocketAddr, line: &str, fields: &[(&str, &[u8])], body: &[u8]) -> Self {
        let mut request = format!("{line}\r\nHost: x\r\nConnection: close\r\n").into_bytes();
        for (name, value) in fields {
            request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        if !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("Content-Length")) {
            request.extend(format!("Content-Length: {}\r\n", body.len()).into_bytes());
        }
        request.extend(b"\r\n");
        request.extend(body);
        Self::of(&say(address, &request, Saying::Open))
    }

    /// A response, read to the end of its connection.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no response: {:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The sentence that an error has.
    #[track_caller]
    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap().to_owned()
    }
}

/// Whether a program is there; one that is not is said.
pub(crate) fn has(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap().status.success();
    if !found {
        eprintln!("SKIPPED: {program} is not installed: `cargo xtask test` as root installs it");
    }
    found
}

/// A file with a message.
pub(crate) fn file(dir: &Path, name: &str, message: &[u8]) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, message).unwrap();
    path
}
