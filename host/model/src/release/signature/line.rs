//! Lines of minisign's files.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::key_id::KeyId;

/// A decoded line of `N` bytes. Those of keys and signatures start with two bytes of algorithm and eight of key id.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Line<const N: usize>([u8; N]);

impl<const N: usize> Line<N> {
    /// Decodes a line. Otherwise says how many bytes it holds; none if it is not base64.
    pub(super) fn decode(line: &str) -> Result<Self, Option<usize>> {
        let bytes = BASE64.decode(line).map_err(|_| None)?;
        let count = bytes.len();
        bytes.try_into().map(Self).map_err(|_| Some(count))
    }

    pub(super) fn algorithm(&self) -> [u8; 2] {
        [self.0[0], self.0[1]]
    }

    pub(super) fn key_id(&self) -> KeyId {
        let mut id = [0; 8];
        id.copy_from_slice(&self.0[2..10]);
        KeyId::from(id)
    }

    pub(super) fn after_key_id(&self) -> &[u8] {
        &self.0[10..]
    }
}

impl<const N: usize> fmt::Display for Line<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(self.0))
    }
}

/// The text of a comment line that has to start so.
pub(super) fn comment<'a>(line: Option<&'a str>, prefix: &str) -> Option<&'a str> {
    line?.strip_prefix(prefix)
}

/// What is wrong with a line, as part of a sentence.
pub(super) fn found(bytes: Option<usize>, expected: usize) -> String {
    match bytes {
        Some(bytes) => format!("{bytes} bytes long instead of {expected}"),
        None => "not base64".to_owned(),
    }
}

/// Two bytes that should be letters.
pub(super) fn printable(algorithm: [u8; 2]) -> String {
    format!("`{}`", algorithm.escape_ascii())
}
