//! Why a gateway does not start, or does not take another configuration.

use std::io;

use switchback::BuildError;
use thiserror::Error;

use crate::authentication::AuthenticatorError;
use crate::config::{Config, DoorKind};
use crate::held::HoldError;

/// Why a gateway does not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The runtime cannot be built as configured.
    #[error(transparent)]
    Runtime(#[from] BuildError),
    /// Senders cannot be authenticated.
    #[error("senders cannot be authenticated")]
    Authentication(#[from] AuthenticatorError),
    /// Mail cannot be held.
    #[error("mail cannot be held")]
    Held(#[from] HoldError),
    /// A thread cannot be started.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
}

/// Why another configuration is not taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// It changes what only a start can.
    #[error("a restart is needed for changes of {}", fields.join(", "))]
    NeedsRestart {
        /// The sections and fields that differ.
        fields: Vec<&'static str>,
    },
    /// It names something that this machine does not have.
    #[error(transparent)]
    Unusable(#[from] OpenError),
}

impl ReloadError {
    /// What others' doors have is no concern of this process: programs share one file.
    pub(super) fn check(old: &Config, new: &Config, doors: &[DoorKind]) -> Result<(), Self> {
        let slots = |config: &Config| {
            [Some(&config.inbound), config.outbound.as_ref()]
                .map(|rules| rules.map(|rules| (rules.slot.clone(), rules.thresholds, rules.failure)))
        };
        let differs = [
            ("store", old.store != new.store),
            ("the slots, their thresholds and failure answers", slots(old) != slots(new)),
            ("scoring", old.scoring != new.scoring),
            ("journal", old.journal != new.journal),
        ];
        let of_doors = doors.iter().flat_map(|door| old.fixed_that_differ(new, *door));
        let fields = differs.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field);
        let fields: Vec<_> = fields.chain(of_doors).collect();
        if fields.is_empty() { Ok(()) } else { Err(Self::NeedsRestart { fields }) }
    }
}
