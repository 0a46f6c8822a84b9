//! Compiled releases on disk, and the one place that loads machine code.
//!
//! `DIR/compiled/<engine>/<digest>.cwasm`: `engine` stands for the version of wasmtime, its settings,
//! the processor's features, and what is done to a release before it is compiled (`lower.rs`), so an artifact is only
//! ever mapped by an engine that would have made it.
//!
//! ```text
//! what the engine compiled (ELF) | MARK | digest of the release | BLAKE3 of what the engine compiled
//! ```
//!
//! **Mapping an artifact runs whatever is in it.** The folder is therefore made with mode 0700, and one
//! that another user owns or can write to is refused. So is a file that others can write to, that is not whole,
//! or that belongs to another release: it is set aside, and the release is compiled again.

#![expect(unsafe_code, reason = "mapping compiled code cannot be checked by the compiler")]

use std::fs::{DirBuilder, File};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::Component;

use super::lower;
use crate::private::{self, NotPrivate};
use crate::release::Digest;

/// What an artifact of ours has after its code.
const MARK: [u8; 32] = *b"switchback:compiled-artifact:1\0\0";

/// The mark and two hashes.
const TRAILER_BYTES: u64 = 96;

/// The store of compiled artifacts of one engine.
pub(crate) struct Artifacts {
    dir: PathBuf,
}

impl Artifacts {
    /// Opens, or makes, the folder for this engine's artifacts below `store`.
    pub(crate) fn open(store: &Path, engine: &Engine) -> Result<Self, ArtifactsError> {
        // `DefaultHasher::default()` has fixed keys; a change of it in std only means compiling again.
        let fingerprint = BuildHasherDefault::<DefaultHasher>::default()
            .hash_one((engine.precompile_compatibility_hash(), lower::VERSION));
        let compiled = store.join("compiled");
        let dir = compiled.join(format!("{fingerprint:016x}"));
        let unusable = |source| ArtifactsError::Unusable { dir: dir.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(unusable)?;
        for dir in [&compiled, &dir] {
            private::check_dir(dir)?;
        }
        Ok(Self { dir })
    }

    /// Maps the artifact of a release, if this store has it. One that is refused is set aside: it is as if there
    /// were none.
    pub(crate) fn map(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        let refused = match self.try_map(engine, digest) {
            Ok(component) => return Some(component),
            Err(Refused::File(NotPrivate::Unusable { source, .. })) if source.kind() == io::ErrorKind::NotFound => {
                return None;
            }
            Err(refused) => refused,
        };
        let aside = private::set_aside(&self.path(digest)).map(|aside| aside.display().to_string());
        let aside = aside.unwrap_or_else(|error| format!("could not be: {error}"));
        tracing::warn!(release = %digest, %refused, %aside, "a compiled release is not used, and set aside");
        None
    }

    fn try_map(&self, engine: &Engine, digest: &Digest) -> Result<Component, Refused> {
        let file = private::open(&self.path(digest))?;
        check_trailer(&file, digest)?;
        // The file that was checked, whatever lies under its name by now.
        let checked = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        // SAFETY: only this user can have written the file (`private::open`), and its trailer says that it is what
        // `keep` made of what the engine compiled for this release, unchanged.
        unsafe { Component::deserialize_file(engine, checked) }.map_err(|e| Refused::Engine(format!("{e:#}")))
    }

    /// Keeps what the engine compiled for a release, and maps it.
    pub(crate) fn keep(&self, engine: &Engine, digest: &Digest, artifact: &[u8]) -> Result<Component, ArtifactsError> {
        let hash = blake3::hash(artifact);
        let whole = [artifact, &MARK, digest.as_bytes(), hash.as_bytes()].concat();
        let unusable = |source| ArtifactsError::Unusable { dir: self.dir.clone(), source };
        private::write_durably(&self.path(digest), &whole).map_err(unusable)?;
        self.map(engine, digest).ok_or_else(|| ArtifactsError::Unmappable(self.path(digest)))
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(format!("{digest}.cwasm"))
    }
}

/// Checks that a file is whole and of this release.
fn check_trailer(mut file: &File, release: &Digest) -> Result<(), Refused> {
    let length = file.metadata()?.len().checked_sub(TRAILER_BYTES).ok_or(Refused::CutOff)?;
    let [mut mark, mut digest, mut hash] = [[0; 32]; 3];
    file.seek(SeekFrom::Start(length))?;
    for part in [&mut mark, &mut digest, &mut hash] {
        file.read_exact(part)?;
    }
    if mark != MARK {
        return Err(Refused::CutOff);
    }
    if digest != *release.as_bytes() {
        return Err(Refused::OtherRelease(digest.into()));
    }
    file.rewind()?;
    let found = blake3::Hasher::new().update_reader(file.take(length))?.finalize();
    if found != hash { Err(Refused::Altered) } else { Ok(()) }
}

/// Why an artifact is not mapped.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    File(#[from] NotPrivate),
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("it is cut off, or was not made by this program")]
    CutOff,
    #[error("it was compiled for another release, {}", .0.short())]
    OtherRelease(Digest),
    #[error("it was altered after it was compiled")]
    Altered,
    #[error("this engine does not take it: {0}")]
    Engine(String),
}

/// Why a folder cannot hold compiled artifacts.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArtifactsError {
    #[error("{} cannot hold compiled releases", dir.display())]
    Unusable { dir: PathBuf, source: io::Error },
    #[error(transparent)]
    NotPrivate(#[from] NotPrivate),
    #[error("{} was written, and cannot be mapped", .0.display())]
    Unmappable(PathBuf),
}

#[cfg(test)]
mod tests;
