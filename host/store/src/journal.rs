//! The journal: one record per message, kept in the background.
//!
//! Records go through a bounded queue to one thread per process, which appends them to a segment in batches
//! (`writer.rs`, `stream.rs`). Another one, of low priority, rewrites full segments as Parquet and removes old ones
//! (`keeper.rs`, `closed.rs`), and joins small ones (`join.rs`). Readers go through both kinds (`scan.rs`), while they are written. What a segment may
//! be at any instant, and who may change which files, is in `folder.rs`.
//!
//! Plain data: nothing here knows a sandbox or a runtime.

mod batches;
mod closed;
mod columns;
mod config;
mod error;
mod extent;
mod feature_columns;
mod featured;
mod features;
mod folder;
#[cfg(feature = "control")]
mod hold;
mod impact;
mod join;
mod keeper;
mod key;
mod pairs;
mod query;
mod reader;
mod record;
mod retention;
mod rows;
mod scan;
mod schema;
mod sightings;
mod stream;
mod writer;

pub use batches::RecordBatches;
pub use config::{JournalConfig, MessageIds, Overflow};
pub use error::JournalError;
pub use extent::Extent;
pub use featured::{Featured, FeaturedRecord};
pub use features::{FeatureSample, InvalidFeatureSample, RecordedFeatures};
#[cfg(feature = "control")]
pub(crate) use hold::hold;
pub use impact::{
    Impact, ImpactCounts, ImpactDirection, ImpactQuery, Impacted, KnownBy, Likeness, NoSource, Rescore, Rescored,
};
pub use pairs::{RecordedOpinion, RecordedPair};
pub use query::Query;
pub use reader::{Exported, JournalReader, Latest};
pub use record::{Record, RecordedMessage};
pub use writer::{Journal, JournalCounts};

#[cfg(test)]
mod tests;
