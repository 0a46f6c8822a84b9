//! How a slot is configured.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchback_model::guard::GuardSettings;
use switchback_model::limits::COOL_OFF_DEFAULT;
use switchback_model::name::{check_name, shown};
use switchback_model::verdict::{FailurePolicy, Thresholds};

use crate::runtime::error::BuildError;

/// How a slot turns scores into verdicts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "give it to `RuntimeBuilder::slot`"]
#[non_exhaustive]
pub struct SlotConfig {
    /// The slot's name: 1 to 64 bytes, without control characters, `/` and `\`.
    pub name: String,
    /// The score from which each action is taken.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// What to answer when the live release does not.
    #[serde(default)]
    pub failure: FailurePolicy,
    /// The largest message that is scored, in bytes, from 1 on. Default 50 MiB, above what mail servers accept.
    #[serde(default = "default_message_bytes_max")]
    pub message_bytes_max: u64,
    /// For how many seconds the predecessor of a promoted release goes on scoring, in reverse shadow; 0 for not at
    /// all. Default 24 hours. In a slot that follows a store each promotion says it.
    #[serde(default = "default_cool_off_s")]
    pub cool_off_s: u64,
    /// What the guard may do by itself. In a slot that follows a store, the ledger says it. There is no guard without the
    /// feature `store`.
    #[serde(default)]
    pub guard: GuardSettings,
}

fn default_message_bytes_max() -> u64 {
    50 << 20
}

fn default_cool_off_s() -> u64 {
    COOL_OFF_DEFAULT.as_secs()
}

impl SlotConfig {
    /// A slot with the default thresholds and failure policy.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            thresholds: Thresholds::default(),
            failure: FailurePolicy::default(),
            message_bytes_max: default_message_bytes_max(),
            cool_off_s: default_cool_off_s(),
            guard: GuardSettings::default(),
        }
    }

    /// Sets the score from which each action is taken.
    pub fn thresholds(mut self, thresholds: Thresholds) -> Self {
        self.thresholds = thresholds;
        self
    }

    /// Sets what to answer when the live release does not.
    pub fn failure(mut self, failure: FailurePolicy) -> Self {
        self.failure = failure;
        self
    }

    /// Sets the largest message that is scored, in bytes.
    pub fn message_bytes_max(mut self, bytes: u64) -> Self {
        self.message_bytes_max = bytes;
        self
    }

    /// Sets for how long the predecessor of a promoted release goes on scoring, to the second.
    pub fn cool_off(mut self, cool_off: Duration) -> Self {
        self.cool_off_s = cool_off.as_secs();
        self
    }

    /// Sets what the guard may do by itself.
    pub fn guard(mut self, settings: GuardSettings) -> Self {
        self.guard = settings;
        self
    }

    pub(in crate::runtime) fn validate(&self) -> Result<(), BuildError> {
        let refuse = |why: String| BuildError::Slot { slot: shown(&self.name), why };
        check_name(&self.name).map_err(|error| refuse(error.to_string()))?;
        if self.message_bytes_max == 0 {
            return Err(refuse("message_bytes_max = 0: no message would be scored".to_owned()));
        }
        self.thresholds.validate().map_err(|e| refuse(e.to_string()))?;
        self.guard.validate().map_err(|e| refuse(format!("guard: {e}")))?;
        self.guard.check_providers(None).map_err(|e| refuse(format!("guard: of its providers, {e}")))
    }
}
