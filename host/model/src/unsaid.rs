//! Text that belongs in no log.

use std::fmt;

/// Stands for a text of mail, or one that a model wrote about it: it shows how long that is, and nothing of it.
pub struct Unsaid<'a>(pub &'a str);

/// `<12 bytes>`.
impl fmt::Debug for Unsaid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}
