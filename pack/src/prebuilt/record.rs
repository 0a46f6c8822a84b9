//! What a release says about the file that it was packed from.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use switchback::Digest;
use wasm_encoder::{ComponentSection as _, CustomSection};

use super::Stub;
use crate::error::PackError;
use crate::section::only_section;

/// The custom section that holds it as JSON. Hosts do not read it, so it has none of their names.
const SECTION: &str = "switchback-component";

/// What a release was packed from that another toolchain built. The same file, data and manifest give the same release; many tools
/// build a file with other bytes each time, so whoever checks a release needs this very one.
///
/// What packed the release wrote this; a host believes none of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ComponentRecord {
    /// SHA-256 of the file.
    pub file: Digest,
    /// The version of `switchback-pack`.
    pub packer: String,
    /// What took the place of imports that the contract does not offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stub: Option<Stub>,
    /// The languages and tools that the file names, each with its version.
    pub made_by: Vec<(String, String)>,
}

impl ComponentRecord {
    pub(crate) fn of(file: &[u8], stub: Option<Stub>) -> Self {
        let payload = wasm_metadata::Payload::from_binary(file).ok();
        let mut made_by = Vec::new();
        payload.iter().for_each(|payload| add_tools(payload, &mut made_by));
        made_by.sort();
        made_by.dedup();
        Self { file: Digest::of(file), packer: env!("CARGO_PKG_VERSION").to_owned(), stub, made_by }
    }

    /// Reads it from a release. There is none where several claim to be it.
    pub(crate) fn read(release: &[u8]) -> Option<Self> {
        serde_json::from_slice(only_section(release, SECTION)?).ok()
    }

    /// Adds it to a component.
    pub(crate) fn add_to(&self, component: &mut Vec<u8>) -> Result<(), PackError> {
        let json = serde_json::to_vec(self).map_err(|error| PackError::Componentise { why: error.to_string() })?;
        CustomSection { name: SECTION.into(), data: Cow::Owned(json) }.append_to_component(component);
        Ok(())
    }
}

/// What a file and the modules in it say of who made them.
fn add_tools(payload: &wasm_metadata::Payload, tools: &mut Vec<(String, String)>) {
    for field in ["language", "processed-by"] {
        let named = payload.metadata().producers.as_ref().and_then(|producers| producers.get(field));
        tools
            .extend(named.iter().flat_map(|field| field.iter().map(|(name, version)| (name.clone(), version.clone()))));
    }
    if let wasm_metadata::Payload::Component { children, .. } = payload {
        children.iter().for_each(|child| add_tools(child, tools));
    }
}
