//! How messages are scored and recorded.

use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;
use switchback::journal::{FeatureSample, Overflow};

use super::ConfigError;
use super::text::lasting;
use crate::limits::{MEMORY_PER_BYTE, MESSAGES_MIN};

/// How messages are scored.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ScoringConfig {
    /// How many messages are scored at once. Default: as many as there are cores.
    pub workers: NonZero<usize>,
    /// How many messages may wait for a worker; more are answered by the failure policy's `overload`. 1 to 100,000,
    /// default 1,000.
    pub queue: usize,
    /// How much of a message is read, 64 KiB to 1 GiB. Of a longer one head and structure are scored, and it is stamped
    /// `partial`. Default 50 MiB.
    pub message_max: ByteSize,
    /// How much memory all messages may take that are being received or judged; what needs more is answered by the failure
    /// policy's `overload`. Every byte of a message counts as three. At least 6 times `message_max`, default 1 GiB.
    pub memory: ByteSize,
}

impl Default for ScoringConfig {
    fn default() -> Self {
        Self {
            workers: available_parallelism().unwrap_or(NonZero::<usize>::MIN),
            queue: 1_000,
            message_max: ByteSize::mib(50),
            memory: ByteSize::gib(1),
        }
    }
}

impl ScoringConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.workers.get() > 1_000 {
            return Err(ConfigError::value("scoring.workers", "1 to 1000 are possible"));
        }
        if !(1..=100_000).contains(&self.queue) {
            return Err(ConfigError::value("scoring.queue", "1 to 100000 are possible"));
        }
        if !(ByteSize::kib(64)..=ByteSize::gib(1)).contains(&self.message_max) {
            return Err(ConfigError::value("scoring.message_max", "64 KiB to 1 GiB are possible"));
        }
        let least = MEMORY_PER_BYTE * MESSAGES_MIN;
        if self.memory.as_u64() < least * self.message_max.as_u64() {
            let why = format!("at least {least} times scoring.message_max, {}, is needed", self.message_max);
            return Err(ConfigError::value("scoring.memory", why));
        }
        Ok(())
    }
}

/// The record of verdicts, in the store's folder `journal`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct JournalSection {
    /// Whether it is kept. Default yes.
    pub enabled: bool,
    /// What happens where the disk cannot keep up. Default [`Overflow::Drop`]: mail goes on, and what has no record is
    /// counted and said, because a disk that hangs would otherwise stop all mail, and the stamp in the message still tells
    /// which release decided it.
    pub overflow: Overflow,
    /// Of which messages the features are kept: `off`, `all`, or a share such as `10 %`. Default off.
    pub features: FeatureSample,
    /// How long records are kept. Default 30 days.
    #[serde(deserialize_with = "lasting")]
    pub keep: Duration,
}

impl Default for JournalSection {
    fn default() -> Self {
        Self {
            enabled: true,
            overflow: Overflow::Drop,
            features: FeatureSample::OFF,
            keep: Duration::from_secs(30 * 24 * 3_600),
        }
    }
}
