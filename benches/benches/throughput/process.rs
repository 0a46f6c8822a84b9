//! The servers, and how much of a processor they have taken.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take to start: Rspamd compiles its expressions first.
const START: Duration = Duration::from_secs(180);

/// How long a server may take to end by itself.
const END: Duration = Duration::from_secs(30);

/// How long a server may take to come to rest behind a run.
const REST: Duration = Duration::from_secs(20);

/// The unit of times in `/proc`: 100 in a second, whatever the kernel's own clock does (proc(5), `sysconf(_SC_CLK_TCK)`).
const TICK: Duration = Duration::from_millis(10);

/// A server, which is told to end when this is dropped.
pub(crate) struct Server(Child);

impl Server {
    /// Starts one that writes into a log.
    pub(crate) fn start(command: &mut Command, log: &Path) -> io::Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn().map(Self)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(Command::new("kill").arg(self.id().to_string()).status());
        let ended = until(END, || self.0.try_wait().is_ok_and(|ended| ended.is_some()));
        if !ended {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }
}

/// Waits until a server has started, and says what it is if it has not.
pub(crate) fn started(what: &str, look: impl FnMut() -> bool) -> io::Result<()> {
    if until(START, look) { Ok(()) } else { Err(io::Error::other(format!("{what} has not started"))) }
}

fn until(patience: Duration, mut look: impl FnMut() -> bool) -> bool {
    let since = Instant::now();
    while !look() {
        if since.elapsed() > patience {
            return false;
        }
        thread::sleep(Duration::from_millis(50));
    }
    true
}

/// How long this process has worked.
pub(crate) fn own_time() -> Duration {
    processes().iter().find(|process| process.id == std::process::id()).map_or(Duration::ZERO, |process| process.own)
}

/// How long these processes and their children have worked, once they have nothing to do any more.
pub(crate) fn time_at_rest(roots: &[u32]) -> Duration {
    let mut last = time(roots);
    let since = Instant::now();
    while since.elapsed() < REST {
        thread::sleep(Duration::from_millis(300));
        let now = time(roots);
        if now <= last + TICK {
            return now;
        }
        last = now;
    }
    last
}

fn time(roots: &[u32]) -> Duration {
    let all = processes();
    let mut open = roots.to_vec();
    let mut time = Duration::ZERO;
    while let Some(id) = open.pop() {
        time += all.iter().find(|process| process.id == id).map_or(Duration::ZERO, |it| it.own + it.ended_children);
        open.extend(all.iter().filter(|process| process.parent == id).map(|process| process.id));
    }
    time
}

/// A process of this machine.
struct Process {
    id: u32,
    parent: u32,
    /// How long it has worked.
    own: Duration,
    /// How long its children have worked that have ended.
    ended_children: Duration,
}

fn processes() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.filter_map(|entry| process(entry.ok()?.file_name().to_str()?.parse().ok()?)).collect()
}

fn process(id: u32) -> Option<Process> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name before may have spaces. Behind it come state and parent, and times from the twelfth on.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<u32>().ok();
    let parent = fields.get(1)?.parse().ok()?;
    let [own, ended_children] = [11, 13].map(|place| Some(TICK * (ticks(place)? + ticks(place + 1)?)));
    Some(Process { id, parent, own: own?, ended_children: ended_children? })
}

/// The first line that a program prints of itself, on whichever output.
pub(crate) fn version(program: &str, arguments: &[&str]) -> String {
    let Ok(output) = Command::new(program).args(arguments).output() else { return "not installed".to_owned() };
    let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned()
}
