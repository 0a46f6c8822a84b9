//! What does it cost to be a good guest in somebody else's process? Each example model by signals, as it is by default; without
//! looking after handlers; without signals; without a pool; and on a thread whose stack is too small.
//! On generated mail, and on the corpora.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

use std::hint::black_box;
use std::thread;

use switchback::runtime::{AddressSpace, Traps};
use switchback::{LocalRuntime, Message, ReleaseId, Runtime};
use switchback_benches::{Mail, in_turn, print_ratio, release_path, runtime_builder};

const MESSAGES: usize = 300;
const ROUNDS: usize = 15;

/// Less than a guest may use.
const SMALL_STACK_BYTES: usize = 256 << 10;

fn main() {
    let built = |traps, space| runtime_builder().traps(traps).address_space(space).build().expect("a runtime");
    let signals = built(Traps::Signals, AddressSpace::Pooled);
    let chained = built(Traps::ChainedSignals, AddressSpace::Pooled);
    let checks = built(Traps::Checks, AddressSpace::Pooled);
    let frugal = built(Traps::Signals, AddressSpace::Frugal);
    let mail = Mail::all(MESSAGES);
    for name in ["linear-1.1.0", "rules-1.0.0", "onnx-1.1.0"] {
        let release = |runtime: &LocalRuntime| runtime.load(release_path(name)).expect("the release loads");
        let ids = [&signals, &chained, &checks, &frugal].map(release);
        for mail in &mail {
            let messages = mail.warm();
            let score = |runtime: &Runtime, id: &ReleaseId| score_all(runtime, id, &messages);
            let [by_default, unlooked, without_signals, without_pool, small_stack] = in_turn(
                ROUNDS,
                [
                    ("by default", &mut || score(&signals, &ids[0])),
                    ("handlers are not looked after", &mut || score(&chained, &ids[1])),
                    ("without signals", &mut || score(&checks, &ids[2])),
                    ("without a pool", &mut || score(&frugal, &ids[3])),
                    ("on a small stack", &mut || on_a_small_stack(|| score(&signals, &ids[0]))),
                ],
            );
            let others = [
                ("handlers not looked after", unlooked),
                ("without signals", without_signals),
                ("without a pool", without_pool),
                ("on a thread of 256 KiB", small_stack),
            ];
            for other in others {
                print_ratio(&format!("{}, {name}", mail.name), other, ("by default", by_default), messages.len());
            }
        }
    }
}

fn score_all(runtime: &Runtime, release: &ReleaseId, messages: &[Message]) {
    for message in messages {
        black_box(runtime.score_with(release, message)).expect("a score");
    }
}

fn on_a_small_stack(run: impl FnOnce() + Send) {
    thread::scope(|scope| {
        let small = thread::Builder::new().stack_size(SMALL_STACK_BYTES).spawn_scoped(scope, run);
        small.expect("a thread").join().expect("it does not panic");
    });
}
