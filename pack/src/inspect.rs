//! Everything that a release file says, as far as it can be read.

mod difference;
mod parts;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::Serialize;
use switchback::release::{CHECKSUM_SECTION, CONTRACT_SECTION, Draft, MANIFEST_SECTION, Manifest, Outline, Unsealed};
use switchback::{Digest, Limits, ReleaseId};

pub use self::difference::{Difference, Part};
pub use self::parts::{CoreModule, Section};

pub(crate) use self::difference::differences;

use self::parts::Parts;
use crate::build::BuildRecord;
use crate::error::PackError;
use crate::prebuilt::ComponentRecord;

/// What every WebAssembly file begins with.
const WASM_MAGIC: &[u8] = b"\0asm";
/// The most bytes of a file that is read: twice the largest release that a host loads by default.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// What is known of a file that claims to be a release. A damaged one says as much as can still be read,
/// and what is wrong with it. Contract and manifest are read by the reader that loading uses ([`Outline`]): what could be
/// read in two ways is not shown.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Inspection {
    /// The size of the file in bytes.
    pub size_bytes: usize,
    /// SHA-256 of the file, as `sha256sum` prints it.
    pub digest: Digest,
    /// What it is; absent if the manifest cannot be read.
    pub id: Option<ReleaseId>,
    /// The version of the scoring contract that it speaks.
    pub contract: Option<String>,
    /// Whether the file is as it was packed.
    pub checksum: Checksum,
    /// What it says about itself.
    pub manifest: Option<Manifest>,
    /// The standard metadata sections.
    pub metadata: Option<Metadata>,
    /// How it was built; absent if it does not say, or was not built from a Cargo package.
    pub build: Option<BuildRecord>,
    /// What it was packed from, if another toolchain built that.
    pub component: Option<ComponentRecord>,
    /// The component's imports.
    pub imports: Vec<String>,
    /// The component's exports.
    pub exports: Vec<String>,
    /// The component's own sections in the order of the file, nested modules aside.
    pub sections: Vec<Section>,
    /// The core modules in it.
    pub modules: Vec<CoreModule>,
    /// What could not be read, and why a host with default limits refuses the file, if it does.
    pub problems: Vec<String>,
}

/// Whether a file is as it was packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Checksum {
    /// It is.
    Matches,
    /// It was changed or damaged.
    Differs,
    /// It has no checksum, or more than one: it was never packed, or was cut off or put together.
    Absent,
}

/// The standard metadata sections: <https://github.com/WebAssembly/tool-conventions>.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Metadata {
    /// The component's name.
    pub name: Option<String>,
    /// The version of the packed software.
    pub version: Option<String>,
    /// One line for a person.
    pub description: Option<String>,
    /// Who made it.
    pub authors: Option<String>,
    /// An SPDX expression.
    pub licenses: Option<String>,
    /// Where the source is.
    pub source: Option<String>,
    /// Which revision of the source it is.
    pub revision: Option<String>,
    /// The tools that made it, with their versions.
    pub processed_by: Vec<(String, String)>,
}

impl Inspection {
    /// Reads a file.
    ///
    /// # Errors
    /// If the file cannot be read, or is larger than 64 MiB, twice what a host loads by default. What it contains is never an
    /// error.
    pub fn of_file(path: impl AsRef<Path>) -> Result<Self, PackError> {
        let path = path.as_ref();
        Ok(Self::read(&bounded(path).map_err(PackError::read(path))?))
    }

    /// Reads bytes. Never fails: what is wrong with them is in [`problems`](Self::problems).
    pub fn read(bytes: &[u8]) -> Self {
        let mut problems = Vec::new();
        if let Err(refusal) = Draft::new(bytes.to_vec()).verify(&Limits::default()) {
            problems.push(refusal.to_string());
        }
        let outline = Outline::read(bytes);
        let parts = Parts::read(bytes);
        // Of what is not WebAssembly at all, the refusal has said enough.
        let broken_at = parts.broken_at.as_ref().filter(|_| bytes.starts_with(WASM_MAGIC));
        problems.extend(broken_at.map(|why| format!("it cannot be read to its end: {why}")));
        let digest = Digest::of(bytes);
        let manifest = outline.only(MANIFEST_SECTION).and_then(|json| Manifest::from_json(json).ok());
        Self {
            size_bytes: bytes.len(),
            digest,
            id: manifest
                .as_ref()
                .map(|manifest| ReleaseId::new(manifest.name.clone(), manifest.version.clone(), digest)),
            contract: outline.only(CONTRACT_SECTION).map(|text| String::from_utf8_lossy(text).into_owned()),
            checksum: checksum(bytes, &outline),
            manifest,
            metadata: Metadata::read(bytes),
            build: BuildRecord::read(bytes),
            component: ComponentRecord::read(bytes),
            imports: outline.imports().iter().map(ToString::to_string).collect(),
            exports: outline.exports().iter().map(ToString::to_string).collect(),
            sections: parts.sections,
            modules: parts.modules,
            problems,
        }
    }

    /// The code of all core modules, in bytes.
    pub fn code_bytes(&self) -> usize {
        self.modules.iter().map(|module| module.code_bytes()).sum()
    }

    /// The initialised memory of all core modules, in bytes: what the snapshot holds.
    pub fn data_bytes(&self) -> usize {
        self.modules.iter().map(|module| module.data_bytes()).sum()
    }

    /// Whether a host with default limits would try to load it.
    pub fn is_acceptable(&self) -> bool {
        self.problems.is_empty()
    }
}

/// A file that is no larger than that: a device would fill the memory.
pub(crate) fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let why = format!("it has more than {} MiB, so it is no release", FILE_BYTES_MAX >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

fn checksum(bytes: &[u8], outline: &Outline<'_>) -> Checksum {
    match outline.seal() {
        Ok(seal) if seal.is_intact(bytes) => Checksum::Matches,
        Err(Unsealed::Missing(CHECKSUM_SECTION)) => Checksum::Absent,
        Err(_) if outline.only(CHECKSUM_SECTION).is_none() => Checksum::Absent,
        _ => Checksum::Differs,
    }
}

impl Metadata {
    fn read(bytes: &[u8]) -> Option<Self> {
        let payload = wasm_metadata::Payload::from_binary(bytes).ok()?;
        let found = payload.metadata();
        let processed_by = found.producers.as_ref().and_then(|producers| producers.get("processed-by"));
        let tools =
            processed_by.iter().flat_map(|field| field.iter().map(|(tool, version)| (tool.clone(), version.clone())));
        Some(Self {
            name: found.name.clone(),
            version: found.version.as_ref().map(ToString::to_string),
            description: found.description.as_ref().map(ToString::to_string),
            authors: found.authors.as_ref().map(ToString::to_string),
            licenses: found.licenses.as_ref().map(ToString::to_string),
            source: found.source.as_ref().map(ToString::to_string),
            revision: found.revision.as_ref().map(ToString::to_string),
            processed_by: tools.collect(),
        })
    }
}
