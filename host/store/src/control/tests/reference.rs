//! What operations should do, said in another way: a slot is a stack of releases, the live one on top.

use std::collections::{BTreeMap, BTreeSet};

use switchback_model::release::ReleaseId;
use switchback_model::route::{BASIS_POINTS, CanaryKey};

use super::super::*;
use super::number;

/// The roles of one slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Route {
    pub(super) live: Option<u64>,
    pub(super) standbys: Vec<u64>,
    pub(super) canaries: Vec<(u64, u16)>,
    pub(super) shadows: Vec<u64>,
    pub(super) cooling_off: Option<u64>,
    pub(super) segments: Vec<(String, u64)>,
    pub(super) harmful: BTreeSet<u64>,
}

impl Route {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Default)]
pub(super) struct Reference {
    loaded: BTreeSet<u64>,
    barred: BTreeSet<u64>,
    frozen: BTreeSet<Option<String>>,
    slots: BTreeMap<String, Slot>,
}

#[derive(Clone, Default)]
struct Slot {
    stack: Vec<u64>,
    canaries: Vec<(u64, u16)>,
    key: CanaryKey,
    shadows: Vec<u64>,
    cooling_off: Option<u64>,
    segments: Vec<(String, u64)>,
    harmful: BTreeSet<u64>,
}

impl Slot {
    fn uses(&self, release: u64) -> bool {
        self.stack.contains(&release)
            || self.canaries.iter().any(|(one, _)| *one == release)
            || self.shadows.contains(&release)
    }

    fn is_live(&self, release: u64) -> bool {
        self.stack.last() == Some(&release)
    }

    fn end_cool_off(&mut self, release: u64) {
        self.cooling_off = self.cooling_off.filter(|one| *one != release);
    }

    fn end_trial(&mut self, release: u64) {
        self.canaries.retain(|(one, _)| *one != release);
        self.shadows.retain(|one| *one != release);
    }

    fn is_standby(&self, release: u64) -> bool {
        self.stack.contains(&release) && !self.is_live(release)
    }

    /// Takes a release from the stack, and what hangs on it.
    fn lose(&mut self, release: u64) {
        self.stack.retain(|one| *one != release);
        self.segments.retain(|(_, one)| *one != release);
        self.end_cool_off(release);
        self.end_trial(release);
    }
}

impl Reference {
    pub(super) fn routes(&self) -> BTreeMap<String, Route> {
        let route = |slot: &Slot| Route {
            live: slot.stack.last().copied(),
            standbys: slot.stack.iter().rev().skip(1).copied().collect(),
            canaries: slot.canaries.clone(),
            shadows: slot.shadows.clone(),
            cooling_off: slot.cooling_off,
            segments: slot.segments.clone(),
            harmful: slot.harmful.clone(),
        };
        self.slots
            .iter()
            .map(|(name, slot)| (name.clone(), route(slot)))
            .filter(|(_, route)| !route.is_empty())
            .collect()
    }

    /// Does an operation, and says whether it is allowed.
    pub(super) fn apply(&mut self, operation: &Operation) -> bool {
        let frozen = |slot: &String| self.frozen.contains(&None) || self.frozen.contains(&Some(slot.clone()));
        let usable = |release: u64| self.loaded.contains(&release) && !self.barred.contains(&release);
        match operation {
            Operation::Load { release, .. } => self.loaded.insert(number(release)),
            Operation::Unload { release } => {
                let used = self.slots.values().any(|slot| slot.uses(number(release)));
                !used && self.loaded.remove(&number(release))
            }
            Operation::Promote { slot, release, older, cool_off_s, forced } => {
                let allowed = !frozen(slot) && usable(number(release)) && !self.is_refused(slot, release, *forced);
                let cools_off = *cool_off_s != Some(0);
                allowed
                    && self.promote(slot, number(release), *older, cools_off)
                    && self.forgive(slot, release, *forced)
            }
            Operation::Canary { slot, release, share_bp, key, forced, .. } => {
                let allowed = !frozen(slot) && usable(number(release)) && !self.is_refused(slot, release, *forced);
                allowed
                    && *share_bp > 0
                    && self.try_out(slot, number(release), *share_bp, *key)
                    && self.forgive(slot, release, *forced)
            }
            Operation::RevertSegment { slot, segment, to, .. } => {
                let slot = self.slot(slot);
                let first = slot.stack.iter().rev().nth(1).copied();
                let to = to.as_ref().map(number).filter(|to| slot.is_standby(*to)).or(first.filter(|_| to.is_none()));
                let Some(to) = to else { return false };
                slot.segments.retain(|(one, _)| *one != segment.to_string());
                slot.segments.push((segment.to_string(), to));
                true
            }
            Operation::RestoreSegment { slot, .. } if frozen(slot) => false,
            Operation::RestoreSegment { slot, segment, .. } => {
                let slot = self.slot(slot);
                let before = slot.segments.len();
                slot.segments.retain(|(one, _)| *one != segment.to_string());
                slot.segments.len() < before
            }
            Operation::Guard { slot, release, action, evidence, .. } => {
                self.guarded(slot, number(release), *action, evidence.baseline().map(number))
            }
            Operation::Shadow { slot, release, .. } => {
                let allowed = usable(number(release));
                allowed && self.shadow(slot, number(release))
            }
            Operation::Withdraw { slot, release } => self.withdraw(slot, number(release)),
            Operation::Revert { slot, to: None, .. } => self.pop(slot),
            Operation::Revert { slot, to: Some(to), emergency } => {
                let to = number(to);
                let live = self.slots.get(slot).is_some_and(|slot| slot.is_live(to));
                match (live, emergency) {
                    (true, Some(_)) => true,
                    (true, None) => false,
                    (false, None) => {
                        let is_standby = self.slots.get(slot).is_some_and(|slot| slot.is_standby(to));
                        is_standby && usable(to) && self.pop_to(slot, to)
                    }
                    (false, Some(_)) => usable(to) && self.pop_to(slot, to),
                }
            }
            Operation::Quarantine { release } => self.quarantine(number(release)),
            Operation::LiftQuarantine { release } => {
                let release = number(release);
                let was_harmful = self.slots.values_mut().filter_map(|slot| slot.harmful.take(&release)).count() > 0;
                self.barred.remove(&release) || was_harmful
            }
            Operation::Freeze { slot } => self.frozen.insert(slot.clone()),
            Operation::Thaw { slot } => self.frozen.remove(slot),
            other => unreachable!("{other} is not drawn"),
        }
    }

