//! Why a runtime, or something that it holds, does nothing any more.

/// A runtime does nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeGone {
    /// This process is a fork of the one that built it.
    #[error("the runtime is of another process: {0}")]
    Forked(#[from] Forked),
    /// `Runtime::shutdown` was called.
    #[error("the runtime was shut down")]
    ShutDown,
}

/// Something is used in a fork of the process in which it was made, where it cannot work: its threads are not there, and what
/// it holds is the parent's. It has to be made in the process that uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it was made in process {made_in}, of which this process is a fork: its threads did not come along, and its locks are \
     those of the parent; make it after the fork"
)]
#[non_exhaustive]
pub struct Forked {
    /// The process in which it was made.
    pub made_in: u32,
}

impl Forked {
    /// It was made in the process of this number.
    pub const fn made_in(process: u32) -> Self {
        Self { made_in: process }
    }
}
