//! What an operator has to look at: slots in which nobody decides, and releases that decide although they should not.

use std::collections::BTreeMap;

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::control::{Event, Operation, OperationNote, ProcessNumber, StoreProcess, StoreState};
use switchback::guard::{GuardReader, GuardStoreError};
use switchback::guard::{Segment, Standing};
use switchback::{Control, Digest, ReleaseId};

use crate::store::StoreArgs;
use crate::store::aftermath::Unloadable;
use crate::store::proof::Proof;

/// A slot in which no release decides.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Undecided {
    pub(super) slot: String,
    /// The processes that say so; none where the ledger does.
    pub(super) processes: Vec<ProcessNumber>,
}

/// A release that somebody let decide in a slot without the checks.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Forced {
    pub(super) slot: String,
    pub(super) release: ReleaseId,
    #[serde(flatten)]
    pub(super) note: OperationNote,
}

/// A release that does harm in a slot, as far as the guard has counted.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Harmful {
    pub(super) slot: String,
    pub(super) release: ReleaseId,
    pub(super) segments: Vec<Segment>,
}

/// The slots in which nobody decides: those of the ledger and of processes without a live release, and those whose live
/// release a process does not have.
pub(super) fn undecided(state: &StoreState, processes: &[StoreProcess]) -> Vec<Undecided> {
    let has_live = |slot: &str| state.slots.get(slot).is_some_and(|slot| slot.live.is_some());
    let mut found: BTreeMap<&str, Vec<ProcessNumber>> = BTreeMap::new();
    let registered = processes.iter().flat_map(|process| process.registered.slots.iter().map(String::as_str));
    for slot in state.slots.keys().map(String::as_str).chain(registered).filter(|slot| !has_live(slot)) {
        found.entry(slot).or_default();
    }
    for process in processes {
        let slots = process.acknowledged.iter().flat_map(|known| &known.undecided);
        for slot in slots.filter(|slot| has_live(slot)) {
            found.entry(slot).or_default().push(process.number);
        }
    }
    found.into_iter().map(|(slot, processes)| Undecided { slot: slot.to_owned(), processes }).collect()
}

/// A release that a process which starts could not load.
#[derive(Debug, JsonSchema, Serialize)]
pub(super) struct Faulty {
    pub(super) release: ReleaseId,
    /// Why.
    pub(super) why: String,
}

/// The live releases that a process which starts could not load.
pub(super) fn unloadable(control: &Control, state: &StoreState) -> Vec<Unloadable> {
    let live = state.slots.iter().filter_map(|(slot, roles)| Some((slot, roles.live.as_ref()?)));
    live.filter_map(|(slot, live)| Unloadable::of(control, state, slot, live)).collect()
}

/// The releases that a process which starts could not load, as far as is looked: a store may hold thousands of them.
pub(super) fn faulty(control: &Control, state: &StoreState) -> Vec<Faulty> {
    let fault = |release: &ReleaseId| match state.slots_using(release).next() {
        Some(_) => control.check_file(state, release),
        None => control.find_file(release),
    };
    let releases = state.releases.values().map(|stored| &stored.id);
    releases
        .filter_map(|release| Some(Faulty { release: release.clone(), why: fault(release).err()?.to_string() }))
        .collect()
}

/// The releases that decide because somebody forced them.
pub(super) fn forced(state: &StoreState, events: &[Event]) -> Vec<Forced> {
    let mut last: BTreeMap<(&str, Digest), Option<&Event>> = BTreeMap::new();
    for event in events {
        match &event.operation {
            Operation::Promote { slot, release, forced, .. } | Operation::Canary { slot, release, forced, .. } => {
                last.insert((slot, release.digest), forced.then_some(event));
            }
            Operation::RestoreSegment { slot, forced: true, .. } => {
                if let Some(live) = state.slots.get(slot).and_then(|slot| slot.live.as_ref()) {
                    last.insert((slot, live.digest), Some(event));
                }
            }
            _ => {}
        }
    }
    let mut forced = Vec::new();
    for (slot, roles) in &state.slots {
        for release in roles.live.iter().chain(roles.canaries.iter().map(|canary| &canary.release)) {
            if let Some(Some(event)) = last.get(&(slot.as_str(), release.digest)) {
                forced.push(Forced { slot: slot.clone(), release: release.clone(), note: OperationNote::from(*event) });
            }
        }
    }
    forced
}

/// The releases that are tried, live or not, and do harm.
pub(super) fn harmful(store: &StoreArgs, state: &StoreState) -> anyhow::Result<Vec<Harmful>> {
    let reader = match GuardReader::open(store.dir()?) {
        Ok(reader) => reader,
        Err(GuardStoreError::None(_)) => return Ok(Vec::new()),
        Err(error) => return Err(error).context("ask what the guard knows"),
    };
    let mut harmful = Vec::new();
    for (name, slot) in &state.slots {
        for trial in reader.trials(name)? {
            if slot.entered.get(&trial.candidate.digest) != Some(&trial.since) {
                continue;
            }
            let segments = Proof::of_trial(&reader, slot, &trial)?.segments;
            let harmed = segments.into_iter().filter(|one| one.standing == Standing::Harmed).map(|one| one.segment);
            let segments: Vec<_> = harmed.collect();
            if !segments.is_empty() {
                harmful.push(Harmful { slot: name.clone(), release: trial.candidate, segments });
            }
        }
    }
    Ok(harmful)
}
