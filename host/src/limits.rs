//! Every limit of a runtime at work, with its reason.

#[cfg(feature = "store")]
pub(crate) mod store;

use std::time::Duration;

/// How often it is said again in the log that a release fails: often enough to be seen while it goes on, and a log that ten
/// thousand messages a second fail in stays readable.
pub(crate) const FAILURE_REMINDER_INTERVAL: Duration = Duration::from_secs(60);

/// Instances that can exist at once, unless the filter says otherwise. A slot remembers the release that
/// it last held, and another release pays 20 to 50 microseconds to take it over: so this is releases
/// times threads, with room.
pub(crate) const DEFAULT_INSTANCES: u32 = 256;

/// The share of all cores' time that what is scored in the background may use, unless the filter says otherwise. A
/// shadow of a release as costly as the live one then sees all of the mail while the cores are less than a quarter
/// busy with answers, and a part of it above that.
pub(crate) const SHADOW_CPU_SHARE: f64 = 0.3;

/// Messages that wait to be scored in the background, and as many that wait to be recorded: some tens of milliseconds
/// of busy traffic. They are lost with a process that is killed.
pub(crate) const BACKGROUND_JOBS_MAX: usize = 256;

/// Bytes of those messages, from which on no more are taken. One more large message may lie above it.
pub(crate) const BACKGROUND_BYTES_MAX: usize = 64 << 20;

/// Messages that are compared first, whatever else there is to do, once other releases decide in a slot: as many as a guard
/// needs to see harm that is plain, and too few to be felt.
pub(crate) const FRESH_PAIRS_MAX: u32 = 256;
