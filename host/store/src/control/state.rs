//! What all operations so far amount to.

mod routes;
mod slot;
mod times;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use switchback_model::guard::GuardSettings;
use switchback_model::release::{Digest, KeyId, ReleaseId};
use switchback_model::route::Generation;
use switchback_model::verdict::{Effect, Override};

pub use slot::SlotState;

use super::event::{Drafted, Event, Proposal};
use super::mark::Mark;
use super::note::OperationNote;
use super::number::EventSequence;
use super::operation::{GuardAction, Operation};
use super::refused::Refused;
use super::rollout::{Plan, Rollout};
use super::trust::TrustList;

/// The fold of the ledger: what every process of a store has to be in.
///
/// Pure: no clock, no files. The same events make the same state everywhere, and an event that does not
/// apply changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StoreState {
    /// The sequence of the last event; 0 before the first.
    pub sequence: EventSequence,
    /// The generation: how often a route was changed (emergency reverts make it jump). Never falls.
    pub generation: Generation,
    /// Every release that processes have ready, or make ready when they are asked to, by digest.
    pub releases: BTreeMap<Digest, StoredRelease>,
    /// Every slot that an operation named, by name.
    pub slots: BTreeMap<String, SlotState>,
    /// Releases that may have no role, by digest.
    pub quarantined: BTreeMap<Digest, OperationNote>,
    /// Overrides, by the sequence of the event that made them; also those whose time is over. Shared by the states before
    /// and after whatever does not change them: there may be many.
    pub overrides: Arc<BTreeMap<u64, Override>>,
    /// Present while every slot is frozen.
    pub frozen: Option<OperationNote>,
    /// Whose releases are loaded.
    pub trust: TrustList,
    /// How often the ledger was recovered.
    #[serde(default)]
    pub recoveries: u64,
    #[serde(skip)]
    times: times::Times,
}

/// A release in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct StoredRelease {
    /// What it is.
    pub id: ReleaseId,
    /// The key that signed it, where a trust list asked for one.
    pub signer: Option<KeyId>,
    /// Who loaded it, when and why.
    pub note: OperationNote,
}

impl StoreState {
    /// The release that an operation gives more of the mail, or more of its cost, than before, and that has to be there for
    /// that. None where nobody asks for a certain one: a revert in an emergency goes to whatever is on standby.
    pub(super) fn relied_on_by<'a>(&'a self, operation: &'a Operation) -> Option<&'a ReleaseId> {
        let of = |slot: &str| self.slots.get(slot);
        match operation {
            Operation::Advance { release, .. } => Some(release),
            Operation::Revert { to, emergency: None, .. } => to.as_ref(),
            Operation::RevertSegment { slot, to, .. } => to.as_ref().or_else(|| of(slot)?.standbys.first()),
            Operation::RestoreSegment { slot, .. } => of(slot)?.live.as_ref(),
            other => other.enters(),
        }
    }

    /// Makes the event that a proposal would be, if it is not refused. The state stays as it is.
    ///
    /// # Errors
    /// [`Refused`], which says why.
    pub fn draft(&self, proposal: Proposal, at: Timestamp, previous: Digest) -> Result<Drafted, Refused> {
        let Proposal { author, reason, operation } = proposal;
        if matches!(operation, Operation::Recover { .. }) {
            return Err(Refused::OnlyRecovery);
        }
        let operation = self.pinned(operation);
        let routes = self.routes_after(&operation, at)?;
        let generation = self.generation_after(&operation, &routes);
        let event = Event { sequence: self.sequence.next(), generation, at, author, reason, operation, previous };
        self.check(&event)?;
        self.check_wanted(&event.operation)?;
        check_override(&event)?;
        Ok(Drafted::new(event))
    }

