//! The journal: one record per message, kept beside the answers, and questions to it.

pub use switchback_store::journal::{
    Direction, Exported, Extent, Impact, ImpactCounts, ImpactQuery, Impacted, Journal, JournalConfig, JournalCounts,
    JournalError, JournalReader, KnownBy, Latest, Likeness, Mail, MessageIds, NoSource, Overflow, Query, Record,
    RecordedOpinion, RecordedPair, Rescore, Rescored,
};
pub use switchback_system::clock::new_record_id;
