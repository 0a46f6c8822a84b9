//! Every limit of a guest's call, with its reason.

use std::time::Duration;

/// How often the epoch advances, and so how finely a deadline is measured: who is past it is stopped at the next tick,
/// less than a millisecond later. Each tick is a wake-up of some microseconds.
pub(crate) const EPOCH_TICK: Duration = Duration::from_micros(500);

/// How long a thread goes by what it found when it looked whether the engine's signal handlers are in place. A program that
/// installs handlers does so when it starts, and a guest's call that is under way would not notice either.
pub(crate) const HANDLERS_TRUSTED: Duration = EPOCH_TICK;

/// What one instruction may copy or fill in memory before the clock is looked at, in bytes: with every page touched for
/// the first time, some 50 microseconds.
pub(crate) const BULK_BYTES_MAX: u32 = 64 << 10;

/// Code without a loop or a call that may run before the clock is looked at, in bytes. The slowest instructions take one
/// or two bytes and 20 cycles: some 100 microseconds.
pub(crate) const STRAIGHT_CODE_BYTES_MAX: usize = 16 << 10;

/// Stack that a guest's calls may use, in bytes. A thread's default stack is 2 MiB in Rust and 8 MiB in
/// C: a quarter of the smaller one leaves room for the filter's own frames.
pub(crate) const WASM_STACK_BYTES_MAX: usize = 512 << 10;

/// Stack that the host's own frames take around a guest's, in bytes: what it derives of a message for the guest, and the engine.
pub(crate) const CALL_STACK_BYTES: usize = 256 << 10;

/// What a guest may hand to the host in one call, in bytes: an assessment with 64 full reasons is 24 KiB.
/// (wasmtime calls it hostcall fuel; its default is 128 MiB.)
pub(crate) const RESULT_BYTES_MAX: usize = 128 << 10;

/// Calls of `log` during one message after which the guest is stopped. From the contract.
pub(crate) const LOG_CALLS_MAX: u32 = 4_096;

/// Bytes of a reason's note, and of the reason to abstain. From the contract.
pub(crate) const NOTE_BYTES_MAX: usize = 256;

/// Bytes kept of a guest's error: a sentence, and what it is about. As many as of a log line.
pub(crate) const ERROR_BYTES_MAX: usize = switchback_model::limits::LOG_LINE_BYTES_MAX;

/// Linear memories of one component, and of all its modules together.
pub(crate) const MEMORIES_MAX: u32 = 1;

/// Tables of one component: its own, and the one through which the tools join its imports.
pub(crate) const TABLES_MAX: u32 = 4;

/// Host metadata of one instance, in bytes. It grows with the number of functions and imports.
pub(crate) const INSTANCE_METADATA_BYTES_MAX: usize = 1 << 20;

/// Memory that a slot of the pool keeps resident between messages, in bytes. Near a model's working set:
/// less costs page faults, more lets one odd message make a slot slower for good (each page that a slot
/// ever dirtied is copied back after each message).
pub(crate) const KEEP_RESIDENT_BYTES: usize = 1 << 20;

/// The same for tables.
pub(crate) const TABLE_KEEP_RESIDENT_BYTES: usize = 64 << 10;
