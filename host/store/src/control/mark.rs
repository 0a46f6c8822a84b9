//! Where a ledger was once seen to end, and who remembers it: one that was set back does not get past that.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use switchback_model::release::Digest;
use switchback_model::route::Generation;

use super::number::{EventSequence, ProcessNumber};

/// A place in a ledger at which it once ended.
///
/// Whoever remembers one does not take a ledger for the same that no longer has it, unless that was recovered since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Mark {
    /// The last event; 0 where there was none.
    pub sequence: EventSequence,
    /// Its hash; zeros where there was none.
    pub head: Digest,
    /// How often the ledger had been recovered.
    #[serde(default)]
    pub recoveries: u64,
    /// The generation after that event.
    #[serde(default)]
    pub generation: Generation,
}

impl Default for Mark {
    fn default() -> Self {
        Self { sequence: EventSequence::NONE, head: GENESIS, recoveries: 0, generation: Generation::default() }
    }
}

impl Mark {
    /// Whether it is further on than another one of the same store.
    pub(super) fn is_after(&self, other: &Self) -> bool {
        (self.recoveries, self.sequence) > (other.recoveries, other.sequence)
    }
}

/// Somebody who remembers where a ledger ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Witness {
    /// Who.
    pub who: Who,
    /// Where.
    pub mark: Mark,
}

impl Witness {
    /// Somebody who remembers that the ledger ended there.
    pub const fn new(who: Who, mark: Mark) -> Self {
        Self { who, mark }
    }
}

/// Who remembers where a ledger ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Who {
    /// A file beside the ledger.
    File(PathBuf),
    /// A process that obeyed the event.
    Process {
        /// Its number in the store.
        number: ProcessNumber,
        /// What it calls itself.
        name: String,
    },
}

/// `control.head`, or `filter (process 3)`.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.file_name().unwrap_or(path.as_os_str()).display()),
            Self::Process { number, name } => write!(f, "{name} (process {number})"),
        }
    }
}

/// What the first event names as the hash of the one before.
pub(super) const GENESIS: Digest = Digest::new([0; 32]);
