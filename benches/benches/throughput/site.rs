//! Switchback: a store with a live release, and the programs in front of it.

use std::error::Error;
use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;

use switchback::Digest;
use switchback::journal::{JournalReader, Query};
use switchback::verdict::Said;
use switchback_benches::{release_path, target_dir};
use tempfile::TempDir;

use crate::process::{Server, started};

/// The release that decides.
const LIVE: &str = "linear-1.1.0";

/// The releases that score beside it, where any do.
pub(crate) const SHADOWS: [&str; 2] = ["linear-1.0.0", "linear-2.0.0"];

/// A door of Switchback.
#[derive(Clone, Copy)]
pub(crate) enum Door {
    Milter,
    Spamd,
}

/// A store, and a program that has it open.
pub(crate) struct Site {
    // The program ends before its folder goes.
    server: Option<Server>,
    dir: TempDir,
}

impl Site {
    /// Starts one. Senders are authenticated where there is a name server to ask.
    pub(crate) fn start(door: Door, shadows: &[&str], resolver: Option<SocketAddr>) -> io::Result<Self> {
        let dir = tempfile::tempdir()?;
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755))?;
        let mut site = Self { server: None, dir };
        site.fill(shadows)?;
        site.configure(door, resolver)?;
        let mut program = match door {
            Door::Milter => Command::new(program("switchback-milter")),
            Door::Spamd => Command::new(program("switchback")),
        };
        if matches!(door, Door::Spamd) {
            program.arg("serve");
        }
        program.arg("--config").arg(site.path("gateway.toml"));
        site.server = Some(Server::start(&mut program, &site.log())?);
        started("Switchback", || UnixStream::connect(site.socket()).is_ok())?;
        Ok(site)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path("door.sock")
    }

    fn log(&self) -> PathBuf {
        self.path("log")
    }

    pub(crate) fn id(&self) -> u32 {
        self.server.as_ref().map_or(0, Server::id)
    }

    fn fill(&self, shadows: &[&str]) -> io::Result<()> {
        let releases: Vec<_> = [LIVE].iter().chain(shadows).map(|name| release_path(name)).collect();
        let command = |arguments: &[&str], files: &[PathBuf]| {
            let mut command = Command::new(program("switchback"));
            command.args(arguments).args(files).arg("--store").arg(self.path("store"));
            let output = command.output()?;
            let error = || io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned());
            if output.status.success() { Ok(()) } else { Err(error()) }
        };
        command(&["load"], &releases)?;
        command(&["promote", &LIVE.replacen('-', "@", 1), "--slot", "inbound"], &[])?;
        shadows.iter().try_for_each(|name| command(&["shadow", &name.replacen('-', "@", 1), "--slot", "inbound"], &[]))
    }

    fn configure(&self, door: Door, resolver: Option<SocketAddr>) -> io::Result<()> {
        let authentication = match resolver {
            Some(address) => format!("resolvers = ['{address}']"),
            None => "verify = false".to_owned(),
        };
        let section = match door {
            Door::Milter => "milter",
            Door::Spamd => "spamd",
        };
        let (store, socket) = (self.path("store"), self.socket());
        let text = format!(
            "store = {store:?}\n[inbound]\nquarantine = 'mta-quarantine'\n[authentication]\n{authentication}\n\
             [{section}]\nlisten = 'unix:{}'\nmode = '666'\n",
            socket.display()
        );
        fs::write(self.path("gateway.toml"), text)
    }

    /// Ends the program, and says by its log and its journal whether it did what it was asked.
    pub(crate) fn end(mut self, shadows: &[&str]) -> Result<String, Box<dyn Error>> {
        drop(self.server.take());
        let log = fs::read_to_string(self.log())?;
        let judged = log.lines().filter(|line| line.contains("judged")).count();
        let live = log.lines().filter(|line| line.contains("by=\"live\"")).count();
        let journal = JournalReader::open(self.path("store/journal"))?;
        let recorded = journal.export(&Query::default(), io::sink())?.records;
        let mut report = format!("{judged} messages, {live} of them decided by {LIVE}, {recorded} in the journal");
        let digest = |name: &str| fs::read(release_path(name)).map(|bytes| Digest::of(&bytes));
        for shadow in shadows {
            let mut scored = 0;
            journal.for_each_pair(&digest(LIVE)?, &digest(shadow)?, &Query::default(), |pair| {
                scored += usize::from(matches!(pair.after.said, Said::Scored { .. }));
            })?;
            report.push_str(&format!(", {scored} scored by the shadow {shadow}"));
        }
        Ok(report)
    }
}

/// A program of this workspace.
pub(crate) fn program(name: &str) -> PathBuf {
    let path = target_dir().join("release").join(name);
    assert!(path.is_file(), "{} is not there: run this by `cargo xtask bench throughput`", path.display());
    path
}
