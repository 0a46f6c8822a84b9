//! The files of a store's releases.

use switchback_model::release::Digest;

use super::error::StoreError;

/// Keeps the files of releases and their signatures, by digest. Nothing is checked: whoever reads a file compares its digest.
pub trait ReleaseFiles {
    /// Where the file of a release is, or would be, in words for its operator.
    fn release_location(&self, release: &Digest) -> String;

    /// Keeps the file of a release and its signature, durably. There is never a moment in which a signed release lies there
    /// unsigned.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn keep_release(&self, release: &Digest, bytes: &[u8], signature: Option<&str>) -> Result<(), StoreError>;

    /// Reads the file of a release, of at most `bytes_max` bytes and one more, and its signature.
    ///
    /// # Errors
    /// [`StoreError::NoRelease`] if it is not there; otherwise if it cannot be read.
    fn read_release(&self, release: &Digest, bytes_max: u64) -> Result<(Vec<u8>, Option<String>), StoreError>;

    /// Whether the file of a release is there, whatever is in it. Reads none.
    ///
    /// # Errors
    /// As [`ReleaseFiles::read_release`].
    fn find_release(&self, release: &Digest) -> Result<(), StoreError>;

    /// What tells the file of a release, and its signature, from others that were put in their places.
    fn release_stamps(&self, release: &Digest) -> ReleaseStamps;

    /// Takes a damaged file of a release away without deleting it, and says where it is now.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn set_release_aside(&self, release: &Digest) -> Result<String, StoreError>;
}

/// Tells the file of a release and its signature from others that are put in their places: as long as these are equal, nobody
/// has touched them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReleaseStamps {
    /// That of the file; none if it is not there.
    pub file: Option<String>,
    /// That of the signature; none if there is none.
    pub signature: Option<String>,
}
