//! How a journal is kept.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::JournalError;
use super::features::FeatureSample;

/// How a journal is kept. Read from a configuration, times are texts such as `200ms`, `1h` or `30d`.
///
/// What a process loses at most when it is killed: the batch that is being written and one that waits, so twice
/// [`batch_records_max`](Self::batch_records_max) records, none of them older than
/// [`flush_interval`](Self::flush_interval) and the time that the disk takes for two batches. When the machine loses
/// power, what was written in the last second and has not reached the disk goes as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "give it to the runtime or to `Journal::open`"]
#[non_exhaustive]
pub struct JournalConfig {
    /// The folder. It is made if it is not there, and nobody but this user may be able to write there.
    pub dir: PathBuf,
    /// What to do with a record when the disk cannot keep up.
    #[serde(default)]
    pub overflow: Overflow,
    /// What is kept of a Message-ID.
    #[serde(default)]
    pub message_ids: MessageIds,
    /// Of which messages the features are kept, for `switchback backtest`: hashed words, from which who tries a dictionary
    /// can learn words. Default: of none.
    #[serde(default)]
    pub features: FeatureSample,
    /// The most records that are written at once, 1 to 65,536. Default 4,096: some 2 MB, with the features of all
    /// messages some 16 MB.
    #[serde(default = "default_batch_records_max")]
    pub batch_records_max: usize,
    /// The longest that a record waits for its batch, 1 ms to 1 min. Default 200 ms.
    #[serde(default = "default_flush_interval", with = "times")]
    pub flush_interval: Duration,
    /// The size from which on a segment is closed and another one begun, in bytes, from 64 KiB on. Default 64 MiB.
    #[serde(default = "default_segment_bytes_max")]
    pub segment_bytes_max: u64,
    /// The age at which a segment is closed, 1 s to 1 day. Default 1 h.
    #[serde(default = "default_segment_age_max", with = "times")]
    pub segment_age_max: Duration,
    /// How long records are kept, from 1 min on; they go with their segment, up to its age later. Default 30 days.
    #[serde(default = "default_keep", with = "times")]
    pub keep: Duration,
    /// The most bytes that all segments of the folder have together, of all processes: beyond it the oldest closed
    /// ones go. Default 16 GiB.
    #[serde(default = "default_keep_bytes_max")]
    pub keep_bytes_max: u64,
}

/// What to do with a record when the disk cannot keep up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
// Exhaustive: who does not wait drops.
pub enum Overflow {
    /// Wait until there is room: nothing is lost, and whoever appends is as slow as the disk.
    #[default]
    Block,
    /// Count it, and go on without it.
    Drop,
}

/// What a journal keeps of a Message-ID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
// Exhaustive: a name is kept as it is, hashed or not at all.
pub enum MessageIds {
    /// A keyed hash: who has a message finds its records, and the records alone tell nothing.
    #[default]
    Hashed,
    /// The text.
    Plain,
    /// Nothing.
    Omitted,
}

/// Times as texts. A day has 24 hours.
mod times {
    use std::time::Duration;

    use jiff::{SignedDuration, Span, SpanRelativeTo};
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:#}", SignedDuration::try_from(*time).unwrap_or(SignedDuration::MAX)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        let span: Option<Span> = text.parse().ok();
        let time = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
        let time = time.and_then(|time| Duration::try_from(time).ok());
        time.ok_or_else(|| de::Error::custom(format_args!("`{text}` is no time: `200ms`, `1h` and `30d` are")))
    }
}

fn default_batch_records_max() -> usize {
    4_096
}

fn default_flush_interval() -> Duration {
    Duration::from_millis(200)
}

fn default_segment_bytes_max() -> u64 {
    64 << 20
}

fn default_segment_age_max() -> Duration {
    Duration::from_secs(3_600)
}

fn default_keep() -> Duration {
    Duration::from_secs(30 * 24 * 3_600)
}

fn default_keep_bytes_max() -> u64 {
    16 << 30
}

