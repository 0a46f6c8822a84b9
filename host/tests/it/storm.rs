//! Swaps under load: every message is answered exactly once, by a release that was live meanwhile.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use switchback::Slot;
use switchback::route::Generation;
use switchback::verdict::DecidedBy;

use crate::support::{load, message, runtime};

/// How long a swap storm lasts, unless the environment says otherwise.
const DEFAULT_STORM: Duration = Duration::from_secs(2);

/// The pause between two swaps.
const SWAP_EVERY: Duration = Duration::from_millis(5);

/// What one thread saw: the generations before and after a message, and of its verdict.
struct Seen {
    before: Generation,
    after: Generation,
    generation: Generation,
    version: u64,
}

#[test]
fn in_a_storm_of_swaps_every_message_is_judged_once_by_a_release_that_was_live() {
    let seconds = std::env::var("SWITCHBACK_STORM_SECONDS").ok().map(|text| text.parse().unwrap());
    let storm = seconds.map_or(DEFAULT_STORM, Duration::from_secs);
    let runtime = runtime();
    let slot = runtime.slot("inbound").unwrap();
    let releases =
        [load(&runtime, "empty", "1.0.0"), load(&runtime, "stateful", "1.1.0"), load(&runtime, "empty", "1.2.0")];
    slot.promote(&releases[0]).unwrap();
    // The version that was live at each generation, from 1 on.
    let mut live = vec![0];
    let stop = AtomicBool::new(false);
    let seen: Vec<Vec<Seen>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| score_until(&slot, &stop))).collect();
        let end = Instant::now() + storm;
        for turn in 1_usize.. {
            if Instant::now() >= end {
                break;
            }
            // Every third change is a revert, the others promote the next release in turn.
            let changed = if turn % 3 == 0 {
                slot.revert().map(|reverted| reverted.generation)
            } else {
                slot.promote(&releases[turn % releases.len()])
            };
            if changed.is_ok() {
                live.push(slot.live().unwrap().version.minor);
            }
            std::thread::park_timeout(SWAP_EVERY);
        }
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let answered: usize = seen.iter().map(Vec::len).sum();
    for one in seen.iter().flatten() {
        assert!((one.before..=one.after).contains(&one.generation), "judged by a route that was not current");
        assert_eq!(live[usize::try_from(one.generation.get()).unwrap() - 1], one.version, "a mixture of two routes");
    }
    let met: BTreeSet<_> = seen.iter().flatten().map(|one| one.generation).collect();
    println!("{answered} messages, {} changes of route, {} of them met by a message", live.len(), met.len());
    assert!(met.len() > live.len() / 2, "the storm did not meet the mail");
}

/// Scores without pause. Each message is answered once: `score` returns once or panics.
fn score_until(slot: &Slot, stop: &AtomicBool) -> Vec<Seen> {
    let mut seen = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let before = slot.generation();
        let verdict = slot.score(&message());
        assert_eq!(verdict.decided_by, DecidedBy::Live, "{:?}", verdict.fault);
        let version = verdict.release.unwrap().version.minor;
        seen.push(Seen { before, after: slot.generation(), generation: verdict.generation, version });
    }
    seen
}

#[test]
fn a_release_that_is_unloaded_under_load_ends_with_its_last_message() {
    let runtime = runtime();
    let slot = runtime.slot("inbound").unwrap();
    let stay = load(&runtime, "empty", "1.0.0");
    slot.promote(&stay).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| score_until(&slot, &stop).len())).collect();
        for _ in 0..20 {
            let passing = load(&runtime, "stateful", "1.1.0");
            slot.promote(&passing).unwrap();
            slot.revert().unwrap();
            runtime.unload(&passing).unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        assert!(threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>() > 0);
    });
    assert_eq!(runtime.releases(), [stay]);
}
