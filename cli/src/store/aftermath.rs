//! What a change leaves behind: rollouts that it ended, and releases that decide and could not be loaded again.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use switchback::{Control, ReleaseId, SlotState, State};

use super::text;
use crate::exit::{Exit, say};
use crate::show;

/// What a change leaves behind.
#[derive(Debug, Default, JsonSchema, Serialize)]
pub(super) struct Aftermath {
    /// The rollouts that it ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rollouts_ended: Vec<EndedRollout>,
    /// What decides by it, and what a process that starts could not load.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unloadable: Vec<Unloadable>,
}

/// A rollout that has ended before its last step.
#[derive(Debug, JsonSchema, Serialize)]
struct EndedRollout {
    slot: String,
    release: ReleaseId,
    /// What the release does there now: `canary, 10 % by content`; none if it has no role.
    role: Option<String>,
}

/// A release that decides in a slot, and that a process which starts would not load.
#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct Unloadable {
    pub(crate) slot: String,
    pub(crate) release: ReleaseId,
    /// Why.
    pub(crate) why: String,
}

impl Aftermath {
    pub(super) fn of(control: &Control, before: &State, after: &State) -> Self {
        let (mut rollouts_ended, mut unloadable) = (Vec::new(), Vec::new());
        for (name, slot) in &after.slots {
            let was = before.slots.get(name);
            rollouts_ended.extend(was.and_then(|was| EndedRollout::of(name, was, slot)));
            let decides = deciding(slot);
            let decided = was.map(deciding).unwrap_or_default();
            let new = decides.into_iter().filter(|release| !decided.contains(release));
            unloadable.extend(new.filter_map(|release| Unloadable::of(control, after, name, release)));
        }
        Self { rollouts_ended, unloadable }
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for EndedRollout { slot, release, role } in &self.rollouts_ended {
            let now = match role.as_deref() {
                Some(LIVE) => "is live there now".to_owned(),
                Some(role) => {
                    format!("goes on there as {role}: `switchback withdraw {release} --slot {slot}` takes that")
                }
                None => "has no role there any more".to_owned(),
            };
            let line = format!("this ends the rollout of {release} in {slot}, which {now}");
            writeln!(out, "{}", show::printable(&line, usize::MAX))?;
        }
        Ok(())
    }

    /// Says what could not be loaded again.
    pub(super) fn complain(&self) -> Exit {
        for Unloadable { slot, release, why } in &self.unloadable {
            say(&format!(
                "{release} decides in {slot} by this, and a process that starts could not load it: {why}; those that have it \
                 ready obey. `switchback load` its file again"
            ));
        }
        Exit::found_if(!self.unloadable.is_empty())
    }
}

/// The releases that decide in a slot.
fn deciding(slot: &SlotState) -> Vec<&ReleaseId> {
    slot.live.iter().chain(slot.canaries.iter().map(|canary| &canary.release)).collect()
}

const LIVE: &str = "live";

impl EndedRollout {
    fn of(name: &str, before: &SlotState, after: &SlotState) -> Option<Self> {
        let rollout = before.rollout.as_ref()?;
        if after.rollout.as_ref().is_some_and(|now| now.began.sequence == rollout.began.sequence) {
            return None;
        }
        let release = &rollout.release;
        let live = after.live.as_ref().filter(|live| *live == release).map(|_| LIVE.to_owned());
        let canary = after.canaries.iter().find(|one| one.release == *release);
        let shadow = after.shadows.iter().find(|one| one.release == *release);
        let role = live
            .or_else(|| Some(format!("canary, {}", text::share(&canary?.share))))
            .or_else(|| Some(format!("shadow, {}", text::percent(shadow?.rate_bp))));
        Some(Self { slot: name.to_owned(), release: release.clone(), role })
    }
}

impl Unloadable {
    /// A release that has a role in a slot, if a process that starts would not load it.
    pub(crate) fn of(control: &Control, state: &State, slot: &str, release: &ReleaseId) -> Option<Self> {
        let why = control.check_file(state, release).err()?.to_string();
        Some(Self { slot: slot.to_owned(), release: release.clone(), why })
    }
}
