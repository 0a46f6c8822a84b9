//! The journal: one record per message, kept in the background, and questions to it.

pub use switchback_store::journal::{
    Exported, Extent, FeatureSample, Featured, FeaturedRecord, Impact, ImpactCounts, ImpactDirection, ImpactQuery,
    Impacted, InvalidFeatureSample, Journal, JournalConfig, JournalCounts, JournalError, JournalReader, KnownBy,
    Latest, Likeness, MessageIds, NoSource, Overflow, Query, Record, RecordBatches, RecordedFeatures, RecordedMessage,
    RecordedOpinion, RecordedPair, Rescore, Rescored,
};
pub use switchback_system::clock::new_record_id;
