//! Bounded text, and how it is cut.

use crate::unsaid::Unsaid;
use std::fmt;
use std::sync::Arc;

/// A piece of a message's content.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Content<'a> {
    /// The content, decoded to UTF-8.
    pub value: &'a str,
    /// Whether there was more than was asked for, or than is kept.
    pub truncated: bool,
}

/// Without its text, which belongs in no log.
impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("value", &Unsaid(self.value)).field("truncated", &self.truncated).finish()
    }
}

/// Content that is kept.
#[derive(Debug)]
pub(super) struct Kept {
    value: Arc<String>,
    truncated: bool,
}

impl Kept {
    pub(super) fn new(value: Arc<String>, truncated: bool) -> Self {
        Self { value, truncated }
    }

    pub(super) fn content(&self, max_bytes: usize) -> Content<'_> {
        let value = cut(&self.value, max_bytes);
        Content { value, truncated: self.truncated || value.len() < self.value.len() }
    }
}

/// A text to keep. Nothing is kept for none.
pub(super) fn shared(text: &str) -> Arc<str> {
    if text.is_empty() { Arc::default() } else { text.into() }
}

/// The longest prefix of at most `max_bytes` bytes that ends at a character boundary.
pub(super) fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
        assert_eq!(cut("aé", usize::MAX), "aé");
        assert_eq!(cut("é", 0), "");
    }

    #[test]
    fn the_whole_is_not_truncated_and_a_part_is() {
        let kept = Kept::new(Arc::new("hello world".to_owned()), false);
        assert_eq!(kept.content(11), Content { value: "hello world", truncated: false });
        assert_eq!(kept.content(5), Content { value: "hello", truncated: true });
        assert!(Kept::new(Arc::new("hello".to_owned()), true).content(5).truncated);
    }
}