    /// The event after a recovery: what was known of the ledger before goes on in its generation.
    pub(super) fn recovery(&self, lost: &Mark, by: &str, reason: String, at: Timestamp, previous: Digest) -> Event {
        // What is known of a damaged store is what somebody wrote there: no number of it is past all counting.
        let number = self.recoveries.max(lost.recoveries.min(KNOWN_MAX)) + 1;
        let known = lost.sequence.max(self.sequence);
        let generation = self.generation.max(lost.generation.min(Generation::new(KNOWN_MAX)));
        let operation = Operation::Recover { number, known, generation };
        let (sequence, author) = (self.sequence.next(), by.to_owned());
        Event { sequence, generation: generation.next(), at, author, reason, operation, previous }
    }

    /// Applies the event that comes next.
    ///
    /// # Errors
    /// [`Refused`] if the event cannot have happened in this state; the state stays as it is.
    pub fn apply(&mut self, event: &Event) -> Result<(), Refused> {
        if event.sequence != self.sequence.next() {
            return Err(Refused::OutOfOrder { expected: self.sequence.next(), found: event.sequence });
        }
        let routes = self.routes_after(&event.operation, event.at)?;
        let generation = self.generation_after(&event.operation, &routes);
        if event.generation != generation {
            return Err(Refused::WrongGeneration { expected: generation, found: event.generation });
        }
        self.check(event)?;
        let changed: Vec<_> = routes.iter().map(|(slot, _)| slot.clone()).collect();
        for (slot, mut state) in routes {
            state.generation = generation;
            self.slots.insert(slot, state);
        }
        self.record(event);
        self.note_time(event);
        for slot in changed {
            self.entry(&slot).settle(generation);
        }
        self.sequence = event.sequence;
        self.generation = generation;
        Ok(())
    }

    /// Every release that has a role in some slot, each once: those that decide first.
    #[doc(hidden)]
    pub fn releases_with_a_role(&self) -> Vec<Digest> {
        let mut all: Vec<_> =
            self.slots.values().filter_map(|slot| slot.live.as_ref()).map(|live| live.digest).collect();
        all.extend(self.slots.values().flat_map(|slot| &slot.canaries).map(|canary| canary.release.digest));
        all.extend(self.slots.values().flat_map(SlotState::releases).map(|release| release.digest));
        let mut seen = BTreeSet::new();
        all.retain(|release| seen.insert(*release));
        all
    }

    /// A release by name and version, such as `phish@2.0.0`, among those loaded.
    pub fn find(&self, reference: &str) -> Option<&ReleaseId> {
        self.releases.values().map(|stored| &stored.id).find(|id| id.to_string() == reference)
    }

    /// The slots in which a release has a role.
    pub fn slots_using(&self, release: &ReleaseId) -> impl Iterator<Item = &str> {
        self.slots.iter().filter(|(_, slot)| slot.uses(release)).map(|(name, _)| name.as_str())
    }

    /// The overrides that hold when a clock says this (see [`StoreState::time`]).
    pub fn standing_overrides(&self, clock: Timestamp) -> impl Iterator<Item = &Override> {
        let at = self.time(clock);
        self.overrides.values().filter(move |one| one.holds_at(at))
    }

    /// What is refused for another reason than a route.
    fn check(&self, event: &Event) -> Result<(), Refused> {
        match &event.operation {
            Operation::Load { release, signer } => self.check_loadable(release, *signer),
            Operation::Unload { release } => self.check_unloadable(release),
            Operation::Quarantine { release } if self.quarantined.contains_key(&release.digest) => {
                Err(Refused::Quarantined(release.clone()))
            }
            Operation::LiftQuarantine { release } if !self.is_barred(release) => {
                Err(Refused::NotQuarantined(release.clone()))
            }
            Operation::SetGuard { slot, settings } => {
                slot::check_name(slot)?;
                settings.validate().map_err(Refused::Guard)
            }
            Operation::StopRollout { slot } if self.slot(slot)?.rollout.is_none() => {
                Err(Refused::NothingToStop(slot.clone()))
            }
            Operation::Expire { rule } if !self.overrides.contains_key(rule) => Err(Refused::NoOverride(*rule)),
            Operation::Freeze { slot } if self.freeze_of(slot.as_deref())?.is_some() => {
                Err(Refused::FrozenAlready(slot.clone()))
            }
            Operation::Thaw { slot } if self.freeze_of(slot.as_deref())?.is_none() => {
                Err(Refused::NotFrozen(slot.clone()))
            }
            Operation::TrustKey { .. } | Operation::RevokeKey { .. } | Operation::RevokeDigest { .. } => {
                self.trust_after(&event.operation).map(drop)
            }
            Operation::ReleaseMail { count: 0, .. } | Operation::MoveMail { count: 0, .. } => Err(Refused::NoMail),
            Operation::Recover { number, .. } if *number <= self.recoveries => {
                Err(Refused::WrongRecovery { known: self.recoveries, found: *number })
            }
            _ => Ok(()),
        }
    }

