//! Release files in the folder of a store.

use switchback_model::release::Digest;
use switchback_system::private::{self, Owner};

use super::super::files::{ReleaseFiles, ReleaseStamps};
use super::super::layout::stamp;
use super::{SqliteStore, StoreError};

impl ReleaseFiles for SqliteStore {
    fn release_location(&self, release: &Digest) -> String {
        self.layout().release_file(release).display().to_string()
    }

    fn keep_release(&self, release: &Digest, bytes: &[u8], signature: Option<&str>) -> Result<(), StoreError> {
        Ok(self.layout().keep_release(release, bytes, signature)?)
    }

    fn read_release(&self, release: &Digest, bytes_max: u64) -> Result<(Vec<u8>, Option<String>), StoreError> {
        // Whoever may look at the store of somebody else is told what is in it.
        let is_ours = private::check_dir(self.layout().dir()).is_ok();
        let owner = if is_ours { Owner::Ours } else { Owner::Anybody };
        Ok(self.layout().read_release(release, bytes_max, owner)?)
    }

    fn find_release(&self, release: &Digest) -> Result<(), StoreError> {
        let found = private::check_path(&self.layout().release_file(release), Owner::Anybody);
        found.map_err(|error| StoreError::Layout(error.into()))
    }

    fn release_stamps(&self, release: &Digest) -> ReleaseStamps {
        let layout = self.layout();
        ReleaseStamps { file: stamp(&layout.release_file(release)), signature: stamp(&layout.signature_file(release)) }
    }

    fn set_release_aside(&self, release: &Digest) -> Result<String, StoreError> {
        Ok(self.layout().set_release_aside(release)?.display().to_string())
    }
}
