//! Rspamd and SpamAssassin, as Debian has them, with what they can do without network and Redis.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::process::{Server, started};

/// Rspamd's modules that ask name servers, other servers or Redis, or stand on those that do.
const OFF: [&str; 28] = [
    "antivirus",
    "arc",
    "asn",
    "bimi",
    "clickhouse",
    "dcc",
    "dkim",
    "dkim_signing",
    "dmarc",
    "elastic",
    "external_services",
    "fuzzy_check",
    "greylist",
    "hfilter",
    "history_redis",
    "metadata_exporter",
    "mx_check",
    "neural",
    "p0f",
    "ratelimit",
    "rbl",
    "replies",
    "reputation",
    "rspamd_update",
    "spf",
    "surbl",
    "url_redirector",
    "whitelist",
];

/// A running neighbour.
pub(crate) struct Neighbour {
    // The program ends before its folder goes.
    server: Server,
    dir: TempDir,
}

impl Neighbour {
    /// Rspamd as a milter that scans in its own processes, as many as there are cores. Returns when its expressions are compiled.
    /// What its rules still look up is answered by this name server.
    pub(crate) fn rspamd(cores: usize, resolver: SocketAddr) -> io::Result<Self> {
        let dir = folder(Path::new("/etc/rspamd/rspamd.conf"), "rspamd")?;
        let path = |name: &str| dir.path().join(name);
        ["local.d", "db", "run", "log"].iter().try_for_each(|name| fs::create_dir(path(name)))?;
        for module in OFF {
            fs::write(path("local.d").join(format!("{module}.conf")), "enabled = false;\n")?;
        }
        for worker in ["normal", "controller"] {
            fs::write(path(&format!("local.d/worker-{worker}.inc")), "enabled = false;\n")?;
        }
        let socket = path("socket");
        let proxy = format!(
            "bind_socket = \"{} mode=0666\";\nmilter = yes;\nupstream \"local\" {{ self_scan = yes; }}\ncount = {cores};\n",
            socket.display()
        );
        fs::write(path("local.d/worker-proxy.inc"), proxy)?;
        let control = path("run/control");
        let options = format!(
            "control_socket = \"{} mode=0600\";\ndns {{ nameserver = [\"{resolver}\"]; }}\n",
            control.display()
        );
        fs::write(path("local.d/options.inc"), options)?;
        fs::write(path("local.d/phishing.conf"), "phishtank_enabled = false;\n")?;
        let folders = [("LOCAL_CONFDIR", "."), ("DBDIR", "db"), ("RUNDIR", "run"), ("LOGDIR", "log")];
        let mut command = Command::new("rspamd");
        command.args([
            "--no-fork",
            "--insecure",
            "--user",
            "root",
            "--group",
            "root",
            "--config",
            "/etc/rspamd/rspamd.conf",
        ]);
        command.args(folders.map(|(name, folder)| format!("--var={name}={}", path(folder).display())));
        let server = Server::start(&mut command, &path("out"))?;
        let log = path("log/rspamd.log");
        // The first process says so, and each that scans.
        let ready = |text: String| text.matches("full hyperscan database").count() > cores;
        started("Rspamd", || fs::read_to_string(&log).is_ok_and(ready))?;
        Ok(Self { server, dir })
    }

    /// SpamAssassin's spamd, with local tests only and as many children as there are cores.
    pub(crate) fn spamassassin(cores: usize) -> io::Result<Self> {
        let dir = folder(Path::new("/usr/share/spamassassin"), "spamd")?;
        let socket = dir.path().join("socket");
        let cores = cores.to_string();
        let mut command = Command::new("spamd");
        command.args(["--local", "--nouser-config", "--cf=use_bayes 0", "--syslog=stderr", "--username=nobody"]);
        command.args(["--socketmode=0666", "--max-children", &cores, "--min-children", &cores, "--max-spare", &cores]);
        command.arg("--socketpath").arg(&socket);
        let server = Server::start(&mut command, &dir.path().join("log"))?;
        started("SpamAssassin", || UnixStream::connect(&socket).is_ok())?;
        Ok(Self { server, dir })
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("socket")
    }

    pub(crate) fn id(&self) -> u32 {
        self.server.id()
    }
}

/// A folder for a program, if that is installed.
fn folder(part: &Path, package: &str) -> io::Result<TempDir> {
    if !part.exists() {
        return Err(io::Error::other(format!("it is not installed (Debian's package `{package}`)")));
    }
    let dir = tempfile::tempdir()?;
    let all = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(dir.path(), all)?;
    Ok(dir)
}
