//! Public keys and their ids.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::key_id::KeyId;
use super::line::{self, Line, comment};
use super::{TRUSTED, UNTRUSTED};

/// The bytes of a secret key: algorithms, salt, limits, key id, the key and its checksum.
const SECRET_KEY_BYTES: usize = 158;

/// A key that verifies signatures. Its text form is one line of base64.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey {
    line: Line<42>,
    inner: minisign_verify::PublicKey,
}

impl PublicKey {
    /// Which key it is.
    pub fn id(&self) -> KeyId {
        self.line.key_id()
    }

    /// Whether it is another key's twin: the same key, be its id the same or not.
    pub fn is_same_key(&self, other: &Self) -> bool {
        self.line.after_key_id() == other.line.after_key_id()
    }

    pub(super) fn inner(&self) -> &minisign_verify::PublicKey {
        &self.inner
    }
}

impl FromStr for PublicKey {
    type Err = InvalidPublicKey;

    /// Reads the line of base64, or the two lines of a `.pub` file. Line ends may be Windows's.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = key_line(text)?;
        let line = Line::<42>::decode(text).map_err(|bytes| match bytes {
            Some(SECRET_KEY_BYTES) => InvalidPublicKey::SecretKey,
            bytes => InvalidPublicKey::Line { bytes },
        })?;
        if line.algorithm() != *b"Ed" {
            return Err(InvalidPublicKey::Algorithm(line.algorithm()));
        }
        // Every cause that it knows was told apart above.
        let inner = minisign_verify::PublicKey::from_base64(text).map_err(|_| InvalidPublicKey::NoKey)?;
        Ok(Self { line, inner })
    }
}

/// The line of base64 in a text that has a comment before it, or has not.
fn key_line(text: &str) -> Result<&str, InvalidPublicKey> {
    if text.starts_with('\u{feff}') {
        return Err(InvalidPublicKey::ByteOrderMark);
    }
    let lines: Vec<_> = text.trim_end().lines().collect();
    match lines[..] {
        [] | [""] => Err(InvalidPublicKey::Empty),
        [line] if comment(Some(line), UNTRUSTED).is_none() => Ok(line),
        [_] => Err(InvalidPublicKey::Truncated),
        [_, _, third, ..] if comment(Some(third), TRUSTED).is_some() => Err(InvalidPublicKey::Signature),
        [first, line] if comment(Some(first), UNTRUSTED).is_some() => Ok(line),
        _ => Err(InvalidPublicKey::NoKey),
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.line == other.line
    }
}

impl Eq for PublicKey {}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.line.to_string())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

crate::text_form!(PublicKey, InvalidPublicKey);

/// A text that is no public key in minisign's format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPublicKey {
    /// There is nothing in it.
    #[error("the public key is empty: fetch it again")]
    Empty,
    /// An editor put a byte order mark before it.
    #[error("the public key starts with a byte order mark, which an editor put there: fetch it again")]
    ByteOrderMark,
    /// There is the comment and no key.
    #[error("the public key is cut off after its comment: fetch it again")]
    Truncated,
    /// It is something else.
    #[error(
        "this is no public key: expected is a line of base64, or the .pub file of `switchback keygen` or minisign, which is one line of comment and one of base64"
    )]
    NoKey,
    /// It is the key that signs.
    #[error("this is a secret key: keep it where it is, and use the .pub file that was made with it")]
    SecretKey,
    /// It is a signature.
    #[error("this is a signature, not the key that verifies it: use the .pub file of whoever signed")]
    Signature,
    /// Its line is damaged.
    #[error("the public key is {}: fetch it again", line::found(*bytes, 42))]
    Line {
        /// How many bytes it holds; none if it is not base64.
        bytes: Option<usize>,
    },
    /// It names an algorithm that minisign does not have.
    #[error("the public key's algorithm is {}, not `Ed`: fetch it again", line::printable(*.0))]
    Algorithm([u8; 2]),
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "RWRNAjpGvXFJSAtMW5ZutgsEPFDIv30EX5O5+UmoU9zo0kDgPFhGjVVo";

    #[test]
    fn a_key_is_read_from_its_line_and_from_its_file() {
        let key: PublicKey = LINE.parse().unwrap();
        assert_eq!((key.to_string().as_str(), key.id().to_string().as_str()), (LINE, "484971BD463A024D"));
        for end in ["\n", "\r\n", "", "\n\n"] {
            let file = format!("untrusted comment: minisign public key 484971BD463A024D\n{LINE}{end}");
            assert_eq!(file.parse::<PublicKey>().unwrap(), key);
        }
        let json = serde_json::to_string(&key).unwrap();
        assert_eq!(json, format!("\"{LINE}\""));
        assert_eq!(serde_json::from_str::<PublicKey>(&json).unwrap(), key);
    }

    #[test]
    fn a_key_under_another_id_is_the_same_key() {
        let mut renamed = LINE.to_owned();
        renamed.replace_range(5..6, "B");
        let [one, other]: [PublicKey; 2] = [LINE, &renamed].map(|line| line.parse().unwrap());
        assert!(one.id() != other.id() && one != other && one.is_same_key(&other));
        let mut changed = LINE.to_owned();
        changed.replace_range(55..56, "A");
        assert!(!one.is_same_key(&changed.parse().unwrap()));
    }
}
