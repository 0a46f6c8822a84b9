//! What a release is packed from: what cargo builds, or what another toolchain built.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use switchback::release::Reads;
use switchback_guests::{DamagedGuest, Guest, ONNX};

use crate::build::Built;
use crate::error::PackError;
use crate::metadata::Metadata;
use crate::prebuilt::{self, ComponentRecord};
use crate::reads;
use crate::source::Source;

/// What a release is made of, before it is initialised.
#[expect(clippy::large_enum_variant, reason = "packing makes one")]
pub(super) enum Made {
    Built(Built),
    Prebuilt(Prebuilt),
    /// A guest that comes with this crate, as a module, whose data are the model.
    Guest(Guest, Vec<u8>),
}

/// The folder of release files, in cargo's target folder or beside a component.
const RELEASES: &str = "releases";

/// What another toolchain built, as one core module.
pub(super) struct Prebuilt {
    module: Vec<u8>,
    record: ComponentRecord,
    folder: PathBuf,
}

impl Prebuilt {
    pub(super) fn read(path: &Path, source: &Source) -> Result<Self, PackError> {
        source.require_no_build()?;
        let file = fs::read(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => PackError::NotBuilt(path.to_owned()),
            _ => PackError::read(path)(error),
        })?;
        let module = prebuilt::core_module(&file, source.stub())?;
        let record = ComponentRecord::of(&file, source.stub());
        Ok(Self { module, record, folder: path.parent().unwrap_or(Path::new("")).to_owned() })
    }
}

impl Made {
    /// The guest of ONNX files.
    pub(super) fn onnx() -> Result<Self, DamagedGuest> {
        Ok(Self::Guest(ONNX, ONNX.module()?))
    }

    /// The core module.
    pub(super) fn module(&self) -> &[u8] {
        match self {
            Self::Built(built) => &built.module,
            Self::Prebuilt(prebuilt) => &prebuilt.module,
            Self::Guest(_, module) => module,
        }
    }

    /// The folder that a release goes to, unless somebody says otherwise.
    pub(super) fn releases(&self) -> PathBuf {
        match self {
            Self::Built(built) => built.target_directory.join(RELEASES),
            Self::Prebuilt(prebuilt) => prebuilt.folder.join(RELEASES),
            Self::Guest(..) => PathBuf::new(),
        }
    }

    /// What tools of the ecosystem are told, with what it was made by.
    pub(super) fn metadata(&self, metadata: Metadata) -> Metadata {
        match self {
            Self::Built(built) => metadata.built(&built.record),
            Self::Prebuilt(prebuilt) => Metadata { made_by: prebuilt.record.made_by.clone(), ..metadata },
            Self::Guest(guest, _) => metadata.of_guest(guest),
        }
    }

    pub(super) fn add_record_to(&self, component: &mut Vec<u8>) -> Result<(), PackError> {
        match self {
            Self::Built(built) => built.record.add_to(component),
            Self::Prebuilt(prebuilt) => prebuilt.record.add_to(component),
            // The metadata name the guest.
            Self::Guest(..) => Ok(()),
        }
    }

    /// Whether what a model can ask for says what it does: bindings of some languages import all of the contract, whatever is called.
    pub(super) fn imports_what_it_calls(&self, asks: Reads) -> bool {
        match self {
            Self::Built(_) => true,
            Self::Prebuilt(_) => !reads::are_all(asks),
            Self::Guest(..) => false,
        }
    }

    /// A folder of this machine that a release names, where it could be helped.
    pub(super) fn folder_named_in(&self, release: &[u8]) -> Option<&Path> {
        match self {
            Self::Built(built) => built.folder_named_in(release),
            Self::Prebuilt(_) | Self::Guest(..) => None,
        }
    }
}
