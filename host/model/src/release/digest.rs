//! SHA-256, as a value with a text form.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::beginning::beginning;

/// A SHA-256 digest (FIPS 180-4), written as 64 hexadecimal digits in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A digest of which the raw bytes are known.
    #[doc(hidden)]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw digest.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 12 hexadecimal digits: enough for a person to tell releases apart.
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

crate::hexadecimal!(Digest);

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidDigest(beginning(text, SHOWN_CHARS_MAX));
        let mut bytes = [0; 32];
        if text.len() != 2 * bytes.len() {
            return Err(invalid());
        }
        // A long ledger has hundreds of thousands of them.
        let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let (high, low) = value(pair[0]).zip(value(pair[1])).ok_or_else(invalid)?;
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

crate::text_form!(Digest, InvalidDigest);

/// Characters that are shown of a text that is not a digest: more than a digest has.
const SHOWN_CHARS_MAX: usize = 80;

/// A text that is not a valid SHA-256 digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid SHA-256 digest, which has 64 hexadecimal digits")]
pub struct InvalidDigest(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_from_its_text() {
        // FIPS 180-4's example for "abc".
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of(b"abc").to_string(), abc);
        assert_eq!(abc.parse::<Digest>().unwrap(), Digest::of(b"abc"));
        assert!("abc".parse::<Digest>().is_err());
        assert!(abc.replace('b', "+").parse::<Digest>().is_err());
    }
}
