//! Compiled releases on disk, and the one place that loads machine code.
//!
//! `DIR/compiled/<engine>/<digest>.cwasm`: `engine` stands for the version of wasmtime, its settings and
//! the processor's features, so an artifact is only ever mapped by an engine that would have made it.
//!
//! **Mapping an artifact runs whatever is in it.** The folder is therefore made with mode 0700, and one
//! that another user owns or can write to is refused.

#![expect(unsafe_code, reason = "mapping compiled code cannot be checked by the compiler")]

use std::fs::{self, DirBuilder};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::release::Digest;

/// The store of compiled artifacts of one engine.
pub(crate) struct Artifacts {
    dir: PathBuf,
}

impl Artifacts {
    /// Opens, or makes, the folder for this engine's artifacts below `store`.
    pub(crate) fn open(store: &Path, engine: &Engine) -> Result<Self, ArtifactsError> {
        // `DefaultHasher::default()` has fixed keys; a change of it in std only means compiling again.
        let fingerprint =
            BuildHasherDefault::<DefaultHasher>::default().hash_one(engine.precompile_compatibility_hash());
        let compiled = store.join("compiled");
        let dir = compiled.join(format!("{fingerprint:016x}"));
        let unusable = |source| ArtifactsError::Unusable { dir: dir.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(unusable)?;
        for private in [&compiled, &dir] {
            check_private(private)?;
        }
        Ok(Self { dir })
    }

    /// Maps the artifact of a release, if this store has it and the engine accepts it. One that is damaged
    /// or of another engine counts as absent: it is compiled again and replaced.
    pub(crate) fn map(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        let path = self.path(digest);
        // SAFETY: the file lies in a folder that only this user can write to (`check_private`), and only
        // `keep` writes there, what the engine compiled, under a name that appears when it is complete.
        unsafe { Component::deserialize_file(engine, path) }.ok()
    }

    /// Keeps what the engine compiled for a release, and maps it.
    pub(crate) fn keep(&self, engine: &Engine, digest: &Digest, artifact: &[u8]) -> Result<Component, ArtifactsError> {
        let unusable = |source| ArtifactsError::Unusable { dir: self.dir.clone(), source };
        // Written under a temporary name and renamed: another process sees all of it or nothing.
        let mut file = tempfile::NamedTempFile::new_in(&self.dir).map_err(unusable)?;
        file.write_all(artifact).map_err(unusable)?;
        file.persist(self.path(digest)).map_err(|e| unusable(e.error))?;
        self.map(engine, digest).ok_or_else(|| ArtifactsError::Unmappable(self.path(digest)))
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(format!("{digest}.cwasm"))
    }
}

/// Refuses a folder in which another user could have put code.
fn check_private(dir: &Path) -> Result<(), ArtifactsError> {
    let metadata = fs::metadata(dir).map_err(|source| ArtifactsError::Unusable { dir: dir.to_owned(), source })?;
    let ours = metadata.uid() == rustix::process::geteuid().as_raw();
    if !ours || metadata.mode() & 0o022 != 0 {
        return Err(ArtifactsError::NotPrivate(dir.to_owned()));
    }
    Ok(())
}

/// Why a folder cannot hold compiled artifacts.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArtifactsError {
    #[error("{} cannot hold compiled releases", dir.display())]
    Unusable { dir: PathBuf, source: io::Error },
    #[error(
        "{} can be written to by another user, who could put code there: chown it to the user that runs this and chmod it to 0700",
        .0.display()
    )]
    NotPrivate(PathBuf),
    #[error("{} was written, and cannot be mapped", .0.display())]
    Unmappable(PathBuf),
}
