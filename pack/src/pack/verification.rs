//! Whether a release is what its model is packed to.

use std::path::Path;

use serde::Serialize;
use switchback::{Digest, ReleaseId};

use crate::error::PackError;
use crate::inspect::{Checksum, Difference, Inspection, differences};
use crate::source::Source;

/// What packing a model again came to, beside a release of it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Verification {
    /// The release.
    pub id: ReleaseId,
    /// The digest of what was packed here.
    pub packed: Digest,
    /// Whether both are the same, byte by byte.
    pub same: bool,
    /// In what they differ, causes before consequences.
    pub differences: Vec<Difference>,
}

impl Verification {
    pub(super) fn of(id: ReleaseId, released: &[u8], packed: &[u8]) -> Self {
        Self { id, packed: Digest::of(packed), same: released == packed, differences: differences(released, packed) }
    }
}

/// What a file is, if it is a release that nobody changed.
pub(super) fn id_of(path: &Path, release: &[u8]) -> Result<ReleaseId, PackError> {
    let inspection = Inspection::read(release);
    match (inspection.id, inspection.checksum) {
        (Some(id), Checksum::Matches) => Ok(id),
        _ => Err(PackError::NoRelease { path: path.to_owned(), why: inspection.problems.join("; ") }),
    }
}

/// Refuses a release of something else before it takes the time to build.
pub(super) fn require_same_model(path: &Path, id: &ReleaseId, source: &Source) -> Result<(), PackError> {
    if id.name == *source.name() && id.version == source.version().clone().into() {
        return Ok(());
    }
    let model = format!("{}@{}", source.name(), source.version());
    Err(PackError::OtherRelease { path: path.to_owned(), release: id.to_string(), model })
}
