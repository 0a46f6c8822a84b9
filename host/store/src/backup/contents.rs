//! What is in a backup.

use std::path::{Component, Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use switchback_model::release::Digest;

use crate::control::EventSequence;

/// The name of the file that says what a backup holds. The last one: what ends before it was cut off.
pub(super) const CONTENTS: &str = "switchback-backup.json";

/// The version of the format. One that is higher is not read.
pub(super) const FORMAT: u32 = 1;

pub(super) const DATABASE: &str = "control.db";
pub(super) const GUARD: &str = "guard.db";
pub(super) const GUARD_SINCE: &str = "guard.since";
pub(super) const RELEASES: &str = "releases";
pub(super) const JOURNAL: &str = "journal";
pub(super) const JOURNAL_KEY: &str = "key";

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Contents {
    /// The version of the format.
    pub format: u32,
    /// The version of Switchback that made it.
    pub program: String,
    /// When it was made.
    pub at: Timestamp,
    /// The last event of its ledger.
    pub sequence: EventSequence,
    /// That event's hash.
    pub head: Digest,
    /// Its files.
    pub files: Vec<Packed>,
}

/// A file in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Packed {
    /// Its path in the store's folder.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Digest,
}

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BackedUp {
    /// What it holds.
    pub contents: Contents,
    /// The size of the file in bytes.
    pub bytes: u64,
    /// Releases of the ledger whose files the store does not have: they are not in it.
    pub missing: Vec<Digest>,
    /// Why what the guard remembers is not in it, where it cannot be read.
    pub without_guard: Option<String>,
}

/// Whether a file of this path can be in a backup. Nothing else is unpacked, whatever an archive names.
pub(super) fn is_expected(path: &Path) -> bool {
    let names: Option<Vec<_>> = path
        .components()
        .map(|component| match component {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    match names.as_deref() {
        Some([DATABASE | GUARD | GUARD_SINCE | CONTENTS]) => true,
        Some([folder, name]) if *folder == RELEASES => {
            let digest = name.strip_suffix(".wasm.minisig").or_else(|| name.strip_suffix(".wasm"));
            digest.is_some_and(|digest| digest.parse::<Digest>().is_ok())
        }
        Some([folder, name]) if *folder == JOURNAL => {
            *name == JOURNAL_KEY || [".parquet", ".arrows"].iter().any(|ending| name.ends_with(ending))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_files_of_a_store_is_expected() {
        let release = format!("releases/{}.wasm", Digest::of(b""));
        for path in ["control.db", "guard.db", "journal/key", "journal/20250425T092400123456-7.parquet", &release] {
            assert!(is_expected(Path::new(path)), "{path}");
        }
        for path in [
            "/control.db",
            "../control.db",
            "releases/../control.db",
            "control.db-wal",
            "control.head",
            "compiled/1/2.cwasm",
            "releases/x.wasm",
            "journal/a/b.parquet",
            "releases",
            "",
        ] {
            assert!(!is_expected(Path::new(path)), "{path}");
        }
    }
}