impl JournalConfig {
    /// A journal in this folder, with the defaults.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            overflow: Overflow::default(),
            message_ids: MessageIds::default(),
            features: FeatureSample::OFF,
            batch_records_max: default_batch_records_max(),
            flush_interval: default_flush_interval(),
            segment_bytes_max: default_segment_bytes_max(),
            segment_age_max: default_segment_age_max(),
            keep: default_keep(),
            keep_bytes_max: default_keep_bytes_max(),
        }
    }

    /// Sets what to do with a record when the disk cannot keep up.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Sets what is kept of a Message-ID.
    pub fn message_ids(mut self, message_ids: MessageIds) -> Self {
        self.message_ids = message_ids;
        self
    }

    /// Sets of which messages the features are kept.
    pub fn features(mut self, features: FeatureSample) -> Self {
        self.features = features;
        self
    }

    /// Sets how many records are written at once, and how long one waits for the others, at most.
    pub fn batches(mut self, records_max: usize, flush_interval: Duration) -> Self {
        self.batch_records_max = records_max;
        self.flush_interval = flush_interval;
        self
    }

    /// Sets the size and the age at which a segment is closed.
    pub fn segments(mut self, bytes_max: u64, age_max: Duration) -> Self {
        self.segment_bytes_max = bytes_max;
        self.segment_age_max = age_max;
        self
    }

    /// Sets how long records are kept, and how many bytes of them.
    pub fn keep(mut self, keep: Duration, bytes_max: u64) -> Self {
        self.keep = keep;
        self.keep_bytes_max = bytes_max;
        self
    }

    pub(super) fn validate(&self) -> Result<(), JournalError> {
        let ranges = [
            ("batch_records_max", (1..=1 << 16).contains(&self.batch_records_max), "1 to 65536"),
            (
                "flush_interval",
                within(self.flush_interval, Duration::from_millis(1), Duration::from_secs(60)),
                "1ms to 1min",
            ),
            ("segment_bytes_max", self.segment_bytes_max >= 64 << 10, "at least 65536"),
            (
                "segment_age_max",
                within(self.segment_age_max, Duration::from_secs(1), Duration::from_secs(24 * 3_600)),
                "1s to 1d",
            ),
            ("keep", self.keep >= Duration::from_secs(60), "at least 1min"),
        ];
        match ranges.into_iter().find(|(_, is_within, _)| !is_within) {
            Some((name, _, range)) => Err(JournalError::Range { name, range }),
            None => Ok(()),
        }
    }
}

fn within(time: Duration, least: Duration, most: Duration) -> bool {
    (least..=most).contains(&time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_says_what_differs_from_the_default() {
        let text =
            r#"{"dir": "/j", "overflow": "drop", "message_ids": "plain", "flush_interval": "50ms", "keep": "7d"}"#;
        let read: JournalConfig = serde_json::from_str(text).unwrap();
        let meant = JournalConfig::new("/j")
            .overflow(Overflow::Drop)
            .message_ids(MessageIds::Plain)
            .batches(4_096, Duration::from_millis(50))
            .keep(Duration::from_secs(7 * 24 * 3_600), 16 << 30);
        assert_eq!(read, meant);
        let again: JournalConfig = serde_json::from_str(&serde_json::to_string(&meant).unwrap()).unwrap();
        assert_eq!(again, meant);
        assert!(serde_json::from_str::<JournalConfig>(r#"{"dir": "/j", "flush": "1s"}"#).is_err());
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_by_its_name() {
        assert!(JournalConfig::new("/j").validate().is_ok());
        let refused = |config: JournalConfig| config.validate().unwrap_err().to_string();
        let batches = |records, time| refused(JournalConfig::new("/j").batches(records, time));
        assert!(batches(0, Duration::from_millis(200)).contains("batch_records_max"));
        assert!(batches(4_096, Duration::ZERO).contains("flush_interval"));
        assert!(refused(JournalConfig::new("/j").segments(1, Duration::from_secs(9))).contains("segment_bytes_max"));
        assert!(refused(JournalConfig::new("/j").segments(1 << 20, Duration::ZERO)).contains("segment_age_max"));
        assert!(refused(JournalConfig::new("/j").keep(Duration::ZERO, 1)).contains("journal's keep is"));
    }
}
