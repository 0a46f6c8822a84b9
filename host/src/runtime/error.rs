//! What can be wrong with a runtime, a release to load, or one to unload.

#[cfg(feature = "store")]
mod store;

use std::error;
use std::fmt::{self, Display};
use std::io;

use switchback_model::gone::RuntimeGone;
use switchback_model::release::{Digest, Refusal, ReleaseId};
use switchback_model::verdict::Role;
use switchback_sandbox::SandboxError;

pub(super) use switchback_system::shortage::in_full as describe;

/// A runtime that cannot be built as configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A slot's configuration contradicts itself.
    #[error("slot `{slot}`: {why}")]
    Slot {
        /// The slot.
        slot: String,
        /// What is wrong.
        why: String,
    },
    /// A value is outside its range.
    #[error("{0}")]
    Range(String),
    /// The machine cannot give what the configuration asks for.
    #[error("the sandbox cannot be set up: {0}")]
    Sandbox(String),
    /// The store cannot be followed.
    #[cfg(feature = "store")]
    #[error("the store cannot be followed")]
    Store(#[source] Box<dyn error::Error + Send + Sync>),
    /// The journal cannot be kept.
    #[cfg(feature = "journal")]
    #[error("the journal cannot be kept")]
    Journal(#[from] switchback_store::journal::JournalError),
}

/// A release was not loaded. Its text has the fault in it; its source is the fault's, such as the [`io::Error`] of a file that
/// cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub struct LoadError {
    /// The release, or its file if it could not say what it is.
    pub what: String,
    /// Why.
    pub fault: LoadFault,
}

impl Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "load {}: {}", self.what, self.fault)
    }
}

impl error::Error for LoadError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        error::Error::source(&self.fault)
    }
}

impl LoadError {
    pub(super) fn new(what: impl Display, fault: LoadFault) -> Self {
        Self { what: what.to_string(), fault }
    }
}

/// Why a release was not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadFault {
    /// It was refused before anything was compiled.
    #[error(transparent)]
    Refused(Refusal),
    /// It does not compile.
    #[error("it does not compile: {0}")]
    Compile(String),
    /// Compiling it, or trying it, ended in a panic. Other releases are not affected.
    #[error("loading it ended in a panic, which concerns this release alone: {0}; please report it")]
    Panicked(String),
    /// It does not fit the contract's types.
    #[error("it does not fit the scoring contract: {0}")]
    Interface(String),
    /// The store of compiled releases failed.
    #[error("{0}")]
    Store(String),
    /// The system does not give what it takes, such as descriptors or memory. Nothing is wrong with the release: loading it
    /// may succeed later.
    #[error("{0}")]
    Shortage(String),
    /// A self-test failed.
    #[error("self-test `{test}` failed: {why}")]
    SelfTest {
        /// The test.
        test: String,
        /// How.
        why: String,
    },
    /// What lies beside it as its signature cannot be read.
    #[cfg(feature = "store")]
    #[error(transparent)]
    Signature(#[from] switchback_system::release_file::UnreadableSignature),
    /// The store that it was to be brought into does not take it.
    #[cfg(feature = "store")]
    #[error(transparent)]
    Control(Box<switchback_store::control::LoadReleaseError>),
    /// There is nobody any more to load it.
    #[error(transparent)]
    Gone(#[from] RuntimeGone),
    /// Another file is loaded under this name and version.
    #[error("the loaded release of this version has digest {}, this file has {}: a release is immutable, so give the changed one a new version, such as 1.2.3-dev.1 for a trial", loaded.short(), offered.short())]
    Namesake {
        /// The loaded one's.
        loaded: Digest,
        /// This file's.
        offered: Digest,
    },
}

impl From<SandboxError> for LoadFault {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::Compile(why) => Self::Compile(why),
            SandboxError::Panicked(said) => Self::Panicked(said),
            SandboxError::Interface(why) => Self::Interface(why),
            SandboxError::System(system) => Self::Shortage(system.to_string()),
            other => Self::Store(describe(&other)),
        }
    }
}

impl From<SandboxError> for BuildError {
    fn from(error: SandboxError) -> Self {
        Self::Sandbox(describe(&error))
    }
}

/// Where a thread of this process cannot be started.
pub(super) fn thread_failed(error: io::Error) -> BuildError {
    SandboxError::Thread(error).into()
}

/// A release was not unloaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnloadError {
    /// There is nobody any more to unload it.
    #[error(transparent)]
    Gone(#[from] RuntimeGone),
    /// It is not loaded.
    #[error("{0} is not loaded")]
    NotLoaded(ReleaseId),
    /// It has a role.
    #[error("{release} is {role} in slot `{slot}`: {}", match role {
        Role::Live => "promote or revert to another release first",
        _ => "withdraw it there first",
    })]
    InUse {
        /// The release.
        release: ReleaseId,
        /// Where it is used.
        slot: String,
        /// As what.
        role: Role,
    },
}
