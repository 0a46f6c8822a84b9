//! What the slots of a runtime share with what works beside them.

use std::sync::Arc;

use arc_swap::ArcSwap;
use switchback_model::verdict::Overrides;

use super::meters::StoreMeters;
use super::news::News;

/// What the slots share with what works beside them.
pub(super) struct Exchange {
    /// How the store is followed.
    pub(super) meters: StoreMeters,
    /// What the guard raises alerts about for the thread that follows the store.
    pub(super) news: News,
    /// The overrides that every slot looks at: an immutable index, replaced as a whole.
    pub(super) overrides: Arc<ArcSwap<Overrides>>,
}
