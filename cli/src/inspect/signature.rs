//! The signature beside a release, shown as it is.

use std::fmt;
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use switchback::release::{KeyId, Signature, read_signature, signature_path};

use crate::exit::chain;

/// What lies where the signature of a release does. Whether it matches is not known.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "lowercase", tag = "state")]
pub(super) enum Beside {
    /// Nothing.
    Absent,
    /// A signature.
    Unchecked {
        /// The key that claims to have made it.
        key: KeyId,
        /// What it says of the release.
        comment: String,
    },
    /// Something else.
    Unreadable {
        /// What is wrong with it.
        problem: String,
    },
}

impl Beside {
    /// Looks beside a release file.
    pub(super) fn file(release: &Path) -> Self {
        let text = match read_signature(&signature_path(release)) {
            Ok(None) => return Self::Absent,
            Ok(Some(text)) => text,
            Err(e) => return Self::Unreadable { problem: chain(&e) },
        };
        match text.parse::<Signature>() {
            Ok(signature) => {
                Self::Unchecked { key: signature.key_id(), comment: signature.trusted_comment().to_owned() }
            }
            Err(e) => Self::Unreadable { problem: e.to_string() },
        }
    }
}

impl fmt::Display for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("none beside the file"),
            Self::Unchecked { key, comment } => {
                write!(f, "by key {key}, not checked (`switchback verify` does): {comment}")
            }
            Self::Unreadable { problem } => write!(f, "UNREADABLE: {problem}"),
        }
    }
}
