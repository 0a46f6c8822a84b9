//! Compiled releases on disk, and the one place that loads machine code.
//!
//! `DIR/compiled/<engine>/<digest>.cwasm`: `engine` stands for the version of wasmtime, its settings,
//! the processor's features, what is done to a release before it is compiled (`lower.rs`), and the rules that its code was
//! checked by, so an artifact is only ever mapped by an engine that would have made it, and where there is one the release's
//! code need not be checked again.
//!
//! ```text
//! what the engine compiled (ELF) | MARK | digest of the release | BLAKE3 of what the engine compiled
//! ```
//!
//! **Mapping an artifact runs whatever is in it.** The folder is therefore made with mode 0700, and one
//! that another user owns or can write to is refused. A file that others can write to is not used, and left where it is.
//! One that is not whole or belongs to another release is damaged: it is set aside, and the release is compiled again.
//!
//! **A shortage is not damage.** A file that cannot be opened or mapped for lack of descriptors, memory or a right stays
//! where it is, for the other processes that use it. Where it cannot be mapped as a file (no `/proc`, a file system without
//! execution), its bytes are copied into memory.

#![expect(unsafe_code, reason = "mapping compiled code cannot be checked by the compiler")]

use std::fs::{DirBuilder, File};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Once;

use memmap2::MmapOptions;
use switchback_model::release::{CODE_RULES, Digest};
use switchback_system::private::{self, NotPrivate};
use switchback_system::shortage::{self, InWords};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::fault::of_system;
use super::lower;

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
        let fingerprint = BuildHasherDefault::<DefaultHasher>::default().hash_one((
            engine.precompile_compatibility_hash(),
            lower::VERSION,
            CODE_RULES,
        ));
        let compiled = private::absolute(store).join("compiled");
        let dir = compiled.join(format!("{fingerprint:016x}"));
        let unusable = |source| ArtifactsError::Unusable { dir: dir.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(unusable)?;
        for dir in [&compiled, &dir] {
            private::check_dir(dir)?;
        }
        Ok(Self { dir })
    }

    /// Whether a release seems to have been compiled before. What is there may still be damaged.
    pub(crate) fn has(&self, digest: &Digest) -> bool {
        self.path(digest).is_file()
    }

    /// Maps the artifact of a release.
    pub(crate) fn map(&self, engine: &Engine, digest: &Digest) -> Result<Component, Unmapped> {
        let refused = match self.try_map(engine, digest) {
            Ok(component) => return Ok(component),
            Err(Refused::File(error)) if error.is_missing() => return Err(Unmapped::Missing),
            Err(Refused::System(system)) => return Err(Unmapped::System(system)),
            Err(refused) => refused,
        };
        if !refused.is_damage() {
            tracing::warn!(release = %digest, %refused, "a compiled release is not used, and left where it is");
            return Err(Unmapped::Unusable);
        }
        let aside = private::set_aside(&self.path(digest)).map(|aside| aside.display().to_string());
        let aside = aside.unwrap_or_else(|error| format!("could not be: {}", InWords(&error)));
        tracing::warn!(release = %digest, %refused, %aside, "a compiled release is not used, and set aside");
        Err(Unmapped::Missing)
    }

    fn try_map(&self, engine: &Engine, digest: &Digest) -> Result<Component, Refused> {
        let file = private::open(&self.path(digest))?;
        let length = check_trailer(&file, digest)?;
        // The file that was checked, whatever lies under its name by now.
        let checked = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        // SAFETY: only this user can have written the file (`private::open`), and its trailer says that it is what
        // `keep` made of what the engine compiled for this release, unchanged.
        let mapped = unsafe { Component::deserialize_file(engine, checked) };
        let Err(error) = mapped else { return mapped.map_err(|e| Refused::of_engine(&e)) };
        match of_system(&error) {
            None => Err(Refused::of_engine(&error)),
            Some(system) if shortage::is_shortage(&system) => Err(System::of(system).into()),
            Some(system) => {
                let component = copy(engine, &file, length, digest)?;
                warn_of_copies(&self.dir, &system);
                Ok(component)
            }
        }
    }

    /// Keeps what the engine compiled for a release, and maps it. Where it cannot be kept, this process uses it all the same.
    pub(crate) fn keep(&self, engine: &Engine, digest: &Digest, artifact: &[u8]) -> Result<Component, System> {
        let hash = blake3::hash(artifact);
        let whole = [artifact, &MARK, digest.as_bytes(), hash.as_bytes()].concat();
        let kept = private::write_durably(&self.path(digest), &whole);
        match kept.map(|()| self.map(engine, digest)) {
            Ok(Ok(component)) => Ok(component),
            Ok(Err(Unmapped::System(system))) => Err(system),
            Ok(Err(Unmapped::Missing | Unmapped::Unusable)) => use_unkept(engine, artifact),
            Err(error) => {
                warn_of_unkept(&self.dir, &error);
                use_unkept(engine, artifact)
            }
        }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(format!("{digest}.cwasm"))
    }
}

/// Uses what the engine has just compiled, without a file.
pub(crate) fn use_unkept(engine: &Engine, artifact: &[u8]) -> Result<Component, System> {
    // SAFETY: the bytes come from the engine's compiler, and were in nobody else's hands.
    let made = unsafe { Component::deserialize(engine, artifact) };
    made.map_err(|error| System::of_error(&error))
}

