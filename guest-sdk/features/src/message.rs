//! The features of a whole message and its structure: what of it is hashed, and in which order.
//!
//! | field | texts | tokens, of [`FeatureKind::Words`] only |
//! |---|---|---|
//! | subject | the subject | |
//! | sender | of each `From`: name, a space, address | the domain of each `From`; that of each `Reply-To`, in [`Namespace::REPLY_TO`] |
//! | body | the first 32,768 bytes of the text | |
//! | links | the URL of each of the first 64 links | of each its host, the [`site`] of that, and `shows another host` where it does |
//!
//! Each text is normalised by itself ([`Text::normalise`]), so no pair and no n-gram reaches from one into the next. The
//! tokens of a mailbox or a link follow its text. An empty domain or host is no token.
//!
//! The [`Structure`] are tokens whose letters of ASCII are in lower case: `field:` and the name of each of the first 512 header
//! fields; the words of the values of `X-Mailer`, then of those of `User-Agent`; of each of the first 64 parts `type:` and its
//! media type, `charset:` and what a text part declares, `encoding:` and what it declares; and `extension:` with that of each
//! attachment.
//!
//! [`site`]: crate::site
//! [`Text::normalise`]: crate::Text::normalise
//! [`Namespace::REPLY_TO`]: crate::Namespace::REPLY_TO

#[cfg(not(target_arch = "wasm32"))]
mod distinct;
#[cfg(not(target_arch = "wasm32"))]
mod extractor;
#[cfg(not(target_arch = "wasm32"))]
mod source;
mod structure;

use std::fmt;
use std::sync::Arc;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use extractor::BODY_BYTES_MAX;
#[cfg(not(target_arch = "wasm32"))]
pub use source::{Link, Mailbox, Measured, Part, Source};
pub use structure::Structure;

/// What features are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeatureKind {
    /// Words, and tokens: domains and hosts as a whole.
    Words,
    /// Pairs of words that follow each other; the first word of a text makes one with its start.
    Pairs,
    /// Character n-grams of 5 bytes.
    Grams,
}

impl FeatureKind {
    /// All of them, in the contract's order.
    pub const ALL: [Self; 3] = [Self::Words, Self::Pairs, Self::Grams];

    /// Its name in the contract: `words`, `pairs`, `grams`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Pairs => "pairs",
            Self::Grams => "grams",
        }
    }
}

/// The features of one kind that a message has: for each field 32-bit numbers, the top half of the 64-bit
/// [`hash`](fn@crate::hash) of each feature, each once, in the order in which it first appears. A model that has a table of
/// 2<sup>bits</sup> weights takes `feature >> (32 - bits)`, which is [`index_of`](crate::index_of).
///
/// A clone is another handle on the same numbers.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Features {
    fields: [Arc<[u32]>; 4],
    is_truncated: bool,
}

impl Features {
    /// The names of the fields, in the order of [`Features::fields`].
    pub const FIELDS: [&str; 4] = ["subject", "sender", "body", "links"];

    /// Features that were kept: those of subject, sender, body and links, and whether there were more.
    pub fn new(fields: [Arc<[u32]>; 4], is_truncated: bool) -> Self {
        Self { fields, is_truncated }
    }

    /// Those of subject, sender, body and links.
    pub fn fields(&self) -> &[Arc<[u32]>; 4] {
        &self.fields
    }

    /// Those of the subject.
    pub fn subject(&self) -> &[u32] {
        &self.fields[0]
    }

    /// Those of `From` and `Reply-To`.
    pub fn sender(&self) -> &[u32] {
        &self.fields[1]
    }

    /// Those of the text.
    pub fn body(&self) -> &[u32] {
        &self.fields[2]
    }

    /// Those of the links.
    pub fn links(&self) -> &[u32] {
        &self.fields[3]
    }

    /// Whether the message has more text, or more links, than is hashed.
    pub fn is_truncated(&self) -> bool {
        self.is_truncated
    }
}

/// Without the numbers, of which words can be guessed: they belong in no log.
impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Features");
        for (name, field) in Self::FIELDS.into_iter().zip(&self.fields) {
            debug.field(name, &field.len());
        }
        debug.field("is_truncated", &self.is_truncated).finish()
    }
}

#[cfg(test)]
mod tests;
