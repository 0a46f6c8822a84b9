//! What a batch of messages says about the releases that answered them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use switchback_model::compare::{Providers, Side};
use switchback_model::guard::{
    Breakers, Call, Evidence, Finding, GuardSettings, Level, MailCounts, Mode, Requirements, Segment, Sender, Sighting,
    Trial, TrialKey, Trip, flip, organisation,
};
use switchback_model::release::{Digest, ReleaseId};
use switchback_model::route::Generation;
use switchback_model::verdict::{Opinion, Role};
use switchback_store::control::SlotState;
use switchback_store::guard_store::{Due, NotedPair, StoreMemory, Whose, day_of};

use super::observations::Observation;

/// What follows from a batch.
#[derive(Default)]
pub(super) struct Findings {
    /// What has to be done.
    pub(super) due: Vec<Due>,
    /// What somebody has to be told.
    pub(super) warnings: Vec<Warning>,
    /// The mail of each slot.
    pub(super) mail: BTreeMap<Arc<str>, MailCounts>,
}

/// Something that may be wrong with a release in a slot.
pub(super) struct Warning {
    pub(super) slot: String,
    pub(super) release: ReleaseId,
    pub(super) evidence: Evidence,
    /// What it takes to act, and what there is of it.
    pub(super) requirements: Option<Requirements>,
}

/// Looks at messages, one after the other. It remembers what can be made again from settings, and the calls of the last
/// seconds; the rest is in the store.
#[derive(Default)]
pub(super) struct Judge {
    slots: HashMap<Arc<str>, Watched>,
    /// What breakers found: each says so once, so it stays here until it is written down.
    trips: Vec<(String, ReleaseId, Generation, Trip)>,
}

/// A slot under settings.
struct Watched {
    settings: GuardSettings,
    providers: Providers,
    trials: HashMap<TrialKey, Trial>,
    breakers: HashMap<(Digest, Generation), Watchdog>,
}

/// The breakers of one release since it has its role.
struct Watchdog {
    breakers: Breakers,
    baseline: Option<ReleaseId>,
}

impl Judge {
    /// Looks at a batch, in a transaction. What it found is only so if that is committed.
    pub(super) fn look_at(
        &mut self,
        memory: &mut StoreMemory<'_>,
        batch: &[Observation],
    ) -> rusqlite::Result<Findings> {
        let mut found = Findings::default();
        for observed in batch {
            let state = observed.slot.state();
            if state.guard.mode != Mode::Off {
                self.look(memory, observed, &state, &mut found)?;
            }
        }
        for (slot, release, since, Trip { level, evidence, .. }) in &self.trips {
            found.add(slot, release, *since, *level, Evidence::Breaker(evidence.clone()), None);
        }
        Ok(found)
    }

    /// What was found is written down.
    pub(super) fn settle(&mut self) {
        self.trips.clear();
    }

    fn look(
        &mut self,
        memory: &mut StoreMemory<'_>,
        observed: &Observation,
        state: &SlotState,
        found: &mut Findings,
    ) -> rusqlite::Result<()> {
        #[cfg(test)]
        super::tests::panic_in(observed.slot.name());
        let watched = match self.slots.get_mut(observed.slot.name()) {
            Some(watched) if watched.settings == state.guard => watched,
            _ => {
                self.slots.insert(Arc::clone(observed.slot.name()), Watched::new(&state.guard));
                // It was just put there.
                let Some(watched) = self.slots.get_mut(observed.slot.name()) else { return Ok(()) };
                watched
            }
        };
        let sighting = observed.sighting();
        let sender = Sender::of(memory, &sighting, &watched.settings, &watched.providers, None)?;
        let is_authenticated = sender.unit.is_some();
        for mail in [
            memory.mail(observed.slot.name(), day_of(observed.at)),
            found.mail.entry(Arc::clone(observed.slot.name())).or_default(),
        ] {
            mail.add(is_authenticated, sender.is_eligible, observed.is_addressed);
        }
        if sender.is_eligible && sender.is_first_today {
            watched.add_volume(memory, observed.slot.name(), &sighting);
        }
        // What has gone back already is no reason for more to go.
        let is_back = |domain: &str| state.segments.iter().any(|rule| rule.domains.iter().any(|one| one == domain));
        let has_gone_back = sender.unit.is_some() && sighting.sender_domain.is_some_and(is_back);
        for (baseline, candidate) in observed.opinions.pairs().filter(|_| !has_gone_back) {
            let findings = watched.compare(memory, observed, state, (baseline, candidate))?;
            for (since, Finding { level, evidence, requirements, .. }) in findings {
                let evidence = Evidence::Flips(evidence);
                found.add(observed.slot.name(), &candidate.release, since, level, evidence, Some(requirements));
            }
        }
        let slot = observed.slot.name().to_string();
        let trips = watched.watch(observed, &sighting, sender, state);
        self.trips.extend(trips.into_iter().map(|(release, since, trip)| (slot.clone(), release, since, trip)));
        Ok(())
    }
}

impl Findings {
    fn add(
        &mut self,
        slot: &str,
        release: &ReleaseId,
        since: Generation,
        level: Level,
        evidence: Evidence,
        requirements: Option<Requirements>,
    ) {
        let (slot, release) = (slot.to_owned(), release.clone());
        match level {
            Level::Act => self.due.push(Due { slot, release, evidence, since, requirements }),
            Level::Warn => self.warnings.push(Warning { slot, release, evidence, requirements }),
        }
    }
}

impl Watched {
    fn new(settings: &GuardSettings) -> Self {
        let providers = settings.all_providers();
        Self { settings: settings.clone(), providers, trials: HashMap::new(), breakers: HashMap::new() }
    }