/// Copies an artifact into memory that is no file's. What is checked is what is used.
fn copy(engine: &Engine, mut file: &File, length: u64, digest: &Digest) -> Result<Component, Refused> {
    file.rewind()?;
    let mut whole = Vec::new();
    file.read_to_end(&mut whole)?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let (artifact, trailer) = whole.split_at_checked(length).ok_or(Refused::CutOff)?;
    if trailer != [&MARK[..], digest.as_bytes(), blake3::hash(artifact).as_bytes()].concat() {
        return Err(Refused::Altered);
    }
    // SAFETY: only this user can have written the file that the bytes were read from, and these bytes have the hash that
    // `keep` wrote behind what the engine compiled for this release.
    unsafe { Component::deserialize(engine, artifact) }.map_err(|error| Refused::of_engine(&error))
}

/// Said once: each release would say the same.
fn warn_of_copies(dir: &Path, error: &io::Error) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let (dir, why) = (dir.display(), InWords(error));
        tracing::warn!(
            %dir, %why,
            "compiled releases cannot be mapped from their files (is /proc mounted, and may files be executed there?); each \
             process copies them into its memory"
        );
    });
}

/// Said once: each release would say the same.
pub(crate) fn warn_of_unkept(dir: &Path, error: &io::Error) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let (dir, why) = (dir.display(), InWords(error));
        tracing::warn!(%dir, %why, "compiled releases cannot be kept, so each process compiles them anew");
    });
}

/// Checks that a file is whole and of this release. Returns the bytes before its trailer.
fn check_trailer(mut file: &File, release: &Digest) -> Result<u64, Refused> {
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
    if hash_of(file, length)? != hash { Err(Refused::Altered) } else { Ok(length) }
}

/// The hash of the first bytes of a file. They are mapped where that is possible, which saves to copy them.
fn hash_of(mut file: &File, length: u64) -> io::Result<blake3::Hash> {
    let mapped = usize::try_from(length).map_err(io::Error::other).and_then(|length| {
        // SAFETY: only this user can have written the file (`private::open`), and nobody writes to it under its name: a
        // new one takes its place (`private::write_durably`). The engine maps the same file afterwards, on the same terms.
        unsafe { MmapOptions::new().len(length).populate().map(file) }
    });
    if let Ok(mapped) = mapped {
        return Ok(blake3::hash(&mapped));
    }
    file.rewind()?;
    Ok(blake3::Hasher::new().update_reader(file.take(length))?.finalize())
}

/// Why an artifact was not mapped.
#[derive(Debug)]
pub(crate) enum Unmapped {
    /// There is none that can be used: to be compiled, and kept.
    Missing,
    /// There is one that this process may not use: to be compiled, and not kept.
    Unusable,
    /// The system does not give what it takes.
    System(System),
}

/// Why an artifact is not mapped.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    File(NotPrivate),
    #[error(transparent)]
    System(#[from] System),
    #[error("it cannot be read: {}", InWords(.0))]
    Unreadable(io::Error),
    #[error("it is cut off, or was not made by this program")]
    CutOff,
    #[error("it was compiled for another release, {}", .0.short())]
    OtherRelease(Digest),
    #[error("it was altered after it was compiled")]
    Altered,
    #[error("this engine does not take it: {0}")]
    Engine(String),
}

impl Refused {
    /// Whether the file is not what was written there.
    fn is_damage(&self) -> bool {
        matches!(self, Self::CutOff | Self::OtherRelease(_) | Self::Altered | Self::Engine(_))
    }

    fn of_engine(error: &wasmtime::Error) -> Self {
        match of_system(error) {
            Some(_) => System::of_error(error).into(),
            None => Self::Engine(format!("{error:#}")),
        }
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        if shortage::is_shortage(&error) { Self::System(System::of(error)) } else { Self::Unreadable(error) }
    }
}

impl From<NotPrivate> for Refused {
    fn from(error: NotPrivate) -> Self {
        match error {
            NotPrivate::Unusable { source, .. } if shortage::is_shortage(&source) => System::of(source).into(),
            other => Self::File(other),
        }
    }
}

/// The system does not give what it takes to run a compiled release. No file is at fault.
#[derive(Debug, thiserror::Error)]
pub enum System {
    #[error("the compiled release cannot be loaded now: {}", InWords(.0))]
    Short(io::Error),
    #[error(
        "memory may not be made executable in this process, and models run as machine code: allow it (systemd's \
         MemoryDenyWriteExecute=no, no PR_SET_MDWE, SELinux's execmem)"
    )]
    Executable,
    #[error("the compiled release cannot be used: {0}")]
    Other(String),
}

impl System {
    fn of(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::PermissionDenied => Self::Executable,
            _ => Self::Short(error),
        }
    }

    /// What kept the engine from using bytes that are in memory.
    fn of_error(error: &wasmtime::Error) -> Self {
        of_system(error).map_or_else(|| Self::Other(format!("{error:#}")), Self::of)
    }
}

/// Why a folder cannot hold compiled artifacts.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactsError {
    #[error("{} cannot hold compiled releases: {}", dir.display(), InWords(source))]
    Unusable { dir: PathBuf, source: io::Error },
    #[error(transparent)]
    NotPrivate(#[from] NotPrivate),
}

#[cfg(test)]
mod tests;
