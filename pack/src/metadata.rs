//! The standard metadata sections, which tools of the ecosystem show and registries read.

use switchback_guests::Guest;
use wasm_metadata::{AddMetadata, AddMetadataField, Licenses, Source};

use crate::build::BuildRecord;
use crate::error::PackError;

/// What a release says about itself to tools that know nothing of Switchback.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) description: Option<String>,
    pub(crate) authors: Vec<String>,
    pub(crate) license: Option<Licenses>,
    pub(crate) source: Option<Source>,
    /// The revision of the source, as the manifest says; never read from the checkout, because packing the
    /// same files must give the same bytes.
    pub(crate) revision: Option<String>,
    /// The version of the compiler.
    pub(crate) rustc: Option<String>,
    /// Tools of other languages, with their versions.
    pub(crate) made_by: Vec<(String, String)>,
    /// The guest that was built before.
    pub(crate) guest: Option<Guest>,
}

impl Metadata {
    /// With what it was built with.
    pub(crate) fn built(self, record: &BuildRecord) -> Self {
        Self { rustc: Some(record.rustc_version().to_owned()), ..self }
    }

    /// With the guest that was built before.
    pub(crate) fn of_guest(self, guest: &Guest) -> Self {
        Self { guest: Some(*guest), ..self }
    }

    /// Adds the sections to a component that has none.
    pub(crate) fn add_to(&self, component: &[u8]) -> Result<Vec<u8>, PackError> {
        let authors = (!self.authors.is_empty()).then(|| self.authors.join(", "));
        let mut add = AddMetadata::default();
        add.name = AddMetadataField::Set(self.name.clone());
        if let Some(rustc) = &self.rustc {
            add.language = vec![("Rust".to_owned(), String::new())];
            add.processed_by = vec![("rustc".to_owned(), rustc.clone())];
        }
        add.processed_by.extend(self.made_by.iter().cloned());
        let guest =
            self.guest.map(|guest| (format!("switchback-guest-{}", guest.name), format!("sha256:{}", guest.sha256())));
        add.processed_by.extend(guest);
        add.processed_by.push((env!("CARGO_PKG_NAME").to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
        add.version = AddMetadataField::Set(wasm_metadata::Version::new(self.version.clone()));
        add.description = field(self.description.clone().map(wasm_metadata::Description::new));
        add.authors = field(authors.map(wasm_metadata::Authors::new));
        add.licenses = field(self.license.clone());
        add.source = field(self.source.clone());
        add.revision = field(self.revision.clone().map(wasm_metadata::Revision::new));
        add.to_wasm(component).map_err(|error| PackError::Componentise { why: format!("metadata: {error:#}") })
    }
}

fn field<T: Clone + std::fmt::Debug>(value: Option<T>) -> AddMetadataField<T> {
    value.map_or(AddMetadataField::Keep, AddMetadataField::Set)
}
