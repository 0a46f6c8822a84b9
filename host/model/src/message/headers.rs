//! Header fields as models see them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::deriving::OnceLock;
use super::fields::Field;
use super::hidden::{Recipients, Visibility};
use super::limits::{FIELD_NAME_BYTES_MAX, HEADER_VALUE_BYTES_MAX, HEADER_VALUES_MAX, HEADERS_MAX};
use super::value;

/// A header field.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Header {
    /// The name as written.
    pub name: Arc<str>,
    /// The value, unfolded, encoded words decoded (RFC 2047). At most 8,192 bytes.
    pub value: Arc<str>,
}

crate::debug! {
    /// Without its text, which belongs in no log.
    Header { name: unsaid, value: unsaid }
}

/// Header fields in the order of the message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HeaderFields {
    /// At most 512.
    pub items: Vec<Header>,
    /// Whether fields were left out or values were cut. Hidden ones do not count.
    pub truncated: bool,
}

/// Sizes that cost little to know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Header fields that a model may see.
    pub headers: u32,
    /// `Received` fields.
    pub received: u32,
    /// MIME parts, of any kind.
    pub parts: u32,
    /// Attachments.
    pub attachments: u32,
    /// Envelope recipients, before any truncation.
    pub recipients: u32,
}

/// The fields of a message with what was derived from them.
#[derive(Debug)]
pub(super) struct Headers {
    entries: Vec<Entry>,
    /// Whether there were more fields than are read.
    truncated: bool,
    masked: OnceLock<HeaderFields>,
    granted: OnceLock<HeaderFields>,
}

#[derive(Debug)]
struct Entry {
    field: Field,
    visibility: Visibility,
    /// The decoded value, and whether it was cut.
    value: OnceLock<(Arc<str>, bool)>,
}

/// Bytes of a name that is looked for, blanks around it included.
const ASKED_NAME_BYTES_MAX: usize = 4 * FIELD_NAME_BYTES_MAX;

impl Headers {
    pub(super) fn new(bytes: &[u8], fields: &[Field], truncated: bool) -> Self {
        let entry = |field: &Field| Entry {
            visibility: Visibility::of(&bytes[field.name.clone()]),
            field: field.clone(),
            value: OnceLock::new(),
        };
        Self {
            entries: fields.iter().map(entry).collect(),
            truncated,
            masked: OnceLock::new(),
            granted: OnceLock::new(),
        }
    }

    fn visible(&self, recipients: Recipients) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.visibility.allows(recipients))
    }

    /// The names of all visible fields, as they are.
    pub(super) fn names<'a>(&self, bytes: &'a [u8], recipients: Recipients) -> impl Iterator<Item = &'a [u8]> {
        self.visible(recipients).map(|entry| &bytes[entry.field.name.clone()])
    }

    pub(super) fn count(&self, recipients: Recipients) -> usize {
        self.visible(recipients).count()
    }

    /// The values of every visible field of a name.
    pub(super) fn values(&self, bytes: &[u8], name: &str, recipients: Recipients) -> Vec<Arc<str>> {
        // A guest may ask for anything; what is longer than this is the name of no field that was read.
        let name = if name.len() > ASKED_NAME_BYTES_MAX { "" } else { name.trim() }.as_bytes();
        let same_name = |entry: &&Entry| bytes[entry.field.name.clone()].eq_ignore_ascii_case(name);
        let value = |entry: &Entry| Arc::clone(&entry.value(bytes).0);
        self.visible(recipients).filter(same_name).take(HEADER_VALUES_MAX).map(value).collect()
    }

    pub(super) fn all(&self, bytes: &[u8], recipients: Recipients) -> &HeaderFields {
        let kept = match recipients {
            Recipients::Masked => &self.masked,
            Recipients::Granted => &self.granted,
        };
        kept.get_or_init(|| self.collect(bytes, recipients))
    }

    fn collect(&self, bytes: &[u8], recipients: Recipients) -> HeaderFields {
        let mut fields = HeaderFields { items: Vec::new(), truncated: self.truncated };
        for entry in self.visible(recipients) {
            if fields.items.len() == HEADERS_MAX {
                fields.truncated = true;
                break;
            }
            let (value, was_cut) = entry.value(bytes);
            fields.truncated |= was_cut;
            let name = String::from_utf8_lossy(&bytes[entry.field.name.clone()]);
            fields.items.push(Header { name: name.into(), value: Arc::clone(value) });
        }
        fields
    }

    /// The bytes of all visible fields, as they are.
    pub(super) fn raw(&self, bytes: &[u8], recipients: Recipients) -> Vec<u8> {
        let mut raw = Vec::with_capacity(self.visible(recipients).map(|entry| entry.field.whole.len()).sum());
        self.visible(recipients).for_each(|entry| raw.extend_from_slice(&bytes[entry.field.whole.clone()]));
        raw
    }
}

impl Entry {
    fn value(&self, bytes: &[u8]) -> &(Arc<str>, bool) {
        self.value.get_or_init(|| value::text(&bytes[self.field.value.clone()], HEADER_VALUE_BYTES_MAX))
    }
}
