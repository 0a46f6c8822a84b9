//! What does the guard cost the answers? The same mail through a slot that is guarded and through one that is not, in turn,
//! while a core is free and while none is. No other release scores the mail: what is measured is the way to the guard.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

use std::hint::black_box;
use std::thread;
use std::time::Duration;

use criterion::Criterion;
use semver::Version;
use switchback::guard::{GuardSettings, Mode};
use switchback::{LocalSlot, Message, Runtime, SlotConfig};
use switchback_benches::{
    answers, load, print_generated, quantile, raw_messages, release_path, renumbered, runtime_builder,
};

/// Messages that a thread scores in one slot before the other one has its turn.
const BLOCK: usize = 1_000;
const BLOCKS: usize = 60;

/// With a core free, a message comes in each so many times what one takes.
const PAUSES: u32 = 4;

fn main() {
    print_generated();
    let off = GuardSettings::default().mode(Mode::Off);
    let runtime = runtime_builder().slot(SlotConfig::new("alone").guard(off)).slot(SlotConfig::new("guarded"));
    let runtime = runtime.build().expect("a runtime");
    let release = load(&runtime, &renumbered(&release_path("linear-1.1.0"), Version::new(9, 1, 0)));
    let slots = ["alone", "guarded"].map(|name| runtime.slot(name).expect("the slot is configured"));
    for slot in &slots {
        slot.promote(&release).expect("it is loaded");
    }
    let mail = raw_messages(BLOCK);
    // The first round warms up.
    answers(1, &mail, &slots[0], Duration::ZERO);
    compare(&runtime, &mail, &slots, "a core free", 1, PAUSES);
    compare(&runtime, &mail, &slots, "no core free", thread::available_parallelism().map_or(1, usize::from), 0);

    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("an answer in a slot that is guarded", |b| {
        b.iter(|| black_box(slots[1].score(&Message::parse(mail[0].clone()))));
    });
    criterion.final_summary();
}

/// Scores blocks in both slots in turn, on so many threads, and prints the ratios.
fn compare(runtime: &Runtime, mail: &[Vec<u8>], slots: &[LocalSlot; 2], name: &str, threads: usize, pauses: u32) {
    let mut times = [Vec::new(), Vec::new()];
    let interval = quantile(&mut answers(1, mail, &slots[0], Duration::ZERO), 0.5) * pauses;
    for _ in 0..BLOCKS {
        for (slot, times) in slots.iter().zip(&mut times) {
            times.extend(answers(threads, mail, slot, interval));
            // What waits belongs to this turn.
            runtime.flush();
        }
    }
    println!("{name}: {} answers in each slot", times[1].len());
    for (what, q) in [("median", 0.5), ("99th percentile", 0.99)] {
        let [alone, guarded] = times.each_mut().map(|times| quantile(times, q).as_secs_f64() * 1e6);
        println!("RATIO {name}, {what}: guarded {guarded:.1} us, not guarded {alone:.1} us: {:.3}", guarded / alone);
    }
}
