//! What is not read, and why.

use std::fmt;
use std::io;

use serde::Serialize;
use switchback::files::InWords;

use crate::text;

/// Why there is no message.
#[derive(Debug)]
pub enum Unread {
    /// It cannot be read.
    Unreadable(io::Error),
    /// It can, and is no message, for this reason.
    LeftOut(String),
}

impl Unread {
    /// A line about what has this name.
    pub fn about(&self, name: &str) -> String {
        match self {
            Self::Unreadable(error) => format!("cannot read {name}: {}", InWords(error)),
            Self::LeftOut(why) => format!("left out {name}: {why}"),
        }
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// How much was not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Missed {
    /// Files and messages that could not be read.
    pub unreadable: u64,
    /// Files and members of an mbox that are no mail.
    pub left_out: u64,
}

impl Missed {
    /// Counts one.
    pub fn add(&mut self, unread: &Unread) {
        match unread {
            Unread::Unreadable(_) => self.unreadable += 1,
            Unread::LeftOut(_) => self.left_out += 1,
        }
    }

    /// Whether anything was missed.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

/// `0 unreadable`, or `1 unreadable, 2 left out`.
impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} unreadable", text::count(self.unreadable))?;
        match self.left_out {
            0 => Ok(()),
            left_out => write!(f, ", {} left out", text::count(left_out)),
        }
    }
}
