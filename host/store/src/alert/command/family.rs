//! All that a command has started, to end it.
//!
//! A process can leave its group and its session, and is nobody's child once its parent has ended. What it keeps is the
//! environment that it was started with, so that has a mark; and while its parent lives, it is that one's child, whatever
//! became of the environment. Both are looked up in /proc. Becoming everybody's new parent (`PR_SET_CHILD_SUBREAPER`) would
//! find them as well, and change the life of every other child that the filter has.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::process::Child;
use std::time::Duration;
use std::{fs, thread};

use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};
use switchback_system::clock;

/// The variable that marks what belongs to one run of a command.
const MARK: &str = "SWITCHBACK_ALERT_RUN";

/// How often it is looked for more at most: who is started while others are killed is found by the next look.
const LOOKS_MAX: u32 = 100;

/// How long those that were killed have to be gone.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// What one run of a command has started.
pub(super) struct Family {
    mark: String,
}

impl Family {
    pub(super) fn new() -> Self {
        Self { mark: clock::new_id().to_string() }
    }

    /// The variable to start the command with.
    pub(super) fn variable(&self) -> (&'static str, &str) {
        (MARK, &self.mark)
    }

    /// Ends the command, which has a group of its own, with all that it has started. Without /proc that is the group.
    pub(super) fn kill(&self, child: &mut Child) {
        for _ in 0..LOOKS_MAX {
            let members = self.members(child.id());
            if let Some(group) = pid(child.id()) {
                // Fails if all of it has ended.
                let _ = kill_process_group(group, Signal::KILL);
            }
            if members.is_empty() {
                break;
            }
            for member in members {
                // Fails if it has ended, or has become another user's.
                let _ = pidfd_send_signal(member, Signal::KILL);
            }
            let _ = child.try_wait();
            thread::sleep(LOOK_INTERVAL);
        }
        let _ = child.wait();
    }

    /// Those that live. A descriptor is a process, even if another one has got its number meanwhile.
    fn members(&self, child: u32) -> Vec<OwnedFd> {
        let all: BTreeMap<u32, Process> = numbers().filter_map(|number| Some((number, Process::of(number)?))).collect();
        let is_marked = |process: &Process| process.is_marked(&self.mark);
        let mut members: Vec<u32> = all.iter().filter(|(_, process)| is_marked(process)).map(|(n, _)| *n).collect();
        members.push(child);
        // Whoever is added may have children, too.
        let mut next = 0;
        while let Some(parent) = members.get(next).copied() {
            next += 1;
            let children = all.iter().filter(|(n, process)| process.parent == parent && !members.contains(n));
            members.extend(children.map(|(number, _)| *number).collect::<Vec<_>>());
        }
        members
            .iter()
            .filter_map(|number| all.get(number))
            .filter_map(|process| process.handle.try_clone().ok())
            .collect()
    }
}

struct Process {
    handle: OwnedFd,
    parent: u32,
    environment: Vec<u8>,
}

impl Process {
    /// None if it has ended, or the system does not say.
    fn of(number: u32) -> Option<Self> {
        // First, so that what is read is of this one or of nobody.
        let handle = pidfd_open(pid(number)?, PidfdFlags::empty()).ok()?;
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        // `PID (NAME) STATE PARENT ...`, and a name may have a parenthesis in it.
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        let is_over = matches!(fields.next()?, "Z" | "X");
        let parent = fields.next()?.parse().ok()?;
        // Those of others cannot be read.
        let environment = fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
        (!is_over).then_some(Self { handle, parent, environment })
    }

    fn is_marked(&self, mark: &str) -> bool {
        let variable = format!("{MARK}={mark}");
        self.environment.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes())
    }
}

fn numbers() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn pid(number: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(number).ok()?)
}