    /// Adds a sender's day to the volume of the week, by which a later trial divides its error probability: were it every
    /// message, one sender could have that of all others.
    fn add_volume(&self, memory: &mut StoreMemory<'_>, slot: &str, sighting: &Sighting<'_>) {
        let Some(domain) = sighting.sender_domain.map(organisation) else { return };
        let provider = self.providers.of(domain).map(|name| Segment::Provider(name.into()));
        for segment in provider.into_iter().chain([Segment::Domain(domain.into()), Segment::Everything]) {
            memory.add_volume(slot, segment, day_of(sighting.at));
        }
    }

    /// Counts a pair in its trial, if the candidate still has the role in which it was asked.
    fn compare(
        &mut self,
        memory: &mut StoreMemory<'_>,
        observed: &Observation,
        state: &SlotState,
        (baseline, candidate): (&Opinion, &Opinion),
    ) -> rusqlite::Result<Vec<(Generation, Finding)>> {
        let actions = baseline.action().zip(candidate.action());
        let since = role_since(state, &candidate.release, observed.generation);
        let Some(((before, after), since)) = actions.zip(since) else { return Ok(Vec::new()) };
        let (slot, release) = (observed.slot.name().to_string(), candidate.release.clone());
        let key = TrialKey::new(slot, release, baseline.release.clone(), since);
        let (began_at, sighting) = (memory.began_at(&key, observed.at)?, observed.sighting());
        let sender = Sender::of(memory, &sighting, &self.settings, &self.providers, Some(began_at))?;
        let whose = if sender.is_eligible { Whose::Eligible } else { Whose::Other };
        let mut memory = memory.of(&key, observed.at, whose)?;
        if !self.trials.contains_key(&key) {
            // Those that ended are not asked for again.
            self.trials.retain(|other, _| state.entered.get(&other.candidate.digest) == Some(&other.since));
            let trial = Trial::new(self.settings.clone(), baseline.release.clone(), began_at);
            self.trials.insert(key.clone(), trial);
        }
        let Some(trial) = self.trials.get(&key) else { return Ok(Vec::new()) };
        let findings = trial.observe_from(&mut memory, &sighting, sender, before, after)?;
        memory.pairs().add(sender.unit.is_some(), sender.is_eligible, observed.is_addressed);
        if let Some(record) = observed.record {
            let is_witness = sender.is_eligible && flip(before, after).is_some();
            let mut noted = NotedPair::new(record, sender.past);
            noted.is_eligible = sender.is_eligible;
            noted.has_acted = findings.iter().any(|finding| finding.level == Level::Act);
            noted.recipient = sighting.recipient.filter(|_| is_witness);
            memory.note(trial.settings(), &noted);
        }
        Ok(findings.into_iter().map(|finding| (since, finding)).collect())
    }

    /// Counts what each release that has a role did with the message.
    fn watch(
        &mut self,
        observed: &Observation,
        sighting: &Sighting<'_>,
        sender: Sender,
        state: &SlotState,
    ) -> Vec<(ReleaseId, Generation, Trip)> {
        let mut trips = Vec::new();
        for opinion in observed.opinions.iter().filter(|opinion| opinion.role != Role::Standby) {
            let Some(since) = role_since(state, &opinion.release, observed.generation) else { continue };
            let pair = observed.opinions.pairs().find(|(_, candidate)| candidate.release == opinion.release);
            let baseline = pair.map(|(baseline, _)| baseline);
            let call =
                Call::new(observed.at, sender, sighting.fingerprint, opinion.into()).baseline(baseline.map(Side::from));
            let watchdog = self.watchdog(&opinion.release, since, baseline.map(|one| &one.release), state);
            trips.extend(watchdog.breakers.add(&call).map(|trip| (opinion.release.clone(), since, trip)));
        }
        trips
    }

    /// The breakers of a release; new ones where its baseline is another one.
    fn watchdog(
        &mut self,
        release: &ReleaseId,
        since: Generation,
        baseline: Option<&ReleaseId>,
        state: &SlotState,
    ) -> &mut Watchdog {
        let key = (release.digest, since);
        let is_other = |known: &Watchdog| baseline.is_some() && known.baseline.as_ref() != baseline;
        if self.breakers.get(&key).is_none_or(is_other) {
            self.breakers.retain(|(digest, since), _| state.entered.get(digest) == Some(since));
        }
        let new = || Watchdog {
            breakers: Breakers::new(self.settings.breakers, baseline.cloned()),
            baseline: baseline.cloned(),
        };
        let watchdog = self.breakers.entry(key).or_insert_with(new);
        if is_other(watchdog) {
            *watchdog = new();
        }
        watchdog
    }
}

/// Since which generation a release has the role in which it was asked at `asked_at`; none if it has lost that since, even
/// if it has one again: what waited on its way here says nothing about a later trial.
fn role_since(state: &SlotState, release: &ReleaseId, asked_at: Generation) -> Option<Generation> {
    state.entered.get(&release.digest).copied().filter(|since| *since <= asked_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waited_since_an_earlier_role_says_nothing_about_the_present_one() {
        let version = semver::Version::new(2, 0, 0);
        let release = ReleaseId::new("phish".parse().unwrap(), version, Digest::of(b""));
        let mut state = SlotState::default();
        state.entered.insert(release.digest, Generation::new(5));
        let since = |asked_at| role_since(&state, &release, Generation::new(asked_at)).map(Generation::get);
        assert_eq!([4, 5, 6].map(since), [None, Some(5), Some(5)]);
    }
}