    /// Takes over what is no route. Everything was checked.
    fn record(&mut self, event: &Event) {
        match &event.operation {
            Operation::Load { release, signer } => {
                let stored = StoredRelease { id: release.clone(), signer: *signer, note: event.into() };
                self.releases.insert(release.digest, stored);
            }
            Operation::Unload { release } => drop(self.releases.remove(&release.digest)),
            Operation::Quarantine { release } => drop(self.quarantined.insert(release.digest, event.into())),
            Operation::LiftQuarantine { release } => {
                self.quarantined.remove(&release.digest);
                self.slots.values_mut().for_each(|slot| drop(slot.harmful.remove(&release.digest)));
            }
            Operation::Allow { .. } | Operation::Block { .. } => {
                Arc::make_mut(&mut self.overrides).extend(override_of(event).map(|one| (one.id, one)))
            }
            Operation::Expire { rule } => drop(Arc::make_mut(&mut self.overrides).remove(rule)),
            Operation::Freeze { slot } => self.set_freeze(slot.as_deref(), Some(event.into())),
            Operation::Thaw { slot } => self.set_freeze(slot.as_deref(), None),
            Operation::TrustKey { .. } | Operation::RevokeKey { .. } | Operation::RevokeDigest { .. } => {
                if let Ok(trust) = self.trust_after(&event.operation) {
                    self.trust = trust;
                }
            }
            Operation::Canary { slot, release, forced: true, .. }
            | Operation::Promote { slot, release, forced: true, .. } => self.set_harmful(slot, release, None),
            Operation::SetGuard { slot, settings } => self.entry(slot).guard = GuardSettings::clone(settings),
            Operation::Guard { slot, release, action, .. } => match action {
                GuardAction::Block | GuardAction::Withdraw => self.set_harmful(slot, release, Some(event.into())),
                GuardAction::Revert if self.can_be_barred_outside(slot, release) => {
                    self.quarantined.insert(release.digest, event.into());
                }
                GuardAction::Revert => self.set_harmful(slot, release, Some(event.into())),
                GuardAction::RevertSegment => {}
            },
            Operation::Rollout { slot, release, plan } => self.begin_rollout(event, slot, release, plan),
            Operation::Advance { slot, step, .. } => {
                let rollout = self.entry(slot).rollout.as_mut();
                if let Some(rollout) = rollout {
                    (rollout.step, rollout.step_began) = (*step, event.at);
                }
            }
            Operation::StopRollout { slot } => self.entry(slot).rollout = None,
            Operation::Recover { number, .. } => self.recoveries = *number,
            Operation::Shadow { .. }
            | Operation::Canary { .. }
            | Operation::Withdraw { .. }
            | Operation::Promote { .. }
            | Operation::Revert { .. }
            | Operation::RevertSegment { .. }
            | Operation::RestoreSegment { .. }
            | Operation::ReleaseMail { .. }
            | Operation::MoveMail { .. } => {}
        }
    }

    /// Whether a release is quarantined, or the guard found it harmful in some slot.
    fn is_barred(&self, release: &ReleaseId) -> bool {
        let is_harmful = |slot: &SlotState| slot.harmful.contains_key(&release.digest);
        self.quarantined.contains_key(&release.digest) || self.slots.values().any(is_harmful)
    }

    fn entry(&mut self, slot: &str) -> &mut SlotState {
        self.slots.entry(slot.to_owned()).or_default()
    }

