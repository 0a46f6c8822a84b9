//! What names a release: model name, semantic version, digest.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use semver::Version;
use serde::{Deserialize, Deserializer, Serialize};

use super::digest::Digest;
use crate::beginning::beginning;

/// The most bytes of a model's name.
pub const MODEL_NAME_BYTES_MAX: usize = 64;

/// The most bytes of a release's version: a pre-release and a commit fit beside the three numbers.
pub const VERSION_BYTES_MAX: usize = 128;

/// The name of a model: 1 to 64 of `a-z`, `0-9` and `-`, starting with a letter.
///
/// Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
        if well_formed { Ok(Self(text.into())) } else { Err(InvalidModelName(beginning(text, SHOWN_CHARS_MAX))) }
    }
}

crate::text_form!(ModelName, InvalidModelName);

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A text that is no model name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no model name: use 1 to 64 of a-z, 0-9 and -, starting with a letter")]
pub struct InvalidModelName(String);

/// Reads a version of a release: [Semantic Versioning](https://semver.org) 2.0.0, at most 128 bytes.
///
/// # Errors
/// If it is longer, or no such version.
pub fn parse_version(text: &str) -> Result<Version, InvalidVersion> {
    let invalid = |why: String| InvalidVersion { text: beginning(text, SHOWN_CHARS_MAX), why };
    if text.len() > VERSION_BYTES_MAX {
        return Err(invalid(format!("it has {} bytes, at most {VERSION_BYTES_MAX} are allowed", text.len())));
    }
    text.parse().map_err(|error: semver::Error| invalid(format!("three numbers are one, as in `1.0.0` ({error})")))
}

/// Reads a version for serde, with the bound of [`parse_version`]: for `#[serde(deserialize_with)]`.
///
/// # Errors
/// As [`parse_version`].
pub fn read_version<'de, D: Deserializer<'de>, V: From<Version>>(deserializer: D) -> Result<V, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_version(&text).map(V::from).map_err(serde::de::Error::custom)
}

/// A text that is no version of a release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no version of a release: {why}")]
pub struct InvalidVersion {
    text: String,
    why: String,
}

/// Characters of a text that is not what it should be, in a message about it.
const SHOWN_CHARS_MAX: usize = 80;

/// One release: the version of a model that has this digest. Immutable, and cheap to clone.
///
/// Two releases are the same when their digests are; name and version are for people.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ReleaseId {
    /// The model.
    pub name: ModelName,
    /// The version of the model.
    #[serde(deserialize_with = "read_version")]
    pub version: Arc<Version>,
    /// SHA-256 of the release file.
    pub digest: Digest,
}

impl ReleaseId {
    /// The release of a model that has this version and the file this digest.
    pub fn new(name: ModelName, version: impl Into<Arc<Version>>, digest: Digest) -> Self {
        Self { name, version: version.into(), digest }
    }

    /// Whether it is an older version of the same model. Of two versions that differ in their build metadata alone neither is
    /// older ([Semantic Versioning](https://semver.org), item 10).
    pub fn is_older_than(&self, other: &Self) -> bool {
        self.name == other.name && self.version.cmp_precedence(&other.version).is_lt()
    }
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

    #[test]
    fn a_version_is_bounded_wherever_it_is_read() {
        let longest = format!("1.0.0-{}", "a".repeat(VERSION_BYTES_MAX - 6));
        assert_eq!(parse_version(&longest).unwrap().to_string(), longest);
        for bad in [format!("{longest}a"), format!("1.0.0+{}", "9".repeat(200_000)), "1.0".to_owned()] {
            let error = parse_version(&bad).unwrap_err().to_string();
            assert!(error.len() < 500 && error.contains("no version"), "{error}");
            let stored = serde_json::json!({ "name": "phish", "version": bad, "digest": Digest::of(b"") });
            assert!(serde_json::from_value::<ReleaseId>(stored).is_err());
        }
    }

    #[test]
    fn a_build_has_no_age() {
        let is_older = |a: &str, b: &str| {
            let [a, b] = [a, b].map(|text| {
                let (name, version) = text.split_once('@').unwrap();
                let (name, version) = (name.parse().unwrap(), Arc::new(version.parse().unwrap()));
                ReleaseId { name, version, digest: Digest::of(text.as_bytes()) }
            });
            a.is_older_than(&b)
        };
        for (older, newer) in [("m@1.0.0", "m@1.0.1"), ("m@1.0.0-rc.1+b", "m@1.0.0+a"), ("m@1.0.0-9", "m@1.0.0-10")] {
            assert!(is_older(older, newer) && !is_older(newer, older), "{older}");
        }
        for (one, other) in [("m@0.1.0+9f3", "m@0.1.0+a01"), ("m@1.0.0", "m@1.0.0+1"), ("m@1.0.0", "n@2.0.0")] {
            assert!(!is_older(one, other) && !is_older(other, one), "{one}");
        }
    }

    #[test]
    fn a_message_about_a_name_shows_its_beginning() {
        let error = "ä".repeat(200_000).parse::<ModelName>().unwrap_err().to_string();
        assert!(error.chars().count() < 300, "{}", error.len());
    }
}
