//! The layout of a release file: one component, with sections of ours at its end.
//!
//! ```text
//! component ... | switchback:contract | switchback:manifest | switchback:checksum
//! ```
//!
//! The checksum is the SHA-256 of every byte before its section, and its section is the last. Whoever
//! holds the file alone can tell that it is whole; the release's digest, the SHA-256 of the whole file,
//! is what `sha256sum` prints.
//!
//! [`Outline`] is the one reader of this layout: loading, signing, verifying and inspecting a file all go through it,
//! so none of them sees another manifest than the others do.

use std::borrow::Cow;
use std::ops::Range;

use semver::Version;
use sha2::{Digest as _, Sha256};
use wasm_encoder::{ComponentSection as _, CustomSection};
use wasmparser::{BinaryReaderError, Chunk, ComponentTypeRef, Parser, Payload, TypeBounds};

use super::digest::Digest;
use super::manifest::{InvalidManifest, Manifest};
use crate::beginning::beginning;

/// The newest contract version that this host offers.
pub const CONTRACT_VERSION: Version = Version::new(1, 1, 0);

/// The custom section that says which contract version a component speaks: `1.0.0` in ASCII.
pub const CONTRACT_SECTION: &str = "switchback:contract";
/// The custom section that holds the manifest as JSON.
pub const MANIFEST_SECTION: &str = "switchback:manifest";
/// The custom section that holds the SHA-256 of every byte before it.
pub const CHECKSUM_SECTION: &str = "switchback:checksum";

/// What the names of our sections start with. A section of this kind that this version does not know is refused.
pub(super) const OWN_PREFIX: &str = "switchback:";

/// The sections that sealing adds, in their order.
const SEAL: [&str; 3] = [CONTRACT_SECTION, MANIFEST_SECTION, CHECKSUM_SECTION];

/// Makes a release file of a component: appends contract version, manifest and checksum.
///
/// The same component and manifest always give the same bytes.
///
/// # Errors
/// If the manifest is not valid.
pub fn seal(mut component: Vec<u8>, contract: &Version, manifest: &Manifest) -> Result<Vec<u8>, InvalidManifest> {
    append_section(&mut component, CONTRACT_SECTION, contract.to_string().as_bytes());
    append_section(&mut component, MANIFEST_SECTION, &manifest.to_json()?);
    let checksum = Digest::of(&component);
    append_section(&mut component, CHECKSUM_SECTION, checksum.as_bytes());
    Ok(component)
}

fn append_section(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    CustomSection { name: Cow::Borrowed(name), data: Cow::Borrowed(data) }.append_to_component(component);
}

/// What the outermost level of a file says, as far as the file makes sense. Nothing of its code is read or validated.
#[derive(Debug, Default)]
pub struct Outline<'a> {
    file: &'a [u8],
    own: Vec<OwnSection<'a>>,
    imports: Vec<&'a str>,
    exports: Vec<&'a str>,
    broken: Option<String>,
}

/// A custom section whose name starts with [`OWN_PREFIX`].
#[derive(Debug)]
struct OwnSection<'a> {
    name: &'a str,
    data: &'a [u8],
    /// Where it lies in the file, header included.
    place: Range<usize>,
}

/// What sealing added to a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seal<'a> {
    /// The contract version that it speaks, in ASCII.
    pub contract: &'a [u8],
    /// The manifest as JSON.
    pub manifest: &'a [u8],
    /// The stored checksum.
    pub checksum: &'a [u8],
    /// How many bytes of the file the checksum covers.
    pub covers_bytes: usize,
}

impl<'a> Outline<'a> {
    /// Reads a file, up to where it stops making sense.
    pub fn read(file: &'a [u8]) -> Self {
        let mut outline = Self { file, ..Self::default() };
        outline.broken = outline.read_sections().err().map(|error| error.to_string());
        outline
    }

    /// Names of the component's imports, names for types aside.
    pub fn imports(&self) -> &[&'a str] {
        &self.imports
    }

    /// Names of the component's exports.
    pub fn exports(&self) -> &[&'a str] {
        &self.exports
    }

