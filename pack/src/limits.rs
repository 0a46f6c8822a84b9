//! Every limit of packing that more than one step knows, with its reason.

use std::time::Duration;

/// How long `prepare` may run unless the caller says otherwise. An initialiser parses a file and fills
/// tables; the slowest example takes seconds. What takes a minute has almost surely lost its way.
pub const PREPARE_TIME_MAX: Duration = Duration::from_secs(60);

/// The most linear memory that `prepare` may use, in bytes. Well above what a host grants to a model that
/// serves mail, so that a release which is too big is refused for that, and below what would bring the
/// machine that packs it to its knees.
pub const PREPARE_MEMORY_BYTES_MAX: usize = 1 << 30;

/// The stack that the calls of `prepare` may use, in bytes: as much as a host grants to those of `score`.
pub(crate) const PREPARE_CALLS_BYTES_MAX: usize = 512 << 10;

/// The stack that a guest has in its own memory unless its manifest says otherwise, in KiB. The linker's default is four
/// times as much. What a model does not use of it costs next to nothing: the host looks for written pages after every
/// message, and passes over one that was never touched in a nanosecond.
pub(crate) const STACK_KIB: usize = 256;
