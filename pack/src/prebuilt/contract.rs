//! Which version of the contract a model was built for, and its text.

use std::borrow::Cow;
use std::collections::BTreeSet;

use semver::Version;
use switchback::release::{CONTRACT_SECTION, CONTRACT_VERSION};
use wasm_encoder::{Encode as _, Section as _};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::program::Program;
use super::refused;
use crate::component::CONTRACT_PACKAGE;
use crate::error::PackError;

/// The versions that there are, with their texts. The folder `wit` beside this crate's manifest is a link to the contract; a published
/// crate carries its own copy.
const TEXTS: [(Version, &str); 2] =
    [(Version::new(1, 0, 0), include_str!("../../wit/1.0.0/scoring.wit")), (Version::new(1, 1, 0), NEWEST)];

/// The text of the newest contract.
pub(crate) const NEWEST: &str = include_str!("../../wit/1.1.0/scoring.wit");

/// The world that a model implements.
const WORLD: &str = "plugin";

/// The version of the interfaces that a model imports; the newest if it imports none.
pub(super) fn version(program: &Program<'_>) -> Result<Version, PackError> {
    let ours = program.hosts().filter_map(|host| host.interface.strip_prefix(CONTRACT_PACKAGE));
    let versions: BTreeSet<_> =
        ours.map(|interface| interface.split_once('@').map_or("", |(_, version)| version)).collect();
    match versions.into_iter().collect::<Vec<_>>()[..] {
        [] => Ok(CONTRACT_VERSION),
        [text] => {
            let known = TEXTS.into_iter().map(|(version, _)| version).find(|version| version.to_string() == text);
            known.ok_or_else(|| {
                refused(format!(
                    "it was built for version `{text}` of the contract, and this command knows {}: build it with the text of one \
                     of them, which `switchback new --language c` puts beside a new model",
                    TEXTS.map(|(version, _)| version.to_string()).join(" and ")
                ))
            })
        }
        ref several => Err(refused(format!("it imports several versions of the contract: {}", several.join(", ")))),
    }
}

/// A module of the contract's imports and exports with the sections that say so, as the SDK for Rust puts them there.
pub(super) fn declared(mut module: Vec<u8>, contract: &Version) -> Result<Vec<u8>, PackError> {
    let text = TEXTS.into_iter().find(|(version, _)| version == contract).map_or(NEWEST, |(_, text)| text);
    let mut resolve = Resolve::default();
    let world = resolve.push_str("scoring.wit", text).and_then(|package| resolve.select_world(&[package], Some(WORLD)));
    world
        .and_then(|world| embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8))
        .map_err(|error| PackError::Componentise { why: format!("{error:#}") })?;
    let name = wasm_encoder::CustomSection {
        name: Cow::Borrowed(CONTRACT_SECTION),
        data: Cow::Owned(contract.to_string().into_bytes()),
    };
    module.push(name.id());
    name.encode(&mut module);
    Ok(module)
}
