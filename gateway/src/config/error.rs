//! Why a configuration cannot be used.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no TOML, or has a field that is not known or of another kind. The text shows the line.
    #[error(transparent)]
    Syntax(#[from] toml_edit::de::Error),
    /// A value that is not possible, or contradicts another one.
    #[error("{field}: {why}")]
    Value {
        /// The field, with its sections, such as `held.keep`.
        field: String,
        /// Why.
        why: String,
    },
    /// One of these, in a file.
    #[error("{}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        source: Box<ConfigError>,
    },
}

impl ConfigError {
    pub(super) fn value(field: impl Into<String>, why: impl Display) -> Self {
        Self::Value { field: field.into(), why: why.to_string() }
    }

    pub(super) fn in_file(self, path: &Path) -> Self {
        Self::InFile { path: path.to_owned(), source: Box::new(self) }
    }
}
