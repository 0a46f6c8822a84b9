//! Real processes on one store: scoring at full speed while an operator changes his mind a thousand times.

use std::collections::BTreeMap;
use std::time::Duration;

use switchback::control::{Event, LoadedRelease, Operation, Preparation, Promotion, Readiness};
use switchback::route::Generation;
use switchback::verdict::DecidedBy;
use switchback::{Digest, ReleaseId};

use super::scorer::{self, Scorer};
use super::support::{PATIENCE, Store, guard_off, revert};
use crate::support::message;

/// How often the route is changed; the environment may say more.
const CHANGES: usize = 1_000;

/// What a child does.
#[test]
fn score() {
    let Some(runtime) = scorer::runtime() else { return };
    let slot = runtime.slot("inbound").unwrap();
    let (mut answered, mut met) = (0_u64, BTreeMap::new());
    scorer::until_told(|| {
        let before = slot.generation();
        let verdict = slot.score(&message());
        let after = slot.generation();
        answered += 1;
        assert!((before..=after).contains(&verdict.generation), "judged by a route that was not current");
        if verdict.decided_by == DecidedBy::Live {
            let release = verdict.release.unwrap().digest;
            assert_eq!(*met.entry(verdict.generation).or_insert(release), release, "a mixture of two routes");
        }
    });
    println!("answered {answered}");
    println!("met {}", serde_json::to_string(&met).unwrap());
}

fn start(store: &Store) -> Scorer {
    Scorer::start("control::processes::score", store)
}

/// Lets a process end, and returns how many messages it answered, and which release it met at each generation.
fn finish(mut scorer: Scorer) -> (u64, BTreeMap<Generation, Digest>) {
    scorer.stop();
    let answered = scorer.line("answered").parse().unwrap();
    let met = serde_json::from_str(&scorer.line("met")).unwrap();
    scorer.end();
    (answered, met)
}

/// The release that was live in the slot at each generation, by the ledger.
fn live_by_generation(store: &Store) -> BTreeMap<Generation, Digest> {
    let mut live = BTreeMap::new();
    let mut state = switchback::control::StoreState::default();
    for event in store.control.history().unwrap() {
        state.apply(&event).unwrap();
        if let Some(release) = state.slots.get("inbound").and_then(|slot| slot.live.as_ref()) {
            live.insert(state.generation, release.digest);
        }
    }
    live
}

fn change(store: &Store, releases: &[ReleaseId], turn: usize) -> Event {
    if turn % 2 == 1 {
        return store.control.commit(revert()).unwrap().event;
    }
    let release = releases[1 + turn / 2 % (releases.len() - 1)].clone();
    let promotion = Promotion::new("inbound", release, Readiness::Wait(PATIENCE)).older();
    store.control.promote(promotion).unwrap().event
}

#[test]
fn a_thousand_changes_under_three_processes_at_full_speed() {
    let (store, releases) = Store::with(&["empty", "stateful", "empty"]);
    store.control.promote(super::support::promote(&releases[0])).unwrap();
    store.control.commit(guard_off()).unwrap();
    let scorers = [start(&store), start(&store), start(&store)];
    let changes = std::env::var("SWITCHBACK_CHANGES").map_or(CHANGES, |text| text.parse().unwrap());
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for turn in 0..changes {
        let event = change(&store, &releases, turn);
        let acknowledgements = store.control.acknowledgements(&event, PATIENCE).unwrap();
        assert_eq!((acknowledgements.obeyed.len(), acknowledgements.silent.len()), (3, 0));
        let last = acknowledgements.obeyed.iter().map(|one| one.after).max().unwrap();
        let kind = if matches!(event.operation, Operation::Revert { .. }) { "revert" } else { "promote" };
        times.entry(kind).or_default().push(last);
    }
    let by_ledger = live_by_generation(&store);
    for scorer in scorers {
        let (answered, met) = finish(scorer);
        println!("{answered} messages answered, {} generations met", met.len());
        assert!(answered > 0);
        for (generation, release) in met {
            assert_eq!(by_ledger.get(&generation), Some(&release), "generation {generation}");
        }
    }
    for (kind, mut times) in times {
        times.sort_unstable();
        println!(
            "{kind}: median {:?}, worst {:?} to the last acknowledgement",
            times[times.len() / 2],
            times.last().unwrap()
        );
    }
}

