//! What a change does to the slots.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use switchback::ReleaseId;
use switchback::control::{SlotState, StoreState};

use super::text;

/// The slots of which a change changes something, before and after.
pub(super) struct Changed<'a>(Vec<(&'a str, Option<&'a SlotState>, &'a SlotState)>);

impl<'a> Changed<'a> {
    pub(super) fn between(before: &'a StoreState, after: &'a StoreState) -> Self {
        let slots = after.slots.iter().map(|(name, slot)| (name.as_str(), before.slots.get(name), slot));
        Self(
            slots
                .filter(|(_, before, after)| before.is_none_or(|before| before.generation != after.generation))
                .collect(),
        )
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for (name, before, after) in &self.0 {
            let was = before.and_then(|before| before.live.as_ref());
            writeln!(out, "{name}: {}", line(was, after))?;
        }
        Ok(())
    }
}

/// As an object of the slots as they are afterwards.
impl Serialize for Changed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, _, after)| (name, after)))
    }
}

/// `live phish@2.0.0, before it phish@1.1.0; on standby phish@1.1.0, phish@1.0.0; gmail.com to phish@1.1.0`.
fn line(was: Option<&ReleaseId>, slot: &SlotState) -> String {
    let live = match (&slot.live, was) {
        (None, _) => "no release is live".to_owned(),
        (Some(live), Some(was)) if was != live => format!("live {live}, before it {was}"),
        (Some(live), _) => format!("live {live}"),
    };
    let trials = text::trials(slot).into_iter().map(|(role, rest)| format!("; {role} {rest}"));
    let trials: String = trials.chain(text::segments(slot).map(|rule| format!("; {rule}"))).collect();
    match text::list(&slot.standbys) {
        standbys if standbys.is_empty() => format!("{live}; nothing on standby{trials}"),
        standbys => format!("{live}; on standby {standbys}{trials}"),
    }
}
