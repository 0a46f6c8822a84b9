//! How long does a swap take, and who notices? Promotes and reverts while two threads score: the time of the
//! call, the time until the first verdict by the new release, the longest gap between two verdicts.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use criterion::Criterion;
use switchback::route::Generation;
use switchback::{Message, Slot, SlotConfig};
use switchback_benches::{print_generated, quantile, release_path, runtime_builder, warm_messages};

const SWAPS: usize = 1_000;
const SWAP_EVERY: Duration = Duration::from_millis(5);

/// One verdict, as a scoring thread saw it.
struct Seen {
    begun: Instant,
    ended: Instant,
    generation: Generation,
}

fn main() {
    print_generated();
    let runtime = runtime_builder().slot(SlotConfig::new("inbound")).build().expect("a runtime");
    let slot = runtime.slot("inbound").expect("the slot");
    let load = |name| runtime.load(release_path(name)).expect("the release loads");
    let (old, new) = (load("linear-1.0.0"), load("linear-1.1.0"));
    let messages = warm_messages(200);
    slot.promote(&old).expect("loaded");

    let stop = AtomicBool::new(false);
    // Begin and end of each change, by the generation that it made.
    let mut changes = Vec::new();
    let seen: Vec<Vec<Seen>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| score_until(&slot, &messages, &stop))).collect();
        for swap in 0..SWAPS {
            let begun = Instant::now();
            let generation =
                if swap % 2 == 0 { slot.promote(&new) } else { slot.revert().map(|reverted| reverted.generation) }
                    .expect("a change");
            changes.push((begun, Instant::now(), generation));
            std::thread::park_timeout(SWAP_EVERY);
        }
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    report(&changes, &seen);

    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("promote and revert, nobody scoring", |b| {
        b.iter(|| (slot.promote(&new).expect("loaded"), slot.revert().expect("a standby")));
    });
    criterion.final_summary();
}

fn score_until(slot: &Slot, messages: &[Message], stop: &AtomicBool) -> Vec<Seen> {
    let mut seen = Vec::new();
    for message in messages.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let begun = Instant::now();
        let verdict = slot.score(message);
        seen.push(Seen { begun, ended: Instant::now(), generation: verdict.generation });
    }
    seen
}

fn report(changes: &[(Instant, Instant, Generation)], seen: &[Vec<Seen>]) {
    let first_verdict = |&(begun, _, generation): &(Instant, Instant, Generation)| {
        let firsts = seen.iter().filter_map(|seen| {
            let at = seen.partition_point(|one| one.generation < generation);
            Some(seen.get(at).filter(|one| one.generation == generation)?.ended - begun)
        });
        firsts.min()
    };
    let of_kind = |kind| changes.iter().skip(kind).step_by(2);
    for (kind, name) in ["promote", "revert"].into_iter().enumerate() {
        let mut calls: Vec<_> = of_kind(kind).map(|(begun, ended, _)| *ended - *begun).collect();
        let mut firsts: Vec<_> = of_kind(kind).filter_map(first_verdict).collect();
        println!("{name}: {}", spread(&mut calls));
        println!("  first verdict by the new release: {}", spread(&mut firsts));
    }
    let mut messages: Vec<_> = seen.iter().flatten().map(|one| one.ended - one.begun).collect();
    let mut gaps: Vec<_> =
        seen.iter().flat_map(|seen| seen.windows(2).map(|two| two[1].ended - two[0].ended)).collect();
    println!("messages: {}", spread(&mut messages));
    println!("gaps between verdicts of a thread: {}", spread(&mut gaps));
    let (slowest, longest) = (quantile(&mut messages, 1.0), quantile(&mut gaps, 1.0));
    println!("longest gap above the slowest message: {:.1} us", (longest.saturating_sub(slowest)).as_secs_f64() * 1e6);
}

fn spread(times: &mut [Duration]) -> String {
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|q| quantile(times, q).as_secs_f64() * 1e6);
    format!("p50 {p50:.1} us, p99 {p99:.1} us, max {max:.1} us, of {}", times.len())
}
