//! Which store a runtime follows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use switchback_store::control::{ControlStore, SqliteStore, StoreError};

use crate::runtime::follow::contained::ContainedStore;

#[derive(Clone, Debug)]
pub(in crate::runtime) enum Followed {
    InFolder(PathBuf),
    Given(Arc<dyn ControlStore>),
}

impl Followed {
    pub(in crate::runtime) fn open(self) -> Result<Arc<dyn ControlStore>, StoreError> {
        match self {
            Self::InFolder(dir) => Ok(Arc::new(SqliteStore::create(&dir)?)),
            Self::Given(store) => Ok(Arc::new(ContainedStore::new(store)?)),
        }
    }
}

/// The name of this process's executable.
pub(in crate::runtime) fn program_name() -> String {
    let executable = std::env::current_exe().ok();
    executable
        .as_deref()
        .and_then(Path::file_name)
        .map_or_else(|| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}
