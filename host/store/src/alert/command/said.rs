//! What a command writes to its standard error.

use std::io::{self, Read as _};
use std::process::ChildStderr;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::limits::ALERT_COMMAND_SAID_BYTES_MAX;

/// Bytes that are read before anything else is looked at: what writes without an end holds nobody up.
const BYTES_AT_ONCE: usize = 1 << 20;

/// The end of what a command writes, while it does.
pub(super) struct Said {
    pipe: ChildStderr,
    is_open: bool,
    end: Vec<u8>,
}

impl Said {
    pub(super) fn new(pipe: ChildStderr) -> io::Result<Self> {
        fcntl_setfl(&pipe, fcntl_getfl(&pipe)? | OFlags::NONBLOCK)?;
        Ok(Self { pipe, is_open: true, end: Vec::new() })
    }

    /// Waits until there is more, or for so long.
    pub(super) fn wait(&self, time: Duration) {
        match Timespec::try_from(time) {
            // What cannot be waited for costs a look more.
            Ok(time) if self.is_open => drop(poll(&mut [PollFd::new(&self.pipe, PollFlags::IN)], Some(&time))),
            _ => thread::sleep(time),
        }
    }

    /// Reads what is there, and keeps the end of it.
    pub(super) fn read(&mut self) {
        let mut buffer = [0; 16 << 10];
        let mut bytes = 0;
        while self.is_open && bytes < BYTES_AT_ONCE {
            match self.pipe.read(&mut buffer) {
                Ok(0) => self.is_open = false,
                Ok(read) => {
                    bytes += read;
                    self.end.extend_from_slice(&buffer[..read]);
                    let surplus = self.end.len().saturating_sub(ALERT_COMMAND_SAID_BYTES_MAX);
                    self.end.drain(..surplus);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.is_open = false,
            }
        }
    }

    /// The end of it, on one line.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.end).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Goes on reading for those that the command has left running, until then: a pipe that nobody reads would end them, and
    /// mail programs deliver in the background.
    pub(super) fn read_on(mut self, until: Instant) {
        if !self.is_open {
            return;
        }
        let read = move || {
            while self.is_open && Instant::now() < until {
                self.wait(until.saturating_duration_since(Instant::now()));
                self.read();
            }
        };
        // Where there is no room for a thread, they find out when they write.
        let _ = thread::Builder::new().name("switchback-alert".to_owned()).spawn(read);
    }
}
