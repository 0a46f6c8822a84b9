//! A store with a live release, and the program in front of it.

use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use indymilter_test::TestConnection;
use switchback::control::{Promotion, Readiness};
use switchback::{Control, Runtime};
use tempfile::TempDir;

use crate::model;

/// How long a test waits for what has to happen. Only a test that fails waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What is done with mail at each score: tag from 0.3, junk from 0.5, quarantine from 0.7, reject from 0.9.
const RULES: &str = "
[authentication]
verify = false
[scoring]
workers = 2
message_max = '1 MiB'
[inbound]
quarantine = 'mta-quarantine'
reject_text = '100% refused as unwanted mail, reference {id}'
thresholds = { tag = 0.3, junk = 0.5, quarantine = 0.7, reject = 0.9 }
";

/// A store and a configuration, in a folder that mail servers can look into.
pub(crate) struct Site {
    dir: TempDir,
}

impl Site {
    /// A site of which the slot `inbound` has a live release.
    pub(crate) fn new() -> Self {
        let site = Self::bare();
        let store = site.path("store");
        let control = Control::create(&store).unwrap().author("test").reason("a test");
        let compiler = Runtime::builder().cache_dir(&store).build().unwrap();
        let (release, _) = compiler.load_into(&control, model::release()).unwrap();
        control.admit(Promotion::new("inbound", release, Readiness::Skip)).unwrap();
        site.configure(RULES, "");
        site
    }

    /// A folder without a store and a configuration.
    pub(crate) fn bare() -> Self {
        let site = Self { dir: tempfile::tempdir().unwrap() };
        fs::set_permissions(site.dir.path(), Permissions::from_mode(0o755)).unwrap();
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The socket that mail servers connect to.
    pub(crate) fn socket(&self) -> PathBuf {
        self.path("milter.sock")
    }

    /// Writes the usual configuration, with more in its section `milter`, the last one.
    pub(crate) fn configure_milter(&self, more: &str) {
        self.configure(RULES, more);
    }

    /// Writes the usual configuration, with another socket.
    pub(crate) fn configure_listen(&self, listen: &str) {
        self.configure_milter("");
        let usual = format!("unix:{}", self.socket().display());
        let text = fs::read_to_string(self.config()).unwrap().replace(&usual, listen);
        fs::write(self.config(), text).unwrap();
    }

    /// Writes a configuration in which something differs from the usual one.
    pub(crate) fn configure_instead(&self, usual: &str, instead: &str) {
        assert!(RULES.contains(usual));
        self.configure(&RULES.replace(usual, instead), "");
    }

    fn configure(&self, rules: &str, milter: &str) {
        let (store, socket) = (self.path("store"), self.socket());
        let text = format!(
            "store = {store:?}\n{rules}\n[milter]\nlisten = 'unix:{}'\nmode = '666'\n{milter}\n",
            socket.display()
        );
        fs::write(self.config(), text).unwrap();
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("gateway.toml")
    }

    /// The program, not started yet.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchback-milter"));
        command.arg("--verbose").arg("--config").arg(self.config()).stdin(Stdio::null());
        command
    }

    /// Starts the program, and waits until it says that it is ready.
    pub(crate) fn start(&self) -> Milter {
        self.start_as(self.command())
    }

    /// Starts the program in another way.
    pub(crate) fn start_as(&self, mut command: Command) -> Milter {
        let notify = self.path("notify.sock");
        drop(fs::remove_file(&notify));
        let manager = UnixDatagram::bind(&notify).unwrap();
        let (said, heard) = mpsc::channel();
        thread::spawn(move || listen(&manager, &said));
        let log = self.path("milter.log");
        let stderr = File::options().create(true).append(true).open(&log).unwrap();
        let child = command.env("NOTIFY_SOCKET", &notify).stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
        let milter = Milter { child, heard, log };
        milter.hears("READY=1");
        milter
    }

    /// A mail server's connection, of everything that this version of the protocol offers.
    pub(crate) async fn connect(&self) -> TestConnection {
        TestConnection::configure().read_timeout(PATIENCE).open_unix(self.socket()).await.unwrap()
    }

    /// A connection on which bytes are exchanged.
    pub(crate) fn raw(&self) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }
}

/// The program. Dropping it kills it.
pub(crate) struct Milter {
    child: Child,
    heard: Receiver<String>,
    log: PathBuf,
}

impl Milter {
    /// Waits until the service manager hears something.
    #[track_caller]
    pub(crate) fn hears(&self, something: &str) {
        loop {
            match self.heard.recv_timeout(PATIENCE) {
                Ok(said) if said.contains(something) => return,
                Ok(_) => {}
                Err(error) => panic!("`{something}` was not said: {error}\n{}", self.log()),
            }
        }
    }

    /// The same, whatever it heard before.
    #[track_caller]
    pub(crate) fn hears_again(&self, something: &str) {
        while self.heard.try_recv().is_ok() {}
        self.hears(something);
    }

    /// Waits until the log says something.
    #[track_caller]
    pub(crate) fn logs(&self, something: &str) -> String {
        until(something, || self.log().lines().find(|line| line.contains(something)).map(str::to_owned))
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Sends a signal, as `kill` names it.
    pub(crate) fn signal(&self, name: &str) {
        let kill = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(kill.success());
    }

    /// Waits until it has ended by itself.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        until("it ended", || self.child.try_wait().unwrap())
    }

    /// The most memory that it has had so far, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kib << 10
    }

    /// How many files and connections it has open.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Milter {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}

/// Hears what the program says to the service manager, until the test ends: who says it waits for who listens.
fn listen(manager: &UnixDatagram, said: &Sender<String>) {
    let mut bytes = [0; 4_096];
    while let Ok(length) = manager.recv(&mut bytes) {
        if said.send(String::from_utf8_lossy(&bytes[..length]).into_owned()).is_err() {
            return;
        }
    }
}

/// Looks until there is something, for as long as a test has patience.
#[track_caller]
pub(crate) fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    looked_for(look).unwrap_or_else(|| panic!("it did not happen: {what}"))
}

fn looked_for<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let since = Instant::now();
    while since.elapsed() < PATIENCE {
        if let Some(found) = look() {
            return Some(found);
        }
        thread::sleep(Duration::from_millis(10));
    }
    look()
}

/// The files of a folder, none if it is not there.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    match fs::read_dir(dir) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => panic!("{}: {error}", dir.display()),
    }
}
