//! The version of how bytes become facts.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The version of how the host turns the bytes of a message into what models see: subject, text, HTML, links, names of
/// attachments, header values, and who it is from.
///
/// A release gives the same message the same score, bit for bit, **under one reading**. Verdicts, records of the journal
/// and processes that follow a store name theirs; `switchback explain` says when a record was made under another.
/// `docs/reading.md` says what each reading changed. Any change of these facts is a new reading, or a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Reading(u16);

impl Reading {
    /// The one before readings had numbers: that of every record that names none.
    pub const FIRST: Self = Self(1);

    /// The one that this program has.
    pub const CURRENT: Self = Self(2);

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The one that was recorded under a number.
    #[doc(hidden)]
    pub const fn recorded(number: u16) -> Self {
        Self(number)
    }

    /// What a record means that names none.
    #[doc(hidden)]
    pub const fn unnamed() -> Self {
        Self::FIRST
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
