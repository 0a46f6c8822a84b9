//! Random operations, processes that start, lag and crash, against a small reference.

mod along;
mod guarded;
mod overwritten;
mod reference;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use rand::Rng as _;
use rand::SeedableRng as _;
use rand::seq::{IndexedMutRandom as _, IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use switchback_model::guard::{Evidence, Segment};
use switchback_model::release::{Digest, ReleaseId};
use switchback_model::route::{BASIS_POINTS, CanaryKey, Generation, RouteError};

use self::reference::{Reference, Route};
use super::event::hash;
use super::*;

const CASES: u64 = 10_000;
const STEPS: usize = 40;
const SLOTS: [&str; 2] = ["inbound", "outbound"];
const VERSIONS: u64 = 5;

fn release(version: u64) -> ReleaseId {
    let digest = Digest::of(&version.to_le_bytes());
    ReleaseId::new("phish".parse().unwrap(), semver::Version::new(1, version, 0), digest)
}

/// The version's number, as the reference knows a release.
fn number(release: &ReleaseId) -> u64 {
    release.version.minor
}

fn routes(state: &StoreState) -> BTreeMap<String, Route> {
    let route = |slot: &SlotState| Route {
        live: slot.live.as_ref().map(number),
        standbys: slot.standbys.iter().map(number).collect(),
        canaries: slot.canaries.iter().map(|one| (number(&one.release), one.share.share_bp)).collect(),
        shadows: slot.shadows.iter().map(|one| number(&one.release)).collect(),
        cooling_off: slot.cool_off.as_ref().map(|one| number(&one.release)),
        segments: slot.segments.iter().map(|one| (one.segment.to_string(), number(&one.release))).collect(),
        harmful: (0..VERSIONS).filter(|version| slot.harmful.contains_key(&release(*version).digest)).collect(),
    };
    state.slots.iter().map(|(name, slot)| (name.clone(), route(slot))).filter(|(_, route)| !route.is_empty()).collect()
}

/// A ledger that processes share, and what the state was after each of its events.
#[derive(Default)]
struct World {
    entries: Vec<Entry>,
    operator: Ledger,
    reference: Reference,
    states: Vec<StoreState>,
    /// What each generation was for each slot: it may have one value only.
    values: HashMap<Generation, BTreeMap<String, Route>>,
}

impl World {
    fn propose(&mut self, operation: Operation) {
        let proposal = Proposal { author: "ada".into(), reason: String::new(), operation: operation.clone() };
        let before = self.operator.state().generation;
        let drafted = self.operator.state().draft(proposal, Timestamp::UNIX_EPOCH, self.operator.head());
        let expected = self.reference.apply(&operation);
        assert_eq!(drafted.is_ok(), expected, "{operation}: {drafted:?}");
        let Ok(event) = drafted else { return };
        let body = event.to_json();
        let entry = Entry { sequence: event.sequence, hash: hash(&body), body };
        self.operator.follow(&entry).unwrap();
        self.entries.push(entry);
        let state = self.operator.state().clone();
        assert!(state.generation >= before, "a generation fell");
        assert_eq!(routes(&state), self.reference.routes(), "{operation}");
        // What the guard found is no route.
        let value = || routes(&state).into_iter().map(|(slot, route)| (slot, Route { harmful: [].into(), ..route }));
        let before = self.values.entry(state.generation).or_insert_with(|| value().collect());
        assert_eq!(*before, value().collect(), "generation {} has two values", state.generation);
        self.states.push(state);
    }
}

/// A process: what it has read, and where its own reverts lead.
#[derive(Default)]
struct Process {
    ledger: Ledger,
}

impl Process {
    fn follow(&mut self, world: &World, events_max: usize) {
        let read = usize::try_from(self.ledger.state().sequence.get()).unwrap();
        for entry in world.entries[read..].iter().take(events_max) {
            self.ledger.follow(entry).unwrap();
        }
        if let Some(last) = usize::try_from(self.ledger.state().sequence.get()).unwrap().checked_sub(1) {
            assert_eq!(*self.ledger.state(), world.states[last], "the fold differs");
        }
    }
}

#[test]
fn the_fold_of_the_ledger_is_the_state_in_every_process() {
    for seed in 0..CASES {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut world = World::default();
        let mut processes = [const { None::<Process> }; 3];
        for _ in 0..STEPS {
            let process = processes.choose_mut(&mut random).unwrap();
            match random.random_range(0..10) {
                0 => *process = Some(Process::default()),
                1 => *process = None,
                2 | 3 => {
                    if let Some(process) = process {
                        process.follow(&world, random.random_range(1..5));
                    }
                }
                _ => world.propose(operation(&mut random, world.operator.state())),
            }
        }
        for mut process in processes.into_iter().flatten() {
            process.follow(&world, usize::MAX);
            assert_eq!(process.ledger, world.operator, "seed {seed}");
        }
    }
}

fn operation(random: &mut ChaCha8Rng, state: &StoreState) -> Operation {
    let slot = (*SLOTS.choose(random).unwrap()).to_owned();
    let release = release(random.random_range(0..VERSIONS));
    match random.random_range(0..24) {
        0..=3 => Operation::Load { release, signer: None },
        4 => Operation::Unload { release },
        5 => Operation::Shadow { slot, release, rate_bp: BASIS_POINTS },
        6 | 7 => {
            let key = if random.random_bool(0.9) { CanaryKey::Content } else { CanaryKey::Tenant };
            Operation::Canary {
                slot,
                release,
                share_bp: random.random_range(0..8_000),
                key,
                mirrored: random.random(),
                forced: random.random_bool(0.3),
            }
        }
        8 => Operation::Withdraw { slot, release },
        9..=12 => {
            let cool_off_s = random.random::<bool>().then(|| random.random_range(0..100));
            let forced = random.random_bool(0.3);
            Operation::Promote { slot, release, older: random.random(), forced, cool_off_s }
        }
        13 | 14 => Operation::Revert { slot, to: None, emergency: None },
        15 => Operation::Revert { slot, to: Some(release), emergency: None },
        16 => {
            let generation = state.generation.after(random.random_range(0..3) * 1_000_000);
            let emergency = Emergency { process: ProcessNumber::new(1), at: Timestamp::UNIX_EPOCH, generation };
            Operation::Revert { slot, to: Some(release), emergency: Some(emergency) }
        }
        17 => Operation::Quarantine { release },
        18 => Operation::LiftQuarantine { release },
        19 => {
            let to = random.random::<bool>().then_some(release);
            Operation::RevertSegment { slot, segment: segment(random), to, domains: Vec::new() }
        }
        20 => Operation::RestoreSegment { slot, segment: segment(random), forced: random.random() },
        21 | 22 => {
            let action = *[GuardAction::Block, GuardAction::Withdraw, GuardAction::Revert].choose(random).unwrap();
            let baseline = random.random::<bool>().then(|| self::release(random.random_range(0..VERSIONS)));
            Operation::Guard { slot, release, action, evidence: evidence(baseline).into(), domains: Vec::new() }
        }
        _ => {
            let slot = random.random::<bool>().then_some(slot);
            if random.random() { Operation::Freeze { slot } } else { Operation::Thaw { slot } }
        }
    }
}

fn segment(random: &mut ChaCha8Rng) -> Segment {
    ["gmail.com", "x.example", "provider:gmail"].choose(random).unwrap().parse().unwrap()
}

fn evidence(baseline: Option<ReleaseId>) -> Evidence {
    serde_json::from_value(serde_json::json!({
        "by": "breaker", "baseline": baseline, "breaker": "failures", "window_s": 60, "calls": 9, "bad": 3, "senders": 3,
        "measured": 3.0, "bound": 3.0,
    }))
    .unwrap()
}

/// A ledger of several events, as a store keeps it.
fn entries() -> Vec<Entry> {
    let mut world = World::default();
    for version in 0..3 {
        world.propose(Operation::Load { release: release(version), signer: None });
        world.propose(Operation::Promote {
            slot: "inbound".into(),
            release: release(version),
            older: false,
            forced: false,
            cool_off_s: None,
        });
    }
    world.entries
}

/// The place of an event.
fn at(sequence: u64) -> EventSequence {
    EventSequence::new(sequence)
}

fn broken(entries: &[Entry]) -> Broken {
    let mut ledger = Ledger::default();
    let followed = entries.iter().try_for_each(|entry| ledger.follow(entry).map(drop));
    followed.and_then(|()| ledger.ends_at(at(6), self::entries()[5].hash)).unwrap_err()
}

/// Makes an entry whole again after its text was changed: what somebody does who knows how the ledger works.
fn rehash(entry: &mut Entry) {
    entry.hash = hash(&entry.body);
}

#[test]
fn an_edited_event_is_named() {
    let mut edited = entries();
    edited[2].body = edited[2].body.replace("ada", "eve");
    assert_eq!(broken(&edited), Broken { sequence: at(3), damage: Damage::Edited });
    rehash(&mut edited[2]);
    assert_eq!(broken(&edited), Broken { sequence: at(4), damage: Damage::Unchained });
}

#[test]
fn an_edit_of_the_last_event_shows_in_the_head() {
    let mut edited = entries();
    edited[5].body = edited[5].body.replace("ada", "eve");
    rehash(&mut edited[5]);
    assert_eq!(broken(&edited), Broken { sequence: at(6), damage: Damage::OtherHead });
}

#[test]
fn a_missing_event_is_named() {
    let mut cut = entries();
    cut.remove(3);
    assert_eq!(broken(&cut), Broken { sequence: at(4), damage: Damage::Missing { next: at(5) } });
    assert_eq!(broken(&entries()[..4]), Broken { sequence: at(5), damage: Damage::CutOff { last: at(6) } });
    assert_eq!(broken(&[]), Broken { sequence: at(1), damage: Damage::CutOff { last: at(6) } });
}

#[test]
fn events_in_another_order_are_named() {
    let mut swapped = entries();
    let (second, third) = (swapped[1].clone(), swapped[2].clone());
    swapped[1] = Entry { sequence: at(2), ..third };
    swapped[2] = Entry { sequence: at(3), ..second };
    assert_eq!(broken(&swapped), Broken { sequence: at(2), damage: Damage::Moved { from: at(3) } });
}

#[test]
fn a_recovery_cannot_take_place_twice() {
    let mut state = StoreState::default();
    let recovery = state.recovery(&Mark::default(), "ada", String::new(), Timestamp::UNIX_EPOCH, Digest::of(b""));
    state.apply(&recovery).unwrap();
    let again = Event { sequence: recovery.sequence.next(), generation: recovery.generation.next(), ..recovery };
    assert_eq!(state.apply(&again), Err(Refused::WrongRecovery { known: 1, found: 1 }));
}

#[test]
fn an_event_that_cannot_have_happened_is_named() {
    let mut forged = entries();
    forged[1].body = forged[1].body.replace("\"promote\"", "\"withdraw\"").replace(",\"cool_off_s\":86400", "");
    rehash(&mut forged[1]);
    let impossible = broken(&forged);
    assert!(
        matches!(&impossible.damage, Damage::Impossible(why) if matches!(**why, Refused::Route(RouteError::NoRole(_)))),
        "{impossible}"
    );
    assert_eq!(impossible.sequence, at(2));
    let mut garbled = entries();
    garbled[4].body = "{}".into();
    rehash(&mut garbled[4]);
    assert!(matches!(broken(&garbled), Broken { sequence, damage: Damage::Unreadable(_) } if sequence == at(5)));
}
