//! The layout of a release file: one component, with sections of ours at its end.
//!
//! ```text
//! component ... | switchback:contract | switchback:manifest | switchback:checksum
//! ```
//!
//! The checksum is the SHA-256 of every byte before its section, and its section is the last. Whoever
//! holds the file alone can tell that it is whole; the release's digest, the SHA-256 of the whole file,
//! is what `sha256sum` prints.

use std::borrow::Cow;

use semver::Version;
use sha2::{Digest as _, Sha256};
use wasm_encoder::{ComponentSection as _, CustomSection};
use wasmparser::{BinaryReaderError, Chunk, ComponentTypeRef, Parser, Payload, TypeBounds};

use super::digest::Digest;
use super::manifest::{InvalidManifest, Manifest};

/// The custom section that says which contract version a component speaks: `1.0.0` in ASCII.
pub const CONTRACT_SECTION: &str = "switchback:contract";
/// The custom section that holds the manifest as JSON.
pub const MANIFEST_SECTION: &str = "switchback:manifest";
/// The custom section that holds the SHA-256 of every byte before it.
pub const CHECKSUM_SECTION: &str = "switchback:checksum";

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

/// What the outermost level of a file says, read without compiling or validating its code.
#[derive(Debug, Default)]
pub(crate) struct Outline<'a> {
    pub(crate) contract: Option<&'a [u8]>,
    pub(crate) manifest: Option<&'a [u8]>,
    pub(crate) checksum: Option<Checksum<'a>>,
    /// Names of the component's imports, names for types aside.
    pub(crate) imports: Vec<&'a str>,
    /// Names of the component's exports.
    pub(crate) exports: Vec<&'a str>,
}

/// The checksum section.
#[derive(Debug)]
pub(crate) struct Checksum<'a> {
    pub(crate) stored: &'a [u8],
    /// How many bytes of the file it covers.
    pub(crate) covers_bytes: usize,
}

impl<'a> Outline<'a> {
    /// Reads the outline. Fails where the file stops making sense: it is truncated, or no component.
    pub(crate) fn read(file: &'a [u8]) -> Result<Self, BinaryReaderError> {
        let mut outline = Self::default();
        let mut parser = Parser::new(0);
        let mut offset = 0;
        loop {
            let rest = file.get(offset..).unwrap_or_default();
            let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else {
                // Never reached: with the end of the input known, the parser asks for no more.
                return Ok(outline);
            };
            let start = offset;
            offset += consumed;
            match payload {
                // What is nested is passed over; compiling the component validates it.
                Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. } => {
                    offset = unchecked_range.end;
                }
                Payload::ComponentImportSection(section) => {
                    for import in section {
                        let import = import?;
                        // `use` in a world imports a name for a type of another import: nothing to offer.
                        if !matches!(import.ty, ComponentTypeRef::Type(TypeBounds::Eq(_))) {
                            outline.imports.push(import.name.name);
                        }
                    }
                }
                Payload::ComponentExportSection(section) => {
                    for export in section {
                        outline.exports.push(export?.name.name);
                    }
                }
                Payload::CustomSection(section) => outline.keep_section(section.name(), section.data(), start),
                Payload::End(_) => return Ok(outline),
                _ => {}
            }
        }
    }

    fn keep_section(&mut self, name: &str, data: &'a [u8], start: usize) {
        match name {
            CONTRACT_SECTION => self.contract = Some(data),
            MANIFEST_SECTION => self.manifest = Some(data),
            CHECKSUM_SECTION => self.checksum = Some(Checksum { stored: data, covers_bytes: start }),
            _ => {}
        }
    }
}

/// The checksum of the first `covers_bytes` of a file and the digest of the whole, in one pass.
pub(crate) fn checksum_and_digest(file: &[u8], covers_bytes: usize) -> (Digest, Digest) {
    let mut hasher = Sha256::new_with_prefix(&file[..covers_bytes]);
    let checksum: [u8; 32] = hasher.clone().finalize().into();
    hasher.update(&file[covers_bytes..]);
    let digest: [u8; 32] = hasher.finalize().into();
    (checksum.into(), digest.into())
}
