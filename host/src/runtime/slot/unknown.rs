//! Asking for a slot that is not there.

use std::fmt;

/// A runtime has no slot of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownSlot {
    /// The name.
    pub name: String,
    /// The slots that there are.
    pub known: Vec<String>,
}

impl fmt::Display for UnknownSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, known } = self;
        match known.is_empty() {
            true => f.write_str("there is no slot: the runtime was built without one"),
            false => write!(f, "there is no slot {name:?}; there are: {}", known.join(", ")),
        }
    }
}

impl std::error::Error for UnknownSlot {}