    /// Why the file could not be read to its end, if it could not.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// The content of one of our sections; none if it is absent or there are several, so that nobody obeys one and
    /// shows the other.
    pub fn only(&self, name: &str) -> Option<&'a [u8]> {
        let mut found = self.own.iter().filter(|section| section.name == name);
        found.next().filter(|_| found.next().is_none()).map(|section| section.data)
    }

    /// What sealing added: contract, manifest and checksum, each once, in this order, as the last sections of the file.
    /// Whether the checksum is right is another question ([`Seal::is_intact`]).
    ///
    /// # Errors
    /// If the file is laid out in any other way.
    pub fn seal(&self) -> Result<Seal<'a>, Unsealed> {
        if let Some(why) = &self.broken {
            return Err(Unsealed::Broken(why.clone()));
        }
        if let Some(unknown) = self.own.iter().find(|section| !SEAL.contains(&section.name)) {
            return Err(Unsealed::Unknown(beginning(unknown.name, SECTION_NAME_CHARS_SHOWN)));
        }
        for name in SEAL {
            match self.own.iter().filter(|section| section.name == name).count() {
                0 => return Err(Unsealed::Missing(name)),
                1 => {}
                _ => return Err(Unsealed::Repeated(name)),
            }
        }
        let [contract, manifest, checksum] = &self.own[..] else { return Err(Unsealed::Misplaced) };
        if [contract, manifest, checksum].map(|section| section.name) != SEAL
            || contract.place.end != manifest.place.start
            || manifest.place.end != checksum.place.start
        {
            return Err(Unsealed::Misplaced);
        }
        if checksum.place.end != self.file.len() {
            return Err(Unsealed::Behind);
        }
        Ok(Seal {
            contract: contract.data,
            manifest: manifest.data,
            checksum: checksum.data,
            covers_bytes: checksum.place.start,
        })
    }

    fn read_sections(&mut self) -> Result<(), BinaryReaderError> {
        let mut parser = Parser::new(0);
        let mut offset = 0;
        loop {
            let rest = self.file.get(offset..).unwrap_or_default();
            let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else {
                // Never reached: with the end of the input known, the parser asks for no more.
                return Ok(());
            };
            let start = offset;
            offset += consumed;
            match payload {
                // What is nested is passed over here; `profile.rs` looks into it.
                Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. } => {
                    offset = unchecked_range.end;
                }
                Payload::End(_) => return Ok(()),
                payload => self.keep(payload, start..offset)?,
            }
        }
    }

    fn keep(&mut self, payload: Payload<'a>, place: Range<usize>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import?;
                    // `use` in a world imports a name for a type of another import: nothing to offer.
                    if !matches!(import.ty, ComponentTypeRef::Type(TypeBounds::Eq(_))) {
                        self.imports.push(import.name.name);
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    self.exports.push(export?.name.name);
                }
            }
            Payload::CustomSection(section) if section.name().starts_with(OWN_PREFIX) => {
                self.own.push(OwnSection { name: section.name(), data: section.data(), place });
            }
            _ => {}
        }
        Ok(())
    }
}

impl Seal<'_> {
    /// Whether the checksum is that of the file, and the digest of the whole file, in one pass over it.
    pub(crate) fn check(&self, file: &[u8]) -> (bool, Digest) {
        let (covered, rest) = file.split_at(self.covers_bytes);
        let mut hasher = Sha256::new_with_prefix(covered);
        let checksum: [u8; 32] = hasher.clone().finalize().into();
        hasher.update(rest);
        let digest: [u8; 32] = hasher.finalize().into();
        (self.checksum == checksum, digest.into())
    }

    /// Whether the file, the one that it was read from, is as it was sealed.
    pub fn is_intact(&self, file: &[u8]) -> bool {
        self.check(file).0
    }
}

/// Characters of an unknown section's name that are shown.
const SECTION_NAME_CHARS_SHOWN: usize = 64;

/// Why a file is not one that was sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsealed {
    /// It cannot be read to its end.
    #[error("it cannot be read to its end: {0}")]
    Broken(String),
    /// It lacks a section.
    #[error("it has no section `{0}`")]
    Missing(&'static str),
    /// It has a section more than once.
    #[error("it has more than one section `{0}`")]
    Repeated(&'static str),
    /// It has a section of ours that this version does not know.
    #[error("it has a section `{0}`, which this version does not know")]
    Unknown(String),
    /// Its sections are in another order, or not next to each other.
    #[error("contract, manifest and checksum are not its last sections in this order")]
    Misplaced,
    /// Something follows the checksum.
    #[error("there are bytes after its checksum")]
    Behind,
}

#[cfg(test)]
mod tests;
