//! Text features: what most models need and no author should rewrite.
//!
//! This is the crate [`switchback_features`], of which a model needs nothing else. A model that can do with the features that
//! the host computes has them of [`Message::features`](crate::Message::features), for a fraction of the time.

pub use switchback_features::{
    BITS_MAX, Fact, Facts, FeatureKind, FeatureSet, Kind, Namespace, Text, hash, index_of, pair, sum,
};
