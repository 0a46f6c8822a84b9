//! Draft -> Verified: every check that needs no compiler.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use semver::Version;

use super::file::{Outline, checksum_and_digest};
use super::id::ReleaseId;
use super::manifest::{InvalidManifest, Manifest};
use crate::limits::Limits;

/// The newest contract version that this host offers.
pub const CONTRACT_VERSION: Version = Version::new(1, 0, 0);

/// The interfaces that a model may import, without their version.
const OFFERED: [&str; 3] = ["switchback:scoring/message", "switchback:scoring/assessment", "switchback:scoring/log"];

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

    /// Reads a file that claims to be a release; no more than one byte over the size that `limits`
    /// allow.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read(path: &Path, limits: &Limits) -> Result<Self, Refusal> {
        let unreadable = |source| Refusal::Unreadable { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        let mut bytes = Vec::new();
        file.take(limits.release_bytes_max + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        Ok(Self { bytes })
    }

    /// Checks, in this order and stopping at the first that fails: size, that it is a component, that
    /// it is whole, its contract version, its manifest and the limits that it asks for, and that it
    /// imports the contract and nothing else.
    ///
    /// # Errors
    /// [`Refusal`], for the first check that fails.
    pub fn verify(self, limits: &Limits) -> Result<Verified, Refusal> {
        let bytes = self.bytes;
        if bytes.len() as u64 > limits.release_bytes_max {
            return Err(Refusal::Oversized { bytes_max: limits.release_bytes_max });
        }
        check_is_component(&bytes)?;
        let outline = Outline::read(&bytes).map_err(|e| Refusal::Damaged(e.to_string()))?;
        let checksum = outline.checksum.as_ref().ok_or(Refusal::NotPacked)?;
        let (found, digest) = checksum_and_digest(&bytes, checksum.covers_bytes);
        if checksum.stored != found.as_bytes() {
            return Err(Refusal::Damaged("its checksum does not match its content".to_owned()));
        }
        // The last section, and nothing after it: name length, name, 32 bytes, at the very end.
        if !bytes.ends_with(checksum.stored) {
            return Err(Refusal::Damaged("there are bytes after its checksum".to_owned()));
        }
        check_contract(outline.contract.ok_or(Refusal::NotPacked)?)?;
        let manifest = Manifest::from_json(outline.manifest.ok_or(Refusal::NotPacked)?)?;
        check_limits(&manifest, limits)?;
        check_interfaces(&outline)?;
        let id = ReleaseId { name: manifest.name.clone(), version: Arc::new(manifest.version.clone()), digest };
        Ok(Verified { id, manifest, bytes })
    }
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

    pub(crate) fn into_parts(self) -> (ReleaseId, Manifest, Vec<u8>) {
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
    let text = String::from_utf8_lossy(section);
    let version =
        Version::parse(&text).map_err(|_| Refusal::Damaged(format!("its contract version `{text}` is none")))?;
    if version.major != CONTRACT_VERSION.major || version > CONTRACT_VERSION {
        return Err(Refusal::OtherContract { release: version, host: CONTRACT_VERSION });
    }
    Ok(())
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
        OFFERED.contains(&interface)
            && Version::parse(version).is_ok_and(|v| v.major == CONTRACT_VERSION.major && v <= CONTRACT_VERSION)
    };
    if let Some(import) = outline.imports.iter().find(|import| !offered(import)) {
        return Err(Refusal::Import((*import).to_owned()));
    }
    if !outline.exports.contains(&SCORE_EXPORT) {
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
    #[error("it is a core module, not a component: pack it with `switchback pack`")]
    CoreModule,
    /// Sections that packing adds are missing.
    #[error(
        "it is a component but no release: it lacks the sections that `switchback pack` adds, or was cut off before them"
    )]
    NotPacked,
    /// It was changed or cut after it was packed.
    #[error("it is damaged: {0}; fetch it again")]
    Damaged(String),
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
    /// It imports something that the contract does not offer.
    #[error(
        "it imports `{0}`, which scoring contract {CONTRACT_VERSION} does not offer: build for wasm32-unknown-unknown, without clock, randomness, files and network"
    )]
    Import(String),
    /// It does not export what a host calls.
    #[error("it exports no function `score`: use `switchback_guest::export!`")]
    NoScoreExport,
}