    fn set_harmful(&mut self, slot: &str, release: &ReleaseId, note: Option<OperationNote>) {
        let harmful = &mut self.entry(slot).harmful;
        match note {
            Some(note) => drop(harmful.insert(release.digest, note)),
            None => drop(harmful.remove(&release.digest)),
        }
    }

    fn begin_rollout(&mut self, event: &Event, slot: &str, release: &ReleaseId, plan: &Plan) {
        let state = self.entry(slot);
        // Refused where nothing is live.
        let live = state.live.clone();
        state.rollout = live.map(|baseline| Rollout::new(release.clone(), baseline, plan.clone(), event.into()));
    }

    /// The slot as it is; empty if no operation has named it yet.
    fn slot(&self, name: &str) -> Result<SlotState, Refused> {
        slot::check_name(name)?;
        Ok(self.slots.get(name).cloned().unwrap_or_default())
    }

    fn check_loadable(&self, release: &ReleaseId, signer: Option<KeyId>) -> Result<(), Refused> {
        // Whoever reads a ledger does this for each release in it.
        let is_namesake = |known: &&ReleaseId| known.version == release.version && known.name == release.name;
        match self.releases.values().map(|stored| &stored.id).find(is_namesake) {
            // It may be loaded again to be signed by somebody else.
            Some(known) if known.digest == release.digest => match self.releases.get(&known.digest) {
                Some(stored) if stored.signer != signer => Ok(()),
                _ => Err(Refused::LoadedAlready(release.clone())),
            },
            Some(known) => Err(Refused::Namesake { loaded: known.clone(), offered: release.digest }),
            None => Ok(()),
        }
    }

    fn check_unloadable(&self, release: &ReleaseId) -> Result<(), Refused> {
        if !self.releases.contains_key(&release.digest) {
            return Err(Refused::NotLoaded(release.clone()));
        }
        match self.slots.iter().find(|(_, slot)| slot.uses(release)) {
            Some((name, slot)) if slot.live.as_ref() == Some(release) => {
                Err(Refused::Live { release: release.clone(), slot: name.clone() })
            }
            Some((name, _)) => Err(Refused::InUse { release: release.clone(), slot: name.clone() }),
            None => Ok(()),
        }
    }

    fn freeze_of(&self, slot: Option<&str>) -> Result<Option<OperationNote>, Refused> {
        slot.map_or(Ok(self.frozen.clone()), |slot| Ok(self.slot(slot)?.frozen))
    }

    fn set_freeze(&mut self, slot: Option<&str>, freeze: Option<OperationNote>) {
        match slot {
            None => self.frozen = freeze,
            Some(slot) => self.slots.entry(slot.to_owned()).or_default().frozen = freeze,
        }
    }

    fn trust_after(&self, operation: &Operation) -> Result<TrustList, Refused> {
        let mut trust = self.trust.clone();
        match operation {
            Operation::TrustKey { key, label } => trust.trust(key.clone(), label),
            Operation::RevokeKey { key } => trust.revoke_key(*key),
            Operation::RevokeDigest { digest } => trust.revoke_digest(*digest),
            _ => Ok(()),
        }
        .map_err(Refused::Trust)?;
        Ok(trust)
    }
}

/// The highest generation, or number of a recovery, that is believed of what was lost.
const KNOWN_MAX: u64 = 1 << 62;

/// The override that an event makes, if it makes one.
fn override_of(event: &Event) -> Option<Override> {
    let (rule, effect) = match &event.operation {
        Operation::Allow { rule, may } => (rule, Effect::Allow { may: *may }),
        Operation::Block { rule, action } => (rule, Effect::Block { action: *action }),
        _ => return None,
    };
    Some(Override::new(event.sequence.get(), &event.author, &event.reason, event.at, rule.clone(), effect))
}

/// Checks an override that somebody wants to make. One that was made is not checked again: the bounds of a later
/// program may be others.
fn check_override(event: &Event) -> Result<(), Refused> {
    override_of(event).map_or(Ok(()), |one| one.validate(event.at)).map_err(Refused::Override)
}
