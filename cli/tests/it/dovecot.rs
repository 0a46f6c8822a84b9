//! Real Dovecot, in a folder of its own. The tests of `switchback-milter` have it too.

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Mailboxes belong to `nobody`.
const NOBODY: u32 = 65_534;

/// `DIR` is its folder. What the filter flags goes into Junk. What IMAP moves is noted, as filters do that learn from it.
const CONFIG: &str = "
base_dir = DIR/run
state_dir = DIR/state
log_path = DIR/log
ssl = no
disable_plaintext_auth = no
protocols = lmtp imap
mail_plugins = zlib
plugin {
  zlib_save = gz
  sieve_before = DIR/sieve/junk.sieve
  sieve_plugins = sieve_imapsieve
  imapsieve_mailbox1_name = *
  imapsieve_mailbox1_causes = COPY
  imapsieve_mailbox1_before = file:DIR/sieve/learn.sieve
}
passdb {
  driver = passwd-file
  args = username_format=%u DIR/users
}
userdb {
  driver = passwd-file
  args = username_format=%u DIR/users
}
namespace inbox {
  inbox = yes
  mailbox Junk {
    auto = create
    special_use = \\Junk
  }
}
service lmtp {
  unix_listener lmtp {
    mode = 0666
  }
}
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = PORT
  }
  inet_listener imaps {
    port = 0
  }
}
protocol lmtp {
  mail_plugins = $mail_plugins sieve
}
protocol imap {
  mail_plugins = $mail_plugins imap_sieve
}
";

/// As docs/postfix.md has it.
const JUNK: &str = "require \"fileinto\";
if header :matches \"X-Switchback-Status\" \"Yes,*\" { fileinto \"Junk\"; }
";

/// Marks what was moved by IMAP.
const LEARN: &str = "require [\"imap4flags\", \"imapsieve\"];
addflag \"$Learned\";
";

/// A running Dovecot. Dropping it stops it.
pub(crate) struct Dovecot {
    dir: TempDir,
    port: u16,
    child: Child,
}

impl Dovecot {
    /// Starts one with these users, and how the mail of each is stored: `("ada@test.example", "sdbox:~/mail")`. None where Dovecot is
    /// not installed, or this is not root, who alone can start it.
    pub(crate) fn start(users: &[(&str, &str)]) -> Option<Self> {
        let version = Command::new("dovecot").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
        let has_sieve = Path::new("/usr/lib/dovecot/modules/lib95_imap_sieve_plugin.so").exists();
        if !version.starts_with(b"2.3.") || !has_sieve || !rustix::process::geteuid().is_root() {
            eprintln!(
                "SKIPPED: this test needs Dovecot 2.3 (Debian's packages `dovecot-lmtpd`, `dovecot-imapd` and `dovecot-sieve`), and \
                 has to run as root"
            );
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        // The kernel's choice; nobody else is given it again soon.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        configure(dir.path(), port, users);
        let config = dir.path().join("dovecot.conf");
        let compiled = Command::new("sievec").arg("-c").arg(&config).arg(dir.path().join("sieve")).output().unwrap();
        assert!(compiled.status.success(), "{compiled:?}");
        let child = Command::new("dovecot").arg("-F").arg("-c").arg(&config).stdin(Stdio::null()).spawn().unwrap();
        let dovecot = Self { dir, port, child };
        let start = Instant::now();
        while UnixStream::connect(dovecot.lmtp()).is_err() {
            assert!(start.elapsed() < PATIENCE, "{}", dovecot.log());
            thread::sleep(Duration::from_millis(10));
        }
        Some(dovecot)
    }

    /// Where it takes mail.
    pub(crate) fn lmtp(&self) -> PathBuf {
        self.dir.path().join("run/lmtp")
    }

    /// Its configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.dir.path().join("dovecot.conf")
    }

    /// A gateway's section that names it, with another program in the place of `doveadm` if there is one.
    pub(crate) fn section(&self, program: Option<&Path>) -> String {
        let program = program.unwrap_or(Path::new("/usr/bin/doveadm"));
        format!("[mailbox]\ndoveadm = {program:?}\narguments = [\"-c\", {:?}]\n", self.config())
    }

    /// What `doveadm` prints.
    #[track_caller]
    pub(crate) fn doveadm(&self, args: &[&str]) -> String {
        self.doveadm_fed(args, b"")
    }

    #[track_caller]
    fn doveadm_fed(&self, args: &[&str], input: &[u8]) -> String {
        let mut command = Command::new("doveadm");
        command.arg("-c").arg(self.config()).args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}\n{}", self.log());
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Puts a message into a mailbox, as it is.
    pub(crate) fn save(&self, user: &str, mailbox: &str, message: &[u8]) {
        self.doveadm_fed(&["save", "-u", user, "-m", mailbox], message);
    }

    /// What a user's IMAP client is answered, which logs out in the end.
    pub(crate) fn imap(&self, user: &str, commands: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "x LOGIN {user} secret\r\n{commands}y LOGOUT\r\n").unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).unwrap();
        answers
    }

    /// One field of each message in a mailbox, as `doveadm fetch` names it; a space in the place of each line's end.
    pub(crate) fn field(&self, user: &str, mailbox: &str, field: &str) -> Vec<String> {
        let json = self.doveadm(&["-f", "json", "fetch", "-u", user, field, "mailbox", mailbox, "all"]);
        let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
        rows.iter().map(|row| row[field].as_str().unwrap().replace('\n', " ").trim().to_owned()).collect()
    }

    /// Its log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

fn configure(dir: &Path, port: u16, users: &[(&str, &str)]) {
    fs::set_permissions(dir, Permissions::from_mode(0o755)).unwrap();
    for name in ["run", "state", "mail", "sieve"] {
        fs::create_dir(dir.join(name)).unwrap();
        fs::set_permissions(dir.join(name), Permissions::from_mode(0o755)).unwrap();
    }
    chown(dir.join("mail"), Some(NOBODY), Some(NOBODY)).unwrap();
    let path = dir.display();
    let user = |(name, mail): &(&str, &str)| {
        format!("{name}:{{plain}}secret:{NOBODY}:{NOBODY}::{path}/mail/{name}::userdb_mail={mail}\n")
    };
    fs::write(dir.join("users"), users.iter().map(user).collect::<String>()).unwrap();
    fs::write(dir.join("dovecot.conf"), CONFIG.replace("DIR", &path.to_string()).replace("PORT", &port.to_string()))
        .unwrap();
    fs::write(dir.join("sieve/junk.sieve"), JUNK).unwrap();
    fs::write(dir.join("sieve/learn.sieve"), LEARN).unwrap();
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        drop(Command::new("kill").arg(self.child.id().to_string()).status());
        drop(self.child.wait());
        if thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}
