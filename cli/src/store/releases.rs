//! Loading releases from a store, by their digests.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use switchback::ReleaseId;

use super::StoreArgs;
use crate::args::RuntimeArgs;
use crate::releases::{self, Loaded};

/// The folder of a store with the files of releases, by digest.
const FOLDER: &str = "releases";

/// The file of a release in a store.
fn path_in(store: &Path, release: &ReleaseId) -> PathBuf {
    store.join(FOLDER).join(format!("{}.wasm", release.digest))
}

/// Loads these releases from the store, in this order.
pub(crate) fn load(store: &StoreArgs, ids: &[ReleaseId], args: &RuntimeArgs, threads: usize) -> anyhow::Result<Loaded> {
    load_from(&store.dir()?, ids, args, threads)
}

/// Loads these releases from a store's folder, in this order.
pub(crate) fn load_from(dir: &Path, ids: &[ReleaseId], args: &RuntimeArgs, threads: usize) -> anyhow::Result<Loaded> {
    let mut paths = Vec::new();
    for id in ids {
        let path = path_in(dir, id);
        path.metadata().with_context(|| format!("{id} is no longer in the store: load its file again"))?;
        paths.push(path);
    }
    let loaded = releases::load(&paths, args, threads)?;
    for (id, loaded) in ids.iter().zip(&loaded.ids) {
        anyhow::ensure!(id == loaded, "the store's file of {id} holds {loaded} ({}): it was replaced", loaded.digest);
    }
    Ok(loaded)
}
