//! Why a file is not accepted as a release.

use std::io;
use std::path::PathBuf;

use semver::Version;

use super::file::{CONTRACT_VERSION, Unsealed};
use super::manifest::InvalidManifest;

/// Why bytes are not accepted as a release. Nothing was compiled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is larger than the host accepts.
    #[error("it is larger than {bytes_max} bytes, the most that this host accepts")]
    Oversized {
        /// The host's limit.
        bytes_max: u64,
    },
    /// It does not start as WebAssembly does.
    #[error("it is not WebAssembly: a release is one .wasm file made by `switchback pack`")]
    NotWasm,
    /// It is a core module.
    #[error("it is a core module, not a component: `switchback pack` makes a release of the folder with its source")]
    CoreModule,
    /// Sections that packing adds are missing.
    #[error(
        "it is a component but no release: it lacks the sections that `switchback pack` adds, or was cut off before them"
    )]
    NotPacked,
    /// It was changed or cut after it was packed.
    #[error("it is damaged: {0}; fetch it again")]
    Damaged(String),
    /// Its sections are not laid out as packing does it.
    #[error("it is not laid out as a release: {0}; pack it again with `switchback pack`")]
    Layout(Unsealed),
    /// It speaks a contract that this host does not.
    #[error(
        "it speaks scoring contract {release}, this host speaks {host}: use a host that is new enough, or pack it with an SDK of this host's track"
    )]
    OtherContract {
        /// The release's.
        release: Version,
        /// The host's.
        host: Version,
    },
    /// Its manifest is not valid.
    #[error(transparent)]
    Manifest(#[from] InvalidManifest),
    /// It asks for more than the host grants.
    #[error(
        "it asks for {limit} = {asked}, this host grants at most {cap}: lower it in the manifest, or raise the host's cap"
    )]
    LimitAboveCap {
        /// The manifest's field.
        limit: &'static str,
        /// What it asks for.
        asked: u64,
        /// What the host grants.
        cap: u64,
    },
    /// It begins with more memory than it is granted.
    #[error(
        "it begins with {bytes} bytes of memory, what `prepare` left, and is granted {bytes_max}: ask for more in the manifest \
         (`limits.memory_bytes_max`; a host grants no more than its own cap), or let `prepare` use less, since memory that it \
         used and freed counts, too"
    )]
    Memory {
        /// What it begins with.
        bytes: u64,
        /// What it is granted.
        bytes_max: u64,
    },
    /// It begins with a larger table than it is granted.
    #[error(
        "it begins with a table of {elements} elements, and is granted {elements_max}: ask for more in the manifest \
         (`limits.table_elements_max`; a host grants no more than its own cap)"
    )]
    Table {
        /// What it begins with.
        elements: u64,
        /// What it is granted.
        elements_max: u64,
    },
    /// It imports something that the contract does not offer.
    #[error(
        "it imports `{0}`, which scoring contract {CONTRACT_VERSION} does not offer: build for wasm32-unknown-unknown, without clock, randomness, files and network"
    )]
    Import(String),
    /// It is not valid, or uses a proposal of WebAssembly that models do not need.
    #[error("it is not WebAssembly as models may use it: {0}")]
    Invalid(String),
    /// It holds something that no model needs, and that costs or endangers a host.
    #[error("it holds {0}, which no release needs: pack it again with `switchback pack`")]
    Needless(String),
    /// It does not export what a host calls.
    #[error("it exports no function `score`: use `switchback_guest::export!`")]
    NoScoreExport,
}

impl From<Unsealed> for Refusal {
    fn from(unsealed: Unsealed) -> Self {
        match unsealed {
            Unsealed::Missing(_) => Self::NotPacked,
            Unsealed::Broken(why) => Self::Damaged(why),
            Unsealed::Behind => Self::Damaged(unsealed.to_string()),
            other => Self::Layout(other),
        }
    }
}
