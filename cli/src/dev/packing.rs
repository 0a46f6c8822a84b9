//! The process that packs, as seen by who started it.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::Sender;
use std::thread;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process_group};

use super::event::Event;
use super::packer::{Args, CALLED};

/// This very program, also after another version has been installed in its place: both ends have to understand each other.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// A process that packs, with all that it starts. Dropping the value ends what is left of them.
pub(super) struct Packing {
    child: Child,
    /// It works while this is open.
    _input: Option<ChildStdin>,
}

impl Packing {
    /// Starts it, in a group of its own: Ctrl-C at a terminal is for the one who started it, who ends the group.
    pub(super) fn start(args: &Args, events: Sender<Event>) -> anyhow::Result<Self> {
        let mut command = Command::new(THIS_PROGRAM);
        command.arg(CALLED).args(args.to_command_line()).stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut child = command.spawn().context("start this program again")?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let packing = Self { child, _input: input };
        let output = output.context("a process without output")?;
        thread::Builder::new().name("packing".to_owned()).spawn(move || forward(output, &events))?;
        Ok(packing)
    }
}

impl Drop for Packing {
    fn drop(&mut self) {
        // Its number is its own until it has been waited for.
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // Fails if all of it has ended.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

/// Hands on what it says, and that it has ended.
fn forward(output: ChildStdout, events: &Sender<Event>) {
    let lines = BufReader::new(output).lines().map_while(Result::ok);
    for news in lines.filter_map(|line| serde_json::from_str(&line).ok()) {
        // Nobody listens any more when the command ends.
        let _ = events.send(Event::News(news));
    }
    let _ = events.send(Event::Ended);
}