#[test]
fn a_process_that_is_killed_is_not_waited_for() {
    let (store, releases) = Store::with(&["empty", "stateful"]);
    let [killed, stays] = [start(&store), start(&store)];
    assert_eq!(store.control.processes().unwrap().len(), 2);
    killed.kill();
    let promotion = Promotion::new("inbound", releases[0].clone(), Readiness::Wait(PATIENCE));
    let event = store.control.promote(promotion).unwrap().event;
    let acknowledgements = store.control.acknowledgements(&event, PATIENCE).unwrap();
    assert_eq!((acknowledgements.obeyed.len(), acknowledgements.silent.len()), (1, 0));
    assert_eq!(store.control.processes().unwrap().len(), 1);
    finish(stays);
}

#[test]
fn what_one_process_cannot_load_is_promoted_nowhere() {
    let (store, releases) = Store::with(&["empty"]);
    store.control.promote(super::support::promote(&releases[0])).unwrap();
    let mut hasty = switchback::Limits::default();
    hasty.deadline_max = Duration::from_secs(1);
    let hasty = store.builder().name("hasty").limits(hasty).build().unwrap();
    let processes = [store.process(), hasty, store.process()];
    let mut manifest = crate::support::manifest("stateful", "2.0.0");
    manifest.limits.deadline_ms = Some(5_000);
    let (_dir, file) = super::support::file_of(&crate::support::packed("stateful", &manifest));
    let operator =
        switchback::Runtime::builder().cache_dir(crate::support::shared_cache()).instances(4).build().unwrap();
    let (release, added) = operator.load_into(&store.control, file).unwrap();
    assert!(matches!(added, LoadedRelease::New(_)));
    let before = store.control.state().unwrap();
    let promotion = Promotion::new("inbound", release.clone(), Readiness::Wait(PATIENCE));
    let error = store.control.promote(promotion.clone()).unwrap_err().to_string();
    assert!(error.contains("hasty (process 1") && error.contains("deadline_ms = 5000"), "{error}");
    assert_eq!(store.control.state().unwrap(), before);
    for process in &processes {
        assert_ne!(process.slot("inbound").unwrap().live().as_ref(), Some(&release));
    }
    // Forced, it becomes live where it can, and the others say why not. A promotion that one process refuses does
    // not wait for the rest.
    super::support::until("both others have loaded it", || {
        let all = store.control.processes().unwrap();
        let is_ready =
            |one: &&switchback::control::StoreProcess| one.preparation(&release.digest) == Some(&Preparation::Ready);
        all.iter().filter(is_ready).count() == 2
    });
    let event = store.control.promote(promotion.readiness(Readiness::Skip)).unwrap().event;
    let acknowledgements = store.control.acknowledgements(&event, PATIENCE).unwrap();
    let problems: Vec<_> = acknowledgements.obeyed.iter().filter_map(|one| one.problem.as_ref()).collect();
    assert!(problems.len() == 1 && problems[0].contains("deadline_ms"), "{problems:?}");
    let verdict = processes[1].slot("inbound").unwrap().score(&message());
    assert_eq!(
        (verdict.decided_by, verdict.release.as_ref()),
        (DecidedBy::Live, Some(&releases[0])),
        "the old one goes on"
    );
    assert!(verdict.generation < event.generation);
    assert_eq!(processes[0].slot("inbound").unwrap().live().as_ref(), Some(&release));
    assert!(store.control.history().unwrap().last().unwrap().operation.to_string().contains("forced"));
}
