//! The release to compare with.

use anyhow::{Context as _, bail};
use switchback::ReleaseId;
use switchback::journal::JournalReader;

use super::Args;
use crate::exit::Usage;
use crate::store::slot::Slots;

/// The release to compare with, and why it is that one.
pub(super) struct Against {
    pub(super) release: ReleaseId,
    pub(super) why: &'static str,
}

impl Against {
    /// The one that was named; else the live one of the slot, or its predecessor.
    pub(super) fn choose(args: &Args, reader: &JournalReader, release: &ReleaseId) -> anyhow::Result<Self> {
        let against = match &args.against {
            Some(name) => Self { release: args.journal.release(reader, name)?, why: "as given" },
            None => Self::now(args, release)?,
        };
        match against.release == *release {
            true => Err(Usage(format!("{release} is compared with itself: name another one with --against")).into()),
            false => Ok(against),
        }
    }

    fn now(args: &Args, release: &ReleaseId) -> anyhow::Result<Self> {
        let state = args.journal.state()?;
        let state = state.ok_or_else(|| Usage("which release to compare with? Name it with --against".to_owned()))?;
        let name = Slots::of(&state, &[]).chosen(args.slot.as_deref())?;
        let slot = state.slots.get(&name).context("the slot has no release yet: name one with --against")?;
        match (&slot.live, slot.standbys.first()) {
            (Some(live), _) if live != release => Ok(Self { release: live.clone(), why: "live now" }),
            (Some(_), Some(standby)) => Ok(Self { release: standby.clone(), why: "live before it" }),
            _ => {
                bail!("slot `{name}` has no other release than {release}: give the one to compare with as --against")
            }
        }
    }
}