    fn slot(&mut self, name: &str) -> &mut Slot {
        self.slots.entry(name.to_owned()).or_default()
    }

    /// Whether the guard found a release harmful that nobody forces.
    fn is_refused(&self, slot: &str, release: &ReleaseId, forced: bool) -> bool {
        !forced && self.slots.get(slot).is_some_and(|slot| slot.harmful.contains(&number(release)))
    }

    fn forgive(&mut self, slot: &str, release: &ReleaseId, forced: bool) -> bool {
        if forced {
            self.slot(slot).harmful.remove(&number(release));
        }
        true
    }

    fn guarded(&mut self, name: &str, release: u64, action: GuardAction, baseline: Option<u64>) -> bool {
        let slot = self.slot(name);
        let is_canary = slot.canaries.iter().any(|(one, _)| *one == release);
        match action {
            GuardAction::Block => {
                slot.shadows.contains(&release) && !slot.is_live(release) && !is_canary && {
                    slot.harmful.insert(release);
                    true
                }
            }
            GuardAction::Withdraw => {
                is_canary && !slot.is_live(release) && {
                    slot.lose(release);
                    slot.harmful.insert(release);
                    true
                }
            }
            GuardAction::Revert => {
                if !slot.is_live(release) || slot.stack.len() < 2 {
                    return false;
                }
                match baseline.filter(|one| slot.is_standby(*one)) {
                    Some(baseline) => drop(self.pop_to(name, baseline)),
                    None => drop(self.pop(name)),
                }
                self.slot(name).lose(release);
                if !self.quarantine(release) {
                    self.slot(name).harmful.insert(release);
                }
                true
            }
            GuardAction::RevertSegment => unreachable!("it is not drawn"),
        }
    }

    fn promote(&mut self, slot: &str, release: u64, older: bool, cools_off: bool) -> bool {
        let slot = self.slot(slot);
        if slot.is_live(release) || slot.stack.last().is_some_and(|live| *live > release && !older) {
            return false;
        }
        slot.stack.retain(|one| *one != release);
        slot.cooling_off = slot.stack.last().copied().filter(|_| cools_off);
        slot.stack.push(release);
        slot.segments.clear();
        slot.end_trial(release);
        true
    }

    fn try_out(&mut self, slot: &str, release: u64, share_bp: u16, key: CanaryKey) -> bool {
        let slot = self.slot(slot);
        let others: u16 = slot.canaries.iter().filter(|(one, _)| *one != release).map(|(_, share)| share).sum();
        if slot.stack.is_empty() || slot.is_live(release) || others + share_bp > BASIS_POINTS {
            return false;
        }
        if !slot.canaries.is_empty() && slot.key != key {
            return false;
        }
        slot.key = key;
        slot.shadows.retain(|one| *one != release);
        match slot.canaries.iter_mut().find(|(one, _)| *one == release) {
            Some((_, share)) => *share = share_bp,
            None => slot.canaries.push((release, share_bp)),
        }
        true
    }

    fn shadow(&mut self, slot: &str, release: u64) -> bool {
        let slot = self.slot(slot);
        if slot.is_live(release) {
            return false;
        }
        slot.end_trial(release);
        slot.shadows.push(release);
        true
    }

    fn withdraw(&mut self, slot: &str, release: u64) -> bool {
        let slot = self.slot(slot);
        if slot.is_live(release) || !slot.uses(release) {
            return false;
        }
        slot.lose(release);
        true
    }

    fn pop(&mut self, slot: &str) -> bool {
        let slot = self.slot(slot);
        if slot.stack.len() < 2 {
            return false;
        }
        slot.stack.pop();
        slot.cooling_off = None;
        slot.segments.clear();
        let live = slot.stack.last().copied();
        slot.end_trial(live.unwrap_or_default());
        true
    }

    fn pop_to(&mut self, slot: &str, release: u64) -> bool {
        let slot = self.slot(slot);
        slot.cooling_off = None;
        slot.segments.clear();
        match slot.stack.iter().position(|one| *one == release) {
            Some(place) => slot.stack.truncate(place + 1),
            None => {
                slot.stack.pop();
                slot.stack.push(release);
            }
        }
        slot.end_trial(release);
        true
    }

    fn quarantine(&mut self, release: u64) -> bool {
        let alone = self.slots.values().any(|slot| slot.is_live(release) && slot.stack.len() < 2);
        if alone || !self.barred.insert(release) {
            return false;
        }
        for slot in self.slots.values_mut() {
            if slot.is_live(release) {
                slot.cooling_off = None;
                slot.segments.clear();
            }
            slot.lose(release);
            if let Some(live) = slot.stack.last().copied() {
                slot.end_trial(live);
            }
        }
        true
    }
}
