//! Bounded text, and how it is cut.

use std::sync::{Arc, Mutex, PoisonError};

/// A piece of a message's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content<'a> {
    /// The content, decoded to UTF-8.
    pub value: &'a str,
    /// Whether there was more than was asked for, or than is kept.
    pub truncated: bool,
}

/// A piece of a message's content that outlives the borrow of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedContent {
    /// The content, decoded to UTF-8. Shared with the message where it is the whole of what is kept,
    /// or where the same bound was asked for before.
    pub value: Arc<str>,
    /// Whether there was more than was asked for, or than is kept.
    pub truncated: bool,
}

/// Content that is kept, with the prefixes that models asked for.
#[derive(Debug)]
pub(super) struct Kept {
    value: Arc<str>,
    truncated: bool,
    /// Prefixes by length. Releases of one model ask for the same bound, so few are needed.
    cuts: Mutex<Vec<Arc<str>>>,
}

/// Prefixes that are remembered; a further bound costs a copy each time.
const CUTS_MAX: usize = 4;

impl Kept {
    pub(super) fn new(value: Arc<str>, truncated: bool) -> Self {
        Self { value, truncated, cuts: Mutex::new(Vec::new()) }
    }

    pub(super) fn content(&self, max_bytes: usize) -> Content<'_> {
        let value = cut(&self.value, max_bytes);
        Content { value, truncated: self.truncated || value.len() < self.value.len() }
    }

    pub(super) fn shared(&self, max_bytes: usize) -> SharedContent {
        let Content { value, truncated } = self.content(max_bytes);
        let value = if value.len() == self.value.len() { Arc::clone(&self.value) } else { self.prefix(value) };
        SharedContent { value, truncated }
    }

    /// `prefix` as a shared string, remembered. All remembered strings are prefixes of one string,
    /// so their lengths tell them apart.
    fn prefix(&self, prefix: &str) -> Arc<str> {
        let mut cuts = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cut) = cuts.iter().find(|cut| cut.len() == prefix.len()) {
            return Arc::clone(cut);
        }
        let made = Arc::<str>::from(prefix);
        if cuts.len() < CUTS_MAX {
            cuts.push(Arc::clone(&made));
        }
        made
    }
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
    fn a_prefix_is_copied_once() {
        let kept = Kept::new("hello world".into(), false);
        let first = kept.shared(5);
        assert_eq!((&*first.value, first.truncated), ("hello", true));
        assert!(Arc::ptr_eq(&first.value, &kept.shared(5).value));
    }

    #[test]
    fn the_whole_is_shared_and_not_truncated() {
        let kept = Kept::new("hello".into(), false);
        let whole = kept.shared(5);
        assert!(!whole.truncated);
        assert!(Arc::ptr_eq(&whole.value, &kept.value));
        assert!(Kept::new("hello".into(), true).shared(5).truncated);
    }
}
