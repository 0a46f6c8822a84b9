//! Draft -> Verified: every check that needs no compiler.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use semver::Version;

use super::file::{Outline, Seal, Unsealed};
use super::id::{ReleaseId, VERSION_BYTES_MAX};
use super::manifest::{InvalidManifest, Manifest};
use super::profile;
use crate::beginning::beginning;
use crate::contain::contained;
use crate::limits::Limits;

/// The newest contract version that this host offers.
pub const CONTRACT_VERSION: Version = Version::new(1, 0, 0);

/// The interfaces that a model may import, without their version.
const OFFERED: [&str; 3] = ["switchback:scoring/message", "switchback:scoring/assessment", "switchback:scoring/log"];

/// Characters of a foreign import's name that are shown.
const IMPORT_CHARS_SHOWN: usize = 256;

/// The exported function that scores. Without it there is nothing to call.
const SCORE_EXPORT: &str = "score";

/// Bytes that claim to be a release. Nothing is known of them.
#[derive(Debug)]
pub struct Draft {
    bytes: Vec<u8>,
}

impl Draft {
    /// Takes bytes that claim to be a release.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// Checks, in this order and stopping at the first that fails: size, that it is a component, that
    /// it is whole, its contract version, its manifest and the limits that it asks for, that it
    /// imports the contract and nothing else, and that it is valid and holds nothing that no release needs.
    ///
    /// # Errors
    /// [`Refusal`], for the first check that fails.
    pub fn verify(self, limits: &Limits) -> Result<Verified, Refusal> {
        let bytes = self.bytes;
        let (id, manifest) = contained(|| check(&bytes, limits))
            .unwrap_or_else(|said| Err(Refusal::Invalid(format!("reading it ended in a panic: {said}"))))?;
        Ok(Verified { id, manifest, bytes })
    }
}

fn check(bytes: &[u8], limits: &Limits) -> Result<(ReleaseId, Manifest), Refusal> {
    if bytes.len() as u64 > limits.release_bytes_max {
        return Err(Refusal::Oversized { bytes_max: limits.release_bytes_max });
    }
    check_is_component(bytes)?;
    let outline = Outline::read(bytes);
    let Seal { contract, manifest, .. } = outline.seal()?;
    let (is_intact, digest) = outline.seal()?.check(bytes);
    if !is_intact {
        return Err(Refusal::Damaged("its checksum does not match its content".to_owned()));
    }
    check_contract(contract)?;
    let manifest = Manifest::from_json(manifest)?;
    check_limits(&manifest, limits)?;
    check_interfaces(&outline)?;
    profile::check(bytes, &limits.of_release(&manifest.limits))?;
    let id = ReleaseId { name: manifest.name.clone(), version: Arc::new(manifest.version.clone()), digest };
    Ok((id, manifest))
}

/// A release that passed every check that needs no compiler. Only a `Verified` can be loaded.
#[derive(Clone, Debug)]
pub struct Verified {
    id: ReleaseId,
    manifest: Manifest,
    bytes: Vec<u8>,
}

impl Verified {
    /// What it is.
    pub fn id(&self) -> &ReleaseId {
        &self.id
    }

    /// What it says about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The whole release file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[doc(hidden)]
    pub fn into_parts(self) -> (ReleaseId, Manifest, Vec<u8>) {
        (self.id, self.manifest, self.bytes)
    }
}

/// The preamble of WebAssembly (core specification, section 5.5.16; component model, `Binary.md`): four
/// magic bytes, a 16-bit version and a 16-bit layer, which is 0 for a module and 1 for a component.
fn check_is_component(bytes: &[u8]) -> Result<(), Refusal> {
    match bytes.get(..8) {
        Some([0, b'a', b's', b'm', _, _, 1, 0]) => Ok(()),
        Some([0, b'a', b's', b'm', _, _, 0, 0]) => Err(Refusal::CoreModule),
        _ => Err(Refusal::NotWasm),
    }
}

fn check_contract(section: &[u8]) -> Result<(), Refusal> {
    let text = std::str::from_utf8(section).ok().filter(|text| text.len() <= VERSION_BYTES_MAX);
    let version = text.and_then(|text| Version::parse(text).ok());
    let version = version.ok_or_else(|| Refusal::Damaged("what it calls its contract version is none".to_owned()))?;
    if !is_spoken(&version) {
        return Err(Refusal::OtherContract { release: version, host: CONTRACT_VERSION });
    }
    Ok(())
}

/// Whether this host speaks a version of the contract. A pre-release or a build of a version is another contract than
/// the version itself.
fn is_spoken(version: &Version) -> bool {
    version.pre.is_empty()
        && version.build.is_empty()
        && version.major == CONTRACT_VERSION.major
        && *version <= CONTRACT_VERSION
}

fn check_limits(manifest: &Manifest, limits: &Limits) -> Result<(), Refusal> {
    let caps = limits.manifest_caps();
    match manifest.limits.named().into_iter().zip(caps).find(|((_, asked), cap)| asked.is_some_and(|a| a > *cap)) {
        Some(((limit, Some(asked)), cap)) => Err(Refusal::LimitAboveCap { limit, asked, cap }),
        _ => Ok(()),
    }
}

fn check_interfaces(outline: &Outline<'_>) -> Result<(), Refusal> {
    let offered = |import: &str| {
        let (interface, version) = import.split_once('@').unwrap_or((import, ""));
        OFFERED.contains(&interface) && Version::parse(version).is_ok_and(|version| is_spoken(&version))
    };
    if let Some(import) = outline.imports().iter().find(|import| !offered(import)) {
        return Err(Refusal::Import(beginning(import, IMPORT_CHARS_SHOWN)));
    }
    if !outline.exports().contains(&SCORE_EXPORT) {
        return Err(Refusal::NoScoreExport);
    }
    Ok(())
}

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
