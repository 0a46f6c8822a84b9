//! A machine of its own for one test: processes, network, `/etc`, `/usr`, `/var` and `/run` are the test's alone, and gone with it.
//! Real servers run there as they are installed, at their own ports and with their own files.

use std::env;
use std::fs::{self, Permissions};
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use tempfile::TempDir;

use crate::operate::store::until;

/// Only a test that is on its machine has this variable.
const INSIDE: &str = "SWITCHBACK_TEST_MACHINE";

/// What the machine cannot be made without ends the script with this.
const IMPOSSIBLE: i32 = 77;

/// Lays folders over those of the system, and sets up the network: this machine, and the address of a client from outside.
const MAKE: &str = "mount -t tmpfs none \"$0\" && cd \"$0\" || exit 77
    for folder in etc usr var; do
        mkdir -p $folder/upper $folder/work
        mount -t overlay none -o lowerdir=/$folder,upperdir=$folder/upper,workdir=$folder/work /$folder || exit 77
    done
    mount -t tmpfs -o mode=755 none /run && ip link set lo up && ip address add 192.0.2.7/32 dev lo || exit 77
    cd / && exec \"$@\"";

/// The address of a client from outside.
pub(crate) const CLIENT: &str = "192.0.2.7";

/// Runs a test again, on a machine of its own. Returns whether this is already there; elsewhere the test is over.
#[track_caller]
pub(crate) fn entered(test: &str) -> bool {
    if env::var_os(INSIDE).is_some() {
        return true;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", MAKE]);
    unshare.arg(dir.path()).arg(env::current_exe().unwrap()).args(["--exact", test, "--nocapture"]);
    let ran = unshare.env(INSIDE, test).stdin(Stdio::null()).output();
    let Ok(ran) = ran.map_err(|error| eprintln!("SKIPPED: there is no unshare: {error}")) else { return false };
    let said = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    eprintln!("{said}");
    if is_impossible(ran.status) {
        eprintln!("SKIPPED: a machine of its own needs root, overlay file systems and Debian's package iproute2");
        return false;
    }
    assert!(ran.status.success() && said.contains("1 passed"), "{test} failed on its machine: {}", ran.status);
    false
}

/// Whether there is no such machine: `unshare` ends with 1 where no namespaces can be had, as in most containers, and a test that
/// fails with another number.
fn is_impossible(status: ExitStatus) -> bool {
    matches!(status.code(), Some(1 | IMPOSSIBLE))
}

/// Makes a folder of a user.
pub(crate) fn folder(path: &str, user: &str) {
    fs::create_dir_all(path).unwrap();
    succeeds(Command::new("chown").args([user, path]));
}

/// Runs a program that has to succeed; returns what it printed.
#[track_caller]
pub(crate) fn succeeds(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    said
}

/// A server that is killed when the test ends.
pub(crate) struct Server(Child);

impl Server {
    /// Starts one whose output goes to a file.
    pub(crate) fn start(command: &mut Command, log: &str) -> Self {
        let log = fs::File::create(log).unwrap();
        let child = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn();
        Self(child.unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Puts a program of Debian that is unpacked beside what cargo builds where it is when it is installed. Returns whether it is
/// there.
pub(crate) fn has_unpacked(name: &str, program: &str) -> bool {
    let target = Path::new(env!("CARGO_BIN_EXE_switchback")).parent().unwrap().parent().unwrap();
    let unpacked = target.join("tools").join(name);
    if unpacked.is_dir() {
        succeeds(Command::new("cp").arg("-a").args(["usr", "etc"].map(|part| unpacked.join(part))).arg("/"));
    }
    let is_there = Path::new(program).exists();
    if !is_there {
        eprintln!("SKIPPED: {program} is not there: `cargo xtask test` as root unpacks it");
    }
    is_there
}

/// Sends a message over SMTP as a client from outside does; returns the last reply, of whatever kind.
pub(crate) fn sent(port: u16, sender: &str, recipient: &str, message: &[u8]) -> String {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("message");
    fs::write(&file, message).unwrap();
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--verbose", "--interface", CLIENT, "--mail-from", sender, "--mail-rcpt", recipient]);
    curl.arg("--upload-file").arg(&file).arg(format!("smtp://127.0.0.1:{port}/mail.sender.example"));
    let said = String::from_utf8_lossy(&curl.output().unwrap().stderr).into_owned();
    let replies = said.lines().filter_map(|line| line.strip_prefix("< "));
    // The one to QUIT comes behind it.
    let last = replies.rev().find(|reply| !reply.starts_with("221"));
    last.unwrap_or_else(|| panic!("no reply: {said}")).trim_end().to_owned()
}

/// A name server of this machine that knows no name. Without one, every look-up would take its time.
pub(crate) fn name_server() {
    let socket = UdpSocket::bind("127.0.0.1:53").unwrap();
    write("/etc/resolv.conf", "nameserver 127.0.0.1\n");
    thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut query) {
            // The question, in an answer that there is no such name (RFC 1035, section 4.1.1).
            query[2..4].copy_from_slice(&[0x81, 0x83]);
            query[6..12].fill(0);
            // Behind the header is the name, which ends with an empty label, and the type and class of what is asked for.
            let end = query[12..length].iter().position(|byte| *byte == 0).map_or(length, |at| 12 + at + 5);
            drop(socket.send_to(&query[..end.min(length)], client));
        }
    });
}

/// Waits until a server listens at a port of this machine.
#[track_caller]
pub(crate) fn listens(port: u16) {
    until("it listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
}

/// Waits until there are so many files in a folder, and returns what is in them.
#[track_caller]
pub(crate) fn files(dir: &str, count: usize) -> Vec<String> {
    let found = || -> Vec<PathBuf> {
        let entries = fs::read_dir(dir).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
    };
    until(&format!("{count} files in {dir}"), || found().len() >= count);
    let mut found = found();
    found.sort();
    assert_eq!(found.len(), count, "{found:?}");
    found.iter().map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()).collect()
}

/// Writes a file that others can read.
pub(crate) fn write(path: &str, text: &str) {
    fs::create_dir_all(Path::new(path).parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
}
