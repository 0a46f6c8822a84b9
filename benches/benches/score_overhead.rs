//! What does the sandbox cost? Each example model with a fresh instance per message, against the same code
//! run natively on the same messages, with three releases in turn.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput};
use switchback::{Message, ReleaseId, Runtime, SlotConfig};
use switchback_benches::{in_turn, print_ratio, raw_messages, release_path, root, runtime_builder, warm_messages};
use switchback_guest::Scorer;
use switchback_plugin_linear::Linear;
use switchback_plugin_onnx::Onnx;
use switchback_plugin_rules::Rules;
use switchback_train::guest_message;

const MESSAGES: usize = 300;
const ROUNDS: usize = 15;

fn main() {
    let runtime = runtime_builder().slot(SlotConfig::new("inbound")).build().expect("a runtime");
    let load = |name| runtime.load(release_path(name)).expect("the release loads");
    let releases = [load("linear-1.1.0"), load("onnx-1.0.0"), load("rules-1.0.0")];
    let messages = warm_messages(MESSAGES);
    let data = |path: &str| std::fs::read(root().join(path)).expect("the model's data");

    let mut linear = Linear::prepare(&data("plugins/linear/releases/1.1.0/weights.bin")).expect("weights");
    let mut onnx = Onnx::prepare(&data("plugins/onnx/graph.bin")).expect("a graph");
    let mut rules = Rules::prepare(&[]).expect("rules");
    compare(&runtime, &releases, 0, &messages, &mut linear);
    compare(&runtime, &releases, 1, &messages, &mut onnx);
    compare(&runtime, &releases, 2, &messages, &mut rules);
    for (index, name) in ["linear", "onnx", "rules"].into_iter().enumerate() {
        threads(&runtime, &releases, index, name, &messages);
    }

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("score, sandboxed");
    group.throughput(Throughput::Elements(messages.len() as u64));
    for release in &releases {
        group.bench_function(release.to_string(), |b| b.iter(|| score_all(&runtime, release, &messages)));
    }
    group.finish();
    criterion.final_summary();
}

fn score_all(runtime: &Runtime, release: &ReleaseId, messages: &[Message]) {
    for message in messages {
        black_box(runtime.score_with(release, message)).expect("a score");
    }
}

/// Prints both ratios of one model: score alone, and the whole message.
fn compare<S: Scorer>(
    runtime: &Runtime,
    releases: &[ReleaseId; 3],
    index: usize,
    messages: &[Message],
    native: &mut S,
) {
    let release = &releases[index];
    let guest_messages: Vec<_> = messages.iter().map(guest_message).collect();
    // The others score in between, so that slots of the pool change hands as they do when models run side by side.
    let mut sandboxed = std::time::Duration::ZERO;
    let mut bare = std::time::Duration::ZERO;
    let mut ratios = Vec::new();
    for round in 0..ROUNDS + 2 {
        let (mut in_sandbox, mut natively) = (std::time::Duration::ZERO, std::time::Duration::ZERO);
        for (message, guest_message) in messages.iter().zip(&guest_messages) {
            for other in releases.iter().filter(|other| *other != release) {
                black_box(runtime.score_with(other, message)).expect("a score");
            }
            let start = Instant::now();
            black_box(runtime.score_with(release, message)).expect("a score");
            in_sandbox += start.elapsed();
            let start = Instant::now();
            assert!(black_box(native.score(guest_message)).is_ok(), "a score");
            natively += start.elapsed();
        }
        if round >= 2 {
            ratios.push(in_sandbox.as_secs_f64() / natively.as_secs_f64());
            (sandboxed, bare) = (sandboxed + in_sandbox, bare + natively);
        }
    }
    ratios.sort_by(f64::total_cmp);
    print_ratio(
        &format!("{release}, score alone"),
        ("sandboxed", sandboxed),
        ("native", bare),
        ROUNDS * messages.len(),
    );
    println!(
        "  median of {ROUNDS} rounds: {:.2}, from {:.2} to {:.2}",
        ratios[ROUNDS / 2],
        ratios[0],
        ratios[ROUNDS - 1]
    );
    whole_message(runtime, release, native);
}

/// From bytes to verdict, against the same with the model run natively.
fn whole_message<S: Scorer>(runtime: &Runtime, release: &ReleaseId, native: &mut S) {
    let slot = runtime.slot("inbound").expect("the slot");
    slot.promote(release).expect("loaded");
    let raw = raw_messages(MESSAGES);
    let prepared: Vec<_> = raw.iter().cloned().map(Message::parse).map(|message| guest_message(&message)).collect();
    // The native side derives the same from the bytes as the host did for the guest.
    let [sandboxed, bare] = in_turn(
        ROUNDS,
        [
            ("sandboxed", &mut || {
                for bytes in &raw {
                    black_box(slot.score(&Message::parse(bytes.clone())));
                }
            }),
            ("native", &mut || {
                for (bytes, guest) in raw.iter().zip(&prepared) {
                    derive(&Message::parse(bytes.clone()));
                    assert!(black_box(native.score(guest)).is_ok(), "a score");
                }
            }),
        ],
    );
    print_ratio(&format!("{release}, whole message"), ("sandboxed", sandboxed), ("native", bare), raw.len());
}

/// What every example model but `rules` asks the host for, and what `rules` asks besides costs little.
fn derive(message: &Message) {
    message.prepare();
    black_box((message.subject(), message.from(), message.reply_to(), message.text(16_384), message.links(64)));
}

/// Throughput of two threads over that of one, releases in turn.
fn threads(runtime: &Runtime, releases: &[ReleaseId; 3], index: usize, name: &str, messages: &[Message]) {
    let release = &releases[index];
    let [one, two] = in_turn(
        ROUNDS,
        [
            ("one thread", &mut || score_all(runtime, release, messages)),
            ("two threads", &mut || {
                std::thread::scope(|scope| {
                    let other = scope.spawn(|| score_all(runtime, release, messages));
                    score_all(runtime, release, messages);
                    other.join().expect("no panic");
                });
            }),
        ],
    );
    println!("RATIO {name}, throughput of two threads over one: {:.2}", 2.0 * one.as_secs_f64() / two.as_secs_f64());
}
