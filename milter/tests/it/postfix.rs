//! Real Postfix, in a folder of its own: it listens on a port of its own, and delivers into Maildirs.

use std::fs::{self, Permissions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::site::{PATIENCE, files, until};

/// The services of Postfix, none of them in a chroot. `PORT` is where it takes mail.
const SERVICES: &str = "
127.0.0.1:PORT inet n - n - - smtpd
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

/// Mailboxes belong to `nobody`.
const NOBODY: u32 = 65_534;

/// A running Postfix. Dropping it stops it. It takes mail for every address of `test.example`.
pub(crate) struct Postfix {
    dir: TempDir,
    port: u16,
}

impl Postfix {
    /// Starts one behind a milter's socket, with more lines of main.cf. None where Postfix is not installed, or this is not root,
    /// who alone can start it.
    pub(crate) fn start(milter: &Path, settings: &[&str]) -> Option<Self> {
        let is_installed = Path::new("/usr/lib/postfix/sbin/master").exists();
        if !is_installed || !rustix::process::geteuid().is_root() {
            eprintln!("SKIPPED: this test needs Postfix (Debian's package `postfix`), and has to run as root");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        // The kernel's choice; nobody else is given it again soon.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let postfix = Self { dir, port };
        postfix.make_folders();
        postfix.configure(milter, settings);
        postfix.run("postfix", "start");
        until("Postfix listens", || TcpStream::connect(("127.0.0.1", port)).ok());
        Some(postfix)
    }

    /// Stops it and starts it again: what is under way is cut off.
    pub(crate) fn restart(&self) {
        // Where it does not end in five seconds it is killed, and that it is gone then is not waited for.
        drop(self.ran("postfix", "stop"));
        until("Postfix starts again", || self.ran("postfix", "start").status.success().then_some(()));
    }

    /// Delivers what `defer_transports` has put off, and goes on without it.
    pub(crate) fn deliver_what_is_deferred(&self) {
        let main = fs::read_to_string(self.path("etc/main.cf")).unwrap();
        fs::write(self.path("etc/main.cf"), main + "defer_transports =\n").unwrap();
        self.run("postfix", "reload");
        // Who reads the queue may not have been there to hear it.
        until("the queue is empty", || {
            if self.queued("active") == 0 {
                self.run("postqueue", "-f");
            }
            self.is_settled().then_some(())
        });
    }

    fn run(&self, program: &str, argument: &str) {
        let ran = self.ran(program, argument);
        assert!(ran.status.success(), "{ran:?}");
    }

    fn ran(&self, program: &str, argument: &str) -> Output {
        Command::new(program).arg("-c").arg(self.path("etc")).arg(argument).output().unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn make_folders(&self) {
        let readable = Permissions::from_mode(0o755);
        fs::set_permissions(self.dir.path(), readable.clone()).unwrap();
        for name in ["etc", "queue", "data", "mail"] {
            fs::create_dir(self.path(name)).unwrap();
            fs::set_permissions(self.path(name), readable.clone()).unwrap();
        }
        let user = uzers::get_user_by_name("postfix").unwrap();
        chown(self.path("data"), Some(user.uid()), None).unwrap();
        chown(self.path("mail"), Some(NOBODY), Some(NOBODY)).unwrap();
    }

    fn configure(&self, milter: &Path, settings: &[&str]) {
        let (dir, milter) = (self.dir.path().display(), milter.display());
        let main = format!(
            "compatibility_level = 3.6\nconfig_directory = {dir}/etc\nqueue_directory = {dir}/queue\n\
             data_directory = {dir}/data\nmaillog_file = {dir}/etc/maillog\nmaillog_file_prefixes = {dir}\n\
             myhostname = mx.test.example\nmydestination =\nvirtual_mailbox_domains = test.example\n\
             virtual_mailbox_base = {dir}/mail\nvirtual_mailbox_maps = static:box/\n\
             virtual_uid_maps = static:{NOBODY}\nvirtual_gid_maps = static:{NOBODY}\nvirtual_mailbox_limit = 0\n\
             message_size_limit = 0\ninet_protocols = ipv4\nmynetworks = 127.0.0.0/8\nalias_maps =\nalias_database =\n\
             smtpd_peername_lookup = no\nsmtpd_authorized_xclient_hosts = 127.0.0.0/8\nnotify_classes =\n\
             smtpd_milters = unix:{milter}\nnon_smtpd_milters = unix:{milter}\nmilter_default_action = tempfail\n\
             smtpd_client_connection_count_limit = 0\nsmtpd_error_sleep_time = 0\n"
        );
        // A line that overrides another is warned of, also by who writes the log: into its own socket, where it waits for itself.
        let name = |line: &str| line.split('=').next().map(|name| name.trim().to_owned());
        let is_kept = |line: &&str| settings.iter().all(|setting| name(setting) != name(line));
        let lines: Vec<_> = main.lines().filter(is_kept).chain(settings.iter().copied()).collect();
        fs::write(self.path("etc/main.cf"), lines.join("\n") + "\n").unwrap();
        fs::write(self.path("etc/master.cf"), SERVICES.replace("PORT", &self.port.to_string())).unwrap();
    }

    /// An SMTP connection of a client of this machine.
    pub(crate) fn local(&self) -> Smtp {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut smtp = Smtp { stream: BufReader::new(stream) };
        smtp.expects("220");
        smtp.says("EHLO client.example", "250");
        smtp
    }

    /// An SMTP connection of a client from outside, 192.0.2.7, as a proxy introduces it.
    pub(crate) fn client(&self) -> Smtp {
        let mut smtp = self.local();
        smtp.says("XCLIENT ADDR=192.0.2.7 NAME=mail.sender.example", "220");
        smtp.says("EHLO mail.sender.example", "250");
        smtp
    }

    /// Tries once to send a message from outside.
    pub(crate) fn attempt(&self, message: &[u8]) -> Attempt {
        let mut is_sent = false;
        let mut attempt = || -> io::Result<bool> {
            let stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(PATIENCE))?;
            let mut smtp = Smtp { stream: BufReader::new(stream) };
            for (command, code) in [
                ("", "220"),
                ("EHLO client.example\r\n", "250"),
                ("XCLIENT ADDR=192.0.2.7 NAME=mail.sender.example\r\n", "220"),
                ("EHLO mail.sender.example\r\n", "250"),
                ("MAIL FROM:<s@sender.example>\r\n", "250"),
                ("RCPT TO:<a@test.example>\r\n", "250"),
                ("DATA\r\n", "354"),
            ] {
                smtp.stream.get_mut().write_all(command.as_bytes())?;
                if !smtp.next_reply()?.starts_with(code) {
                    return Ok(false);
                }
            }
            is_sent = true;
            smtp.stream.get_mut().write_all(&[message, b".\r\n"].concat())?;
            Ok(smtp.next_reply()?.starts_with("250"))
        };
        match attempt() {
            Ok(true) => Attempt::Accepted,
            Err(_) if is_sent => Attempt::Unknown,
            Ok(false) | Err(_) => Attempt::Again,
        }
    }

    /// Submits a message as programs of this machine do.
    pub(crate) fn submit(&self, sender: &str, message: &str) {
        let mut sendmail = Command::new("sendmail")
            .arg("-C")
            .arg(self.path("etc"))
            .args(["-i", "-f", sender, "a@test.example"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        sendmail.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
        assert!(sendmail.wait().unwrap().success());
    }

    /// This Postfix's own `sendmail`, as a program.
    pub(crate) fn sendmail(&self) -> PathBuf {
        let program = self.path("etc/sendmail");
        let script =
            format!("#!/bin/sh\nMAIL_CONFIG='{}' exec /usr/sbin/sendmail \"$@\"\n", self.path("etc").display());
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        program
    }

    /// Waits until so many messages were delivered, and returns them, without what delivering wrote on top of them.
    #[track_caller]
    pub(crate) fn delivered(&self, count: usize) -> Vec<String> {
        let inbox = self.path("mail/box/new");
        let found = until(&format!("{count} messages are delivered: {}", self.log()), || {
            Some(files(&inbox)).filter(|found| found.len() >= count)
        });
        assert_eq!(found.len(), count);
        self.delivered_so_far()
    }

    /// The messages that are delivered by now.
    pub(crate) fn delivered_so_far(&self) -> Vec<String> {
        let found = files(&self.path("mail/box/new"));
        found.iter().map(|path| without_delivery(&String::from_utf8_lossy(&fs::read(path).unwrap()))).collect()
    }

    /// The one message that was delivered.
    #[track_caller]
    pub(crate) fn delivered_one(&self) -> String {
        self.delivered(1).remove(0)
    }

    /// Waits until nothing is in the queue that can be delivered.
    #[track_caller]
    pub(crate) fn settled(&self) {
        until("the queue is empty", || self.is_settled().then_some(()));
    }

    fn is_settled(&self) -> bool {
        ["maildrop", "incoming", "active", "deferred"].iter().all(|queue| self.queued(queue) == 0)
    }

    /// How many messages are in a queue, such as `hold`. The file of one that was cut off stays for a while, and cannot be executed.
    pub(crate) fn queued(&self, queue: &str) -> usize {
        let mut count = 0;
        let mut folders = vec![self.path("queue").join(queue)];
        while let Some(folder) = folders.pop() {
            for path in files(&folder) {
                match fs::metadata(&path) {
                    Ok(found) if found.is_dir() => folders.push(path),
                    Ok(found) if found.permissions().mode() & 0o100 != 0 => count += 1,
                    _ => {}
                }
            }
        }
        count
    }

    /// Postfix's log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("etc/maillog")).unwrap_or_default()
    }

    /// Waits until the log says something.
    #[track_caller]
    pub(crate) fn logs(&self, something: &str) {
        until(something, || self.log().contains(something).then_some(()));
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        drop(Command::new("postfix").arg("-c").arg(self.path("etc")).arg("abort").output());
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}

/// A message without the fields that Postfix's delivery agent writes on top.
fn without_delivery(message: &str) -> String {
    let is_delivery =
        |line: &&str| ["Return-Path:", "X-Original-To:", "Delivered-To:"].iter().any(|name| line.starts_with(name));
    let written = message.split_inclusive('\n').take_while(is_delivery).map(str::len).sum::<usize>();
    message[written..].to_owned()
}

/// What a client knows of a message when it has tried to send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    Accepted,
    /// It is to be sent again.
    Again,
    /// All of it was sent, and the connection ended before the reply (RFC 1047).
    Unknown,
}

/// An SMTP connection.
pub(crate) struct Smtp {
    stream: BufReader<TcpStream>,
}

impl Smtp {
    /// The next reply.
    pub(crate) fn reply(&mut self) -> String {
        self.next_reply().unwrap()
    }

    fn next_reply(&mut self) -> io::Result<String> {
        let mut reply = String::new();
        loop {
            let start = reply.len();
            if self.stream.read_line(&mut reply)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if reply.as_bytes().get(start + 3) != Some(&b'-') {
                return Ok(reply);
            }
        }
    }

    #[track_caller]
    fn expects(&mut self, code: &str) {
        let reply = self.reply();
        assert!(reply.starts_with(code), "{reply}");
    }

    /// Sends bytes.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// A command, and its reply.
    pub(crate) fn command(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n").as_bytes());
        self.reply()
    }

    /// A command whose reply has this code.
    #[track_caller]
    pub(crate) fn says(&mut self, command: &str, code: &str) {
        let reply = self.command(command);
        assert!(reply.starts_with(code), "{command}: {reply}");
    }

    /// Begins a message, up to its text.
    #[track_caller]
    pub(crate) fn begin(&mut self) {
        self.says("MAIL FROM:<s@sender.example>", "250");
        self.says("RCPT TO:<a@test.example>", "250");
        self.says("DATA", "354");
    }

    /// Sends a message and returns what becomes of it: the reply to its text, or the first one that refuses it.
    pub(crate) fn mail(&mut self, message: &[u8]) -> String {
        for (command, code) in
            [("MAIL FROM:<s@sender.example>", "250"), ("RCPT TO:<a@test.example>", "250"), ("DATA", "354")]
        {
            let reply = self.command(command);
            if !reply.starts_with(code) {
                return reply;
            }
        }
        self.send(message);
        self.send(b".\r\n");
        self.reply()
    }
}
