//! What a slot and the work beside its answers share.

use std::sync::Arc;

use super::asks::{Asks, Sampler, asks};
use super::pairs::{self, Pairs};
use super::{Opinions, SlotConfig};
use crate::message::Message;
use crate::route::Roles;
use crate::runtime::beside::Judged;
use crate::runtime::meters::Meters;
use crate::sandbox::Loaded;

/// What a slot and the work beside its answers share.
pub(in crate::runtime) struct SlotShared {
    config: SlotConfig,
    name: Arc<str>,
    sampler: Sampler,
    meters: Meters,
    pairs: Pairs,
}

impl SlotShared {
    pub(super) fn new(config: SlotConfig) -> Self {
        let name: Arc<str> = config.name.as_str().into();
        Self {
            meters: Meters::new(Arc::clone(&name)),
            name,
            config,
            sampler: Sampler::default(),
            pairs: Pairs::default(),
        }
    }

    pub(in crate::runtime) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(in crate::runtime) fn config(&self) -> &SlotConfig {
        &self.config
    }

    pub(in crate::runtime) fn meters(&self) -> &Meters {
        &self.meters
    }

    /// Whom to ask beside the answer. A message that is too large for the slot is scored by nobody.
    pub(super) fn asks(&self, roles: &Roles<Arc<Loaded>>, message: &Message, opinions: &Opinions) -> Asks {
        if message.len() as u64 > self.config.message_bytes_max {
            return Asks::new();
        }
        asks(roles, &self.sampler, opinions)
    }

    /// Counts what releases made of one message.
    pub(in crate::runtime) fn compare(&self, judged: &Judged, message: &Message) {
        pairs::of(&judged.opinions).for_each(|(baseline, candidate)| self.meters.pair(baseline, candidate));
        self.pairs.add(judged, message);
    }

    /// How releases differ on the messages of this process.
    pub(super) fn pairs(&self) -> &Pairs {
        &self.pairs
    }
}
