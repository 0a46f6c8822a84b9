//! What a change leaves behind: rollouts that it ended, and releases that decide and could not be loaded again.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use switchback::control::{SlotState, StoreState};
use switchback::{Control, ReleaseId};

use super::text;
use crate::exit::{Exit, say};
use crate::show;

/// What a change leaves behind.
#[derive(Debug, Default, JsonSchema, Serialize)]
pub(super) struct Aftermath {
    /// The rollouts that it ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rollouts_ended: Vec<EndedRollout>,
    /// The canaries that go on beside another live release.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    still_deciding: Vec<StillDeciding>,
    /// Slots that there were not, and that no process has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    new_slots: Vec<String>,
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

/// A canary in a slot in which another release is live now.
#[derive(Debug, JsonSchema, Serialize)]
struct StillDeciding {
    slot: String,
    release: ReleaseId,
    /// Its share: `10 % by content`.
    share: String,
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
    pub(super) fn of(control: &Control, before: &StoreState, after: &StoreState) -> Self {
        let (mut rollouts_ended, mut unloadable, mut still_deciding) = (Vec::new(), Vec::new(), Vec::new());
        for (name, slot) in &after.slots {
            let was = before.slots.get(name);
            rollouts_ended.extend(was.and_then(|was| EndedRollout::of(name, was, slot)));
            still_deciding.extend(was.into_iter().flat_map(|was| StillDeciding::of(name, was, slot)));
            let decides = deciding(slot);
            let decided = was.map(deciding).unwrap_or_default();
            let new = decides.into_iter().filter(|release| !decided.contains(release));
            unloadable.extend(new.filter_map(|release| Unloadable::of(control, after, name, release)));
        }
        Self { rollouts_ended, still_deciding, new_slots: new_slots(control, before, after), unloadable }
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for EndedRollout { slot, release, role } in &self.rollouts_ended {
            let now = match role.as_deref() {
                Some(LIVE) => "is live there now".to_owned(),
                Some(role) => {
                    format!("stays there as {role}: `switchback withdraw {release} --slot {slot}` removes it")
                }
                None => "no longer has a role there".to_owned(),
            };
            let line = format!("this ends the rollout of {release} in {slot}; the release {now}");
            writeln!(out, "{}", show::printable(&line, usize::MAX))?;
        }
        for StillDeciding { slot, release, share } in &self.still_deciding {
            let line = format!(
                "{release} is still a canary in {slot}, {share}: `switchback withdraw {release} --slot {slot}` removes it"
            );
            writeln!(out, "{}", show::printable(&line, usize::MAX))?;
        }
        for slot in &self.new_slots {
            let line = format!("{slot} is a new slot that no process has yet; filters built with it will use this");
            writeln!(out, "{}", show::printable(&line, usize::MAX))?;
        }
        Ok(())
    }

    /// Says what could not be loaded again.
    pub(super) fn complain(&self) -> Exit {
        for Unloadable { slot, release, why } in &self.unloadable {
            say(&format!(
                "{release} now decides in {slot}, but a process that starts could not load it: {why}; processes that have it \
                 ready use it. Run `switchback load` with its file again"
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

/// The slots that a change has made beside others, where no process has them: a slot that is mistyped is one.
fn new_slots(control: &Control, before: &StoreState, after: &StoreState) -> Vec<String> {
    let new: Vec<_> = after.slots.keys().filter(|slot| !before.slots.contains_key(*slot)).cloned().collect();
    if new.is_empty() || before.slots.is_empty() {
        return Vec::new();
    }
    let processes = control.processes().unwrap_or_default();
    let has = |slot: &String| processes.iter().any(|process| process.registered.slots.contains(slot));
    new.into_iter().filter(|slot| !has(slot)).collect()
}

impl StillDeciding {
    fn of<'a>(name: &'a str, before: &'a SlotState, after: &'a SlotState) -> impl Iterator<Item = Self> + 'a {
        let is_other = before.live.is_some() && before.live != after.live;
        after.canaries.iter().filter(move |_| is_other).map(move |canary| Self {
            slot: name.to_owned(),
            release: canary.release.clone(),
            share: text::share(&canary.share),
        })
    }
}

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
    pub(crate) fn of(control: &Control, state: &StoreState, slot: &str, release: &ReleaseId) -> Option<Self> {
        let why = control.check_file(state, release).err()?.to_string();
        Some(Self { slot: slot.to_owned(), release: release.clone(), why })
    }
}
