//! Releases that a store would not load again.

use std::path::Path;

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::{ReleaseId, SlotState, State, read_signature, signature_path};

use crate::store::releases::path_in;

/// Releases of a store that its trust list would not accept.
#[derive(Debug, Default)]
pub(super) struct Unsigned {
    /// With a role, and what that is: `live in inbound`.
    used: Vec<(ReleaseId, String)>,
    /// Without one.
    unused: Vec<ReleaseId>,
    /// Slots in which such a release is live.
    slots: Vec<String>,
}

impl Unsigned {
    /// Those that the trust list of this state would not accept, by the files that are in the store.
    pub(super) fn of(store: &Path, after: &State) -> anyhow::Result<Self> {
        let mut unsigned = Self::default();
        for stored in after.releases.values() {
            if is_accepted(store, &stored.id, after)? {
                continue;
            }
            let roles: Vec<_> = after
                .slots
                .iter()
                .filter_map(|(name, slot)| Some(format!("{} in {name}", role(slot, &stored.id)?)))
                .collect();
            match roles.is_empty() {
                true => unsigned.unused.push(stored.id.clone()),
                false => unsigned.used.push((stored.id.clone(), roles.join(", "))),
            }
            let live = after.slots.iter().filter(|(_, slot)| slot.live.as_ref() == Some(&stored.id));
            unsigned.slots.extend(live.map(|(name, _)| name.clone()));
        }
        Ok(unsigned)
    }

    /// What will not survive a restart; none if everything does.
    pub(super) fn warning(&self) -> Option<String> {
        let used: Vec<_> = self.used.iter().map(|(release, roles)| format!("{release} ({roles})")).collect();
        if used.is_empty() {
            return None;
        }
        let (are, them) = if used.len() == 1 { ("is", "it") } else { ("are", "them") };
        let nobody = match self.slots.as_slice() {
            [] => String::new(),
            slots => format!(", and nobody decides in {} then", slots.join(", ")),
        };
        Some(format!(
            "{} {are} not signed by this key: a filter that runs keeps {them}, one that is restarted cannot load {them}{nobody}; \
             sign {them} with `switchback sign` and `switchback load` {them} again",
            used.join(", ")
        ))
    }

    /// What is said when the key is trusted.
    pub(super) fn notes(&self) -> Vec<String> {
        let unused: Vec<_> = self.unused.iter().map(ToString::to_string).collect();
        let unused = (!unused.is_empty()).then(|| {
            let are = if unused.len() == 1 { "is" } else { "are" };
            format!("{} {are} not signed by this key and cannot be given a role", unused.join(", "))
        });
        self.warning().into_iter().chain(unused).collect()
    }
}

/// A live release that a filter which starts would not load.
#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct Unloadable {
    pub(crate) slot: String,
    pub(crate) release: ReleaseId,
    /// Why.
    pub(crate) why: String,
}

/// The live releases that the trust list does not accept, by the files that are in the store.
pub(crate) fn unloadable(store: &Path, state: &State) -> anyhow::Result<Vec<Unloadable>> {
    if !state.trust.is_set() && state.trust.revoked_digests().is_empty() {
        return Ok(Vec::new());
    }
    let mut unloadable = Vec::new();
    for (slot, live) in state.slots.iter().filter_map(|(slot, roles)| Some((slot, roles.live.as_ref()?))) {
        if let Some(why) = refusal(store, live, state)? {
            unloadable.push(Unloadable { slot: slot.clone(), release: live.clone(), why });
        }
    }
    Ok(unloadable)
}

/// Whether a filter that starts would load a release from the store.
fn is_accepted(store: &Path, release: &ReleaseId, state: &State) -> anyhow::Result<bool> {
    Ok(refusal(store, release, state)?.is_none())
}

/// Why a filter that starts would not load a release from the store; none if it would.
fn refusal(store: &Path, release: &ReleaseId, state: &State) -> anyhow::Result<Option<String>> {
    let path = path_in(store, release);
    // What is no file is lost already, and not waited for.
    let is_file = std::fs::metadata(&path).is_ok_and(|file| file.is_file());
    let Some(bytes) = is_file.then(|| std::fs::read(&path).ok()).flatten() else {
        return Ok(Some("its file cannot be read".to_owned()));
    };
    let signature =
        read_signature(&signature_path(&path)).with_context(|| format!("read the signature of {release}"))?;
    Ok(state.trust.check(release, &bytes, signature.as_deref()).err().map(|why| why.to_string()))
}

/// The role of a release in a slot: of several the one that decides most.
fn role(slot: &SlotState, release: &ReleaseId) -> Option<&'static str> {
    if slot.live.as_ref() == Some(release) {
        Some("live")
    } else if slot.canaries.iter().any(|canary| canary.release == *release) {
        Some("canary")
    } else if slot.standbys.contains(release) {
        Some("standby")
    } else {
        slot.uses(release).then_some("shadow")
    }
}
