//! Releases that a store would not load again.

use switchback::control::{SlotState, StoreState};
use switchback::{Control, ReleaseId};

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
    pub(super) fn of(control: &Control, after: &StoreState) -> Self {
        let mut unsigned = Self::default();
        for stored in after.releases.values() {
            if control.check_file(after, &stored.id).is_ok() {
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
        unsigned
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
            slots => format!(", and then no release decides in {}", slots.join(", ")),
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
