//! What is wrong with a message as bytes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of defects.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Defects(u8);

impl Defects {
    /// There is no header at all, or it does not end.
    pub const NO_HEADER: Self = Self(1);
    /// No usable `From` field, or more than one.
    pub const BAD_FROM: Self = Self(1 << 1);
    /// The `Date` field is missing or cannot be read.
    pub const BAD_DATE: Self = Self(1 << 2);
    /// A MIME part's encoding or boundary is broken.
    pub const BAD_MIME: Self = Self(1 << 3);
    /// A NUL byte, or bytes above 127 in the header that are not UTF-8.
    pub const BAD_BYTES: Self = Self(1 << 4);
    /// More parts, header fields or nesting than are read; the rest was left out.
    pub const TOO_COMPLEX: Self = Self(1 << 5);

    const NAMES: [&str; 6] = ["no-header", "bad-from", "bad-date", "bad-mime", "bad-bytes", "too-complex"];

    /// One bit each, in the order of the contract's flags: `no-header` is bit 0.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `defects` are there.
    #[must_use]
    pub fn contains(self, defects: Self) -> bool {
        self.0 & defects.0 == defects.0
    }

    /// The names of those that are there, as in the contract.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().enumerate().filter(move |(bit, _)| self.0 >> bit & 1 == 1).map(|(_, name)| name)
    }

    /// Adds `defects` where `found`.
    pub(super) fn note(&mut self, defects: Self, found: bool) {
        if found {
            self.0 |= defects.0;
        }
    }
}

impl fmt::Debug for Defects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defects_have_names() {
        let mut defects = Defects::default();
        defects.note(Defects::BAD_DATE, true);
        defects.note(Defects::TOO_COMPLEX, true);
        defects.note(Defects::BAD_FROM, false);
        assert_eq!(format!("{defects:?}"), r#"{"bad-date", "too-complex"}"#);
        assert_eq!(defects.bits(), 0b10_0100);
        assert!(defects.contains(Defects::BAD_DATE) && !defects.contains(Defects::BAD_FROM));
    }
}
