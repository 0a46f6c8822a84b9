//! What names a release: model name, semantic version, digest.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::digest::Digest;

/// The most bytes of a model's name.
pub const MODEL_NAME_BYTES_MAX: usize = 64;

/// The name of a model: 1 to 64 of `a-z`, `0-9` and `-`, starting with a letter.
///
/// Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelName(Arc<str>);

impl ModelName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ModelName {
    type Err = InvalidModelName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = text.len() <= MODEL_NAME_BYTES_MAX
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if well_formed { Ok(Self(text.into())) } else { Err(InvalidModelName(text.to_owned())) }
    }
}

impl TryFrom<String> for ModelName {
    type Error = InvalidModelName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ModelName> for String {
    fn from(name: ModelName) -> Self {
        name.0.as_ref().to_owned()
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A text that is no model name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no model name: use 1 to 64 of a-z, 0-9 and -, starting with a letter")]
pub struct InvalidModelName(String);

/// One release: the version of a model that has this digest. Immutable, and cheap to clone.
///
/// Two releases are the same when their digests are; name and version are for people.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReleaseId {
    /// The model.
    pub name: ModelName,
    /// The version of the model.
    pub version: Arc<Version>,
    /// SHA-256 of the release file.
    pub digest: Digest,
}

/// `phish@1.1.0`.
impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}@{}", self.name, self.version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_name_is_lower_case_and_starts_with_a_letter() {
        for good in ["phish", "a", "x-1", &"m".repeat(64)] {
            assert_eq!(good.parse::<ModelName>().unwrap().as_str(), good);
        }
        for bad in ["", "1x", "-x", "Phish", "a b", "a/b", "ü", &"m".repeat(65)] {
            assert!(bad.parse::<ModelName>().is_err(), "{bad}");
        }
    }
}
