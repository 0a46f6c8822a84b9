//! Names of keys.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which key: 8 random bytes, written as minisign does, a number in 16 hexadecimal digits in upper case.
///
/// A name, no proof: anybody can make a key with the id of another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(u64);

impl From<[u8; 8]> for KeyId {
    /// The bytes as they are stored in keys and signatures.
    fn from(bytes: [u8; 8]) -> Self {
        Self(u64::from_le_bytes(bytes))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = InvalidKeyId;

    /// Reads 1 to 16 hexadecimal digits, because minisign leaves out zeros at the front.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidKeyId(text.to_owned());
        if !(1..=16).contains(&text.len()) || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(invalid());
        }
        u64::from_str_radix(text, 16).map(Self).map_err(|_| invalid())
    }
}

crate::text_form!(KeyId, InvalidKeyId);

/// A text that is no key id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no key id: up to 16 hexadecimal digits are, such as 484971BD463A024D")]
pub struct InvalidKeyId(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_reads_back_and_needs_no_zeros_at_the_front() {
        let id: KeyId = "484971BD463A024D".parse().unwrap();
        assert_eq!("484971bd463a024d".parse(), Ok(id));
        assert_eq!(id, KeyId::from([0x4d, 0x02, 0x3a, 0x46, 0xbd, 0x71, 0x49, 0x48]));
        assert_eq!("44971BD463A024D".parse::<KeyId>().unwrap().to_string(), "044971BD463A024D");
        assert!("044971BD463A024D".parse::<KeyId>().unwrap() < id);
        for bad in ["", "+1", "0x1", "484971BD463A024D0", "g"] {
            let error = bad.parse::<KeyId>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{bad}`")), "{error}");
        }
    }
}
