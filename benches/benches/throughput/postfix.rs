//! Postfix, in a folder of its own: it takes mail by SMTP, writes it into its queue, and throws it away.

use std::fs::{self, Permissions};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::mail::RECIPIENT;
use crate::process::started;

/// Where Debian has it.
const MASTER: &str = "/usr/lib/postfix/sbin/master";

/// Its services, none of them in a chroot. `PORT` is where it takes mail.
const SERVICES: &str = "
127.0.0.1:PORT inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

/// A running Postfix. Dropping it stops it.
pub(crate) struct Postfix {
    dir: TempDir,
    pub(crate) port: u16,
    id: u32,
}

impl Postfix {
    /// Starts one behind a milter's socket, or without a milter.
    ///
    /// # Errors
    /// If it is not installed, or this is not root, who alone can start it.
    pub(crate) fn start(milter: Option<&Path>) -> io::Result<Self> {
        if !Path::new(MASTER).exists() {
            return Err(io::Error::other("it is not installed (Debian's package `postfix`)"));
        }
        // The kernel's choice; nobody else is given it again soon.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut postfix = Self { dir: tempfile::tempdir()?, port, id: 0 };
        postfix.make_folders()?;
        postfix.configure(milter)?;
        let output = Command::new("postfix").arg("-c").arg(postfix.path("etc")).arg("start").output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        started("Postfix", || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        let id = fs::read_to_string(postfix.path("queue/pid/master.pid"))?;
        postfix.id = id.trim().parse().map_err(io::Error::other)?;
        Ok(postfix)
    }

    /// Its first process.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn make_folders(&self) -> io::Result<()> {
        let readable = Permissions::from_mode(0o755);
        fs::set_permissions(self.dir.path(), readable.clone())?;
        for name in ["etc", "queue", "data"] {
            fs::create_dir(self.path(name))?;
            fs::set_permissions(self.path(name), readable.clone())?;
        }
        let user = Command::new("id").args(["-u", "postfix"]).output()?;
        let user = String::from_utf8_lossy(&user.stdout).trim().parse().map_err(io::Error::other)?;
        chown(self.path("data"), Some(user), None)
    }

    fn configure(&self, milter: Option<&Path>) -> io::Result<()> {
        let dir = self.dir.path().display();
        let domain = RECIPIENT.rsplit_once('@').map_or(RECIPIENT, |(_, domain)| domain);
        let milter = milter.map(|socket| format!("smtpd_milters = unix:{}\n", socket.display())).unwrap_or_default();
        let main = format!(
            "compatibility_level = 3.6\nconfig_directory = {dir}/etc\nqueue_directory = {dir}/queue\n\
             data_directory = {dir}/data\nmaillog_file = {dir}/etc/maillog\nmaillog_file_prefixes = {dir}\n\
             myhostname = mx.{domain}\nmydestination =\nrelay_domains = {domain}\nrelay_transport = discard:\n\
             message_size_limit = 0\ninet_protocols = ipv4\nmynetworks = 127.0.0.0/8\nalias_maps =\nalias_database =\n\
             smtpd_peername_lookup = no\nsmtpd_authorized_xclient_hosts = 127.0.0.0/8\nnotify_classes =\n\
             smtpd_client_connection_count_limit = 0\nmilter_default_action = tempfail\n{milter}"
        );
        fs::write(self.path("etc/main.cf"), main)?;
        fs::write(self.path("etc/master.cf"), SERVICES.replace("PORT", &self.port.to_string()))
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        drop(Command::new("postfix").arg("-c").arg(self.path("etc")).arg("abort").output());
    }
}
