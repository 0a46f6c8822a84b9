//! [`Structure`].

use std::fmt;
use std::sync::Arc;

/// What a message is made of, hashed: the names of its header fields, the words of what its mail program calls itself, the
/// media types, character sets and encodings that its parts declare, and the extensions of its attachments. 32-bit numbers
/// as [`Features`](super::Features) are, each once, in the order in which it first appears.
///
/// A clone is another handle on the same numbers.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Structure {
    features: Arc<[u32]>,
    is_truncated: bool,
}

impl Structure {
    /// A structure that was kept, and whether there was more of it.
    pub fn new(features: Arc<[u32]>, is_truncated: bool) -> Self {
        Self { features, is_truncated }
    }

    /// The numbers.
    pub fn features(&self) -> &Arc<[u32]> {
        &self.features
    }

    /// Whether the message has more header fields, or more parts, than are hashed.
    pub fn is_truncated(&self) -> bool {
        self.is_truncated
    }
}

/// Without the numbers, of which names can be guessed: they belong in no log.
impl fmt::Debug for Structure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { features, is_truncated } = self;
        f.debug_struct("Structure").field("features", &features.len()).field("is_truncated", is_truncated).finish()
    }
}
