//! What do two shadows cost the answers? The same mail through a slot with two shadows and through one without, in turn,
//! while a core is free and while none is, on generated mail and on the corpora.
//!
//! Cores share caches, memory and sometimes more, so an answer takes longer when the core beside it works, whoever that is.
//! With a core free there is a third turn: no shadow, and another process that scores as much as the shadows do.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

use std::hint::black_box;
use std::io::Read as _;
use std::thread;
use std::time::Duration;

use criterion::Criterion;
use semver::Version;
use switchback::route::BASIS_POINTS;
use switchback::{Message, ReleaseId, Runtime, Slot, SlotConfig};
use switchback_benches::{Again, Mail, answers, load, quantile, release_path, renumbered, runtime_builder};

/// Messages that a thread scores in one slot before the other one has its turn.
const BLOCK: usize = 1_000;
const BLOCKS: usize = 20;

/// With a core free, a message comes in each so many times what one takes.
const PAUSES: u32 = 4;

/// In the environment of the other process: how many nanoseconds there are from one message to the next, and the name of its mail.
const NEIGHBOUR: &str = "SWITCHBACK_BENCH_NEIGHBOUR";

fn main() {
    if let Ok(asked) = std::env::var(NEIGHBOUR) {
        let (interval, mail) = asked.split_once(' ').expect("an interval and mail");
        return neighbour(Duration::from_nanos(interval.parse().expect("nanoseconds")), &Mail::named(mail, BLOCK));
    }
    let runtime = runtime_builder().slot(SlotConfig::new("alone")).slot(SlotConfig::new("shadowed"));
    let runtime = runtime.build().expect("a runtime");
    let source = release_path("linear-1.1.0");
    let releases: Vec<_> =
        (0..3).map(|patch| load(&runtime, &renumbered(&source, Version::new(9, 0, patch)))).collect();
    let [alone, shadowed] = ["alone", "shadowed"].map(|name| runtime.slot(name).expect("the slot is configured"));
    for slot in [&alone, &shadowed] {
        slot.promote(&releases[0]).expect("it is loaded");
    }
    for shadow in &releases[1..] {
        shadowed.shadow(shadow, BASIS_POINTS).expect("it is loaded");
    }
    let all = Mail::all(BLOCK);
    for mail in &all {
        let bench = Bench { runtime: &runtime, mail, slots: [&alone, &shadowed], releases: &releases };
        // The first round warms up.
        answers(1, &mail.raw, &alone, Duration::ZERO);
        let cores = thread::available_parallelism().map_or(1, usize::from);
        bench.compare("a core free", 1, PAUSES);
        bench.compare("no core free", cores, 0);
    }

    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("an answer with two shadows beside it", |b| {
        b.iter(|| black_box(shadowed.score(&Message::parse(all[0].raw[0].clone()))));
    });
    criterion.final_summary();
}

/// What the other process does.
fn neighbour(interval: Duration, mail: &Mail) {
    let runtime = runtime_builder().slot(SlotConfig::new("alone")).build().expect("a runtime");
    let release = load(&runtime, &renumbered(&release_path("linear-1.1.0"), Version::new(9, 0, 0)));
    let slot = runtime.slot("alone").expect("the slot is configured");
    slot.promote(&release).expect("it is loaded");
    answers(1, &mail.raw, &slot, Duration::ZERO);
    println!();
    let end = thread::spawn(|| std::io::stdin().read_to_end(&mut Vec::new()));
    while !end.is_finished() {
        answers(1, &mail.raw, &slot, interval);
    }
}

struct Bench<'a> {
    runtime: &'a Runtime,
    mail: &'a Mail,
    slots: [&'a Slot; 2],
    releases: &'a [ReleaseId],
}

impl Bench<'_> {
    /// Scores blocks in both slots in turn, on so many threads, and prints the ratios.
    fn compare(&self, cores: &str, threads: usize, pauses: u32) {
        let name = format!("{}, {cores}", self.mail.name);
        let mut times = [Vec::new(), Vec::new()];
        let interval = quantile(&mut answers(1, &self.mail.raw, self.slots[0], Duration::ZERO), 0.5) * pauses;
        let mut beside_neighbour = Vec::new();
        for _ in 0..BLOCKS {
            for (slot, times) in self.slots.iter().zip(&mut times) {
                times.extend(answers(threads, &self.mail.raw, slot, interval));
                // What waits belongs to this turn.
                self.runtime.flush();
            }
            if !interval.is_zero() {
                let neighbour = Again::start(NEIGHBOUR, &format!("{} {}", (interval / 2).as_nanos(), self.mail.name));
                beside_neighbour.extend(answers(threads, &self.mail.raw, self.slots[0], interval));
                drop(neighbour);
            }
        }
        let seen = self.releases[1..].iter().map(|shadow| {
            let report = self.slots[1].comparison(&self.releases[0], shadow, 0);
            report.map_or(0, |report| report.flips.messages)
        });
        println!("{name}: {} answers, shadows have scored {:?} so far", times[1].len(), seen.collect::<Vec<_>>());
        for (what, q) in [("median", 0.5), ("99th percentile", 0.99), ("99.9th percentile", 0.999)] {
            let [alone, shadowed] = times.each_mut().map(|times| quantile(times, q).as_secs_f64() * 1e6);
            println!(
                "RATIO {name}, {what}: with two shadows {shadowed:.1} us, without {alone:.1} us: {:.3}",
                shadowed / alone
            );
            if !beside_neighbour.is_empty() {
                let other = quantile(&mut beside_neighbour, q).as_secs_f64() * 1e6;
                println!(
                    "RATIO {name}, {what}: with two shadows {shadowed:.1} us, beside another process {other:.1} us: {:.3}",
                    shadowed / other
                );
            }
        }
    }
}
