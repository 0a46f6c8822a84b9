//! The attachments of a message.

use std::fmt::Write;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::decode::in_pieces;
use super::layout::{Kind, Layout, Part};
use super::limits::ATTACHMENTS_MAX;

/// An attachment: a part with a file name, or with a disposition of `attachment`, or that is neither
/// text nor a container. An attached message is one, and so is what is attached to it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attachment {
    /// The file name, decoded, at most 255 bytes; empty if there is none.
    pub name: Arc<str>,
    /// The media type as declared, in lower case: `application/pdf`. `text/plain` where none is.
    pub media_type: Arc<str>,
    /// The size of the decoded content in bytes.
    pub size: u64,
    /// SHA-256 of the decoded content: 64 hexadecimal digits in lower case.
    pub sha256: Arc<str>,
}

crate::debug! {
    /// Without its text, which belongs in no log.
    Attachment { name: unsaid, media_type: unsaid, size, sha256 }
}

/// Attachments in the order of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attachments<'a> {
    /// The first 64.
    pub items: &'a [Attachment],
    /// Whether there were more.
    pub truncated: bool,
}

/// The parts that are attachments.
pub(super) fn parts(layout: &Layout) -> impl Iterator<Item = &Part> {
    layout.parts.iter().filter(|part| match part.kind {
        Kind::Multipart => false,
        Kind::Message => true,
        Kind::Leaf => part.media.is_attachment || part.media.file_name.is_some() || !part.media.is_text(),
    })
}

/// How many attachments there are.
pub(super) fn count(layout: &Layout) -> usize {
    parts(layout).count()
}

/// The attachments that are listed.
pub(super) fn list(bytes: &[u8], layout: &Layout) -> Vec<Attachment> {
    parts(layout).take(ATTACHMENTS_MAX).map(|part| Attachment::of(bytes, part)).collect()
}

impl Attachment {
    fn of(bytes: &[u8], part: &Part) -> Self {
        let body = &bytes[part.body.clone()];
        // A message is what it is, also where its encoding is one that nobody knows.
        let (mut size, mut hash) = (0, Sha256::new());
        in_pieces(part.media.encoding, body, |piece| {
            size += piece.len() as u64;
            hash.update(piece);
        });
        let media_type = match &*part.media.media_type {
            "" => "text/plain",
            declared => declared,
        };
        Self {
            name: part.media.file_name.clone().unwrap_or_default(),
            media_type: media_type.into(),
            size,
            sha256: hex(&hash.finalize().into()).into(),
        }
    }
}

/// Hexadecimal digits in lower case.
pub(super) fn hex(digest: &[u8; 32]) -> String {
    digest.iter().fold(String::with_capacity(64), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attachments_are_named_typed_and_hashed() {
        let message = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n\
            Content-Type: Application/PDF; name=a.pdf\nContent-Transfer-Encoding: base64\n\naGVs\nbG8=\n--b\n\
            Content-Type: message/rfc822\n\nSubject: x\nContent-Type: image/png\n\n123\n--b\n\
            Content-Disposition: attachment\n\nx\n--b--\n";
        let layout = Layout::of(message);
        let found = list(message, &layout);
        let facts: Vec<(&str, &str, u64)> = found.iter().map(|a| (&*a.name, &*a.media_type, a.size)).collect();
        assert_eq!(
            facts,
            [("a.pdf", "application/pdf", 5), ("", "message/rfc822", 39), ("", "image/png", 3), ("", "text/plain", 1)]
        );
        assert_eq!(&*found[0].sha256, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
        assert_eq!(count(&layout), 4);
    }
}
