//! The standard metadata sections, which tools of the ecosystem show and registries read.

use std::fmt::Debug;
use std::str::FromStr;

use wasm_metadata::{AddMetadata, AddMetadataField};

use crate::error::PackError;

/// What a release says about itself to tools that know nothing of Switchback.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) description: Option<String>,
    pub(crate) authors: Vec<String>,
    /// An SPDX expression.
    pub(crate) license: Option<String>,
    /// A URL.
    pub(crate) source: Option<String>,
    /// The revision of the source, as the manifest says; never read from the checkout, because packing the
    /// same files must give the same bytes.
    pub(crate) revision: Option<String>,
}

impl Metadata {
    /// Adds the sections to a component that has none.
    pub(crate) fn add_to(&self, component: &[u8]) -> Result<Vec<u8>, PackError> {
        let authors = (!self.authors.is_empty()).then(|| self.authors.join(", "));
        let mut add = AddMetadata::default();
        add.name = AddMetadataField::Set(self.name.clone());
        add.processed_by = vec![(env!("CARGO_PKG_NAME").to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
        add.version = field("version", Some(&self.version))?;
        add.description = field("description", self.description.as_deref())?;
        add.authors = field("authors", authors.as_deref())?;
        add.licenses = field("license", self.license.as_deref())?;
        add.source = field("source", self.source.as_deref())?;
        add.revision = field("revision", self.revision.as_deref())?;
        add.to_wasm(component).map_err(|error| PackError::Componentise { why: format!("metadata: {error:#}") })
    }
}

fn field<T>(field: &'static str, value: Option<&str>) -> Result<AddMetadataField<T>, PackError>
where
    T: Clone + Debug + FromStr,
    T::Err: ToString,
{
    let Some(value) = value else { return Ok(AddMetadataField::Keep) };
    let parsed = value.parse().map_err(|error: T::Err| PackError::Metadata { field, why: error.to_string() })?;
    Ok(AddMetadataField::Set(parsed))
}
