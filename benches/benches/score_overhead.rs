//! What does the sandbox cost? Each example model with a fresh instance per message, against the same code
//! run natively on the same messages, with three releases in turn. And what do two threads bring, against two processes
//! that share nothing? On generated mail, and on the corpora.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use switchback::message::FeatureKind;
use switchback::release::Reads;
use switchback::{LocalRuntime, Message, ReleaseId, Runtime, SlotConfig};
use switchback_benches::{
    Again, Mail, in_turn, onnx_data, print_ratio, release_path, root, runtime_builder, warm_messages,
};
use switchback_guest::Scorer;
use switchback_plugin_linear::Linear;
use switchback_plugin_onnx::Onnx;
use switchback_plugin_rules::Rules;
use switchback_plugin_train::guest_message;

const MESSAGES: usize = 300;
const ROUNDS: usize = 15;

/// The releases that score in turn, by the names of their models.
const RELEASES: [(&str, &str); 3] = [("linear", "linear-1.1.0"), ("onnx", "onnx-1.1.0"), ("rules", "rules-1.0.0")];

/// Names the release that this process is to score for another one.
const WORKER: &str = "SWITCHBACK_BENCH_WORKER";

fn main() {
    if let Ok(release) = std::env::var(WORKER) {
        return work(&release);
    }
    // Without a cool-off: the release that was live before would score beside the one that is measured.
    let slot = SlotConfig::new("inbound").cool_off(Duration::ZERO);
    let runtime = runtime_builder().slot(slot).build().expect("a runtime");
    let releases = RELEASES.map(|(_, file)| runtime.load(release_path(file)).expect("the release loads"));
    let data = |path: &str| std::fs::read(root().join(path)).expect("the model's data");

    let mut linear = Linear::prepare(&data("plugins/linear/releases/1.1.0/weights.bin")).expect("weights");
    let mut onnx = Onnx::prepare(&onnx_data()).expect("a graph");
    let mut rules = Rules::prepare(&[]).expect("rules");
    let mut criterion = Criterion::default().configure_from_args();
    for mail in Mail::all(MESSAGES) {
        let messages = mail.warm();
        let on = On { mail: &mail, messages: &messages };
        on.compare(&runtime, &releases, 0, &mut linear);
        on.compare(&runtime, &releases, 1, &mut onnx);
        on.compare(&runtime, &releases, 2, &mut rules);
        let mut group = criterion.benchmark_group(format!("score, sandboxed, {}", mail.name));
        group.throughput(Throughput::Elements(messages.len() as u64));
        for release in &releases {
            group.bench_function(release.to_string(), |b| b.iter(|| score_all(&runtime, release, &messages)));
        }
        group.finish();
    }
    let messages = warm_messages(MESSAGES);
    for (release, names) in releases.iter().zip(RELEASES) {
        threads(&runtime, release, names, &messages);
    }
    criterion.final_summary();
}

fn score_all(runtime: &Runtime, release: &ReleaseId, messages: &[Message]) {
    for message in messages {
        black_box(runtime.score_with(release, message)).expect("a score");
    }
}

/// What is measured on: the mail, and its messages with everything derived.
struct On<'a> {
    mail: &'a Mail,
    messages: &'a [Message],
}

impl On<'_> {
    /// Prints both ratios of one model: score alone, and the whole message.
    fn compare<S: Scorer>(&self, runtime: &LocalRuntime, releases: &[ReleaseId; 3], index: usize, native: &mut S) {
        let release = &releases[index];
        let guest_messages: Vec<_> = self.messages.iter().map(guest_message).collect();
        // The others score in between, so that slots of the pool change hands as they do when models run side by side.
        let mut sandboxed = Duration::ZERO;
        let mut bare = Duration::ZERO;
        let mut ratios = Vec::new();
        for round in 0..ROUNDS + 2 {
            let (mut in_sandbox, mut natively) = (Duration::ZERO, Duration::ZERO);
            for (message, guest_message) in self.messages.iter().zip(&guest_messages) {
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
            &format!("{}, {release}, score alone", self.mail.name),
            ("sandboxed", sandboxed),
            ("native", bare),
            ROUNDS * self.messages.len(),
        );
        println!(
            "  median of {ROUNDS} rounds: {:.2}, from {:.2} to {:.2}",
            ratios[ROUNDS / 2],
            ratios[0],
            ratios[ROUNDS - 1]
        );
        self.whole_message(runtime, release, native, &guest_messages);
    }

    /// From bytes to verdict, against the same with the model run natively.
    fn whole_message<S: Scorer>(
        &self,
        runtime: &LocalRuntime,
        release: &ReleaseId,
        native: &mut S,
        prepared: &[switchback_guest::Message],
    ) {
        let slot = runtime.slot("inbound").expect("the slot");
        slot.promote(release).expect("loaded");
        let raw = &self.mail.raw;
        let reads = runtime.manifest(release).expect("loaded").reads;
        // The native side derives the same from the bytes as the host did for the guest.
        let [sandboxed, bare] = in_turn(
            ROUNDS,
            [
                ("sandboxed", &mut || {
                    for bytes in raw {
                        black_box(slot.score(&Message::parse(bytes.clone())));
                    }
                }),
                ("native", &mut || {
                    for (bytes, guest) in raw.iter().zip(prepared) {
                        derive(&Message::parse(bytes.clone()), reads);
                        assert!(black_box(native.score(guest)).is_ok(), "a score");
                    }
                }),
            ],
        );
        let what = format!("{}, {release}, whole message", self.mail.name);
        print_ratio(&what, ("sandboxed", sandboxed), ("native", bare), raw.len());
    }
}

/// What an example model asks the host for; what `rules` asks besides costs little.
fn derive(message: &Message, reads: Reads) {
    message.prepare();
    if reads.contains(Reads::FEATURES) {
        black_box(message.features(FeatureKind::Words));
    } else {
        black_box((message.subject(), message.from(), message.reply_to(), message.text(16_384), message.links(64)));
    }
}

/// Throughput of two threads over that of one, and of two processes over that of one: what the machine has for two at
/// once, caches and memory being shared.
fn threads(runtime: &Runtime, release: &ReleaseId, (name, file): (&str, &str), messages: &[Message]) {
    let (first, second) = (Again::start(WORKER, file), Again::start(WORKER, file));
    let [thread, threads, process, processes] = in_turn(
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
            ("one process", &mut || {
                first.ask();
                first.wait();
            }),
            ("two processes", &mut || {
                first.ask();
                second.ask();
                first.wait();
                second.wait();
            }),
        ],
    );
    let gain = |one: Duration, two: Duration| 2.0 * one.as_secs_f64() / two.as_secs_f64();
    println!(
        "RATIO {name}, throughput of two over one: threads {:.2}, processes {:.2}",
        gain(thread, threads),
        gain(process, processes)
    );
}

/// Writes a line when it is ready, and then scores the messages, and writes a line, for every line that it reads.
fn work(file: &str) {
    let runtime = runtime_builder().build().expect("a runtime");
    let release = runtime.load(release_path(file)).expect("the release loads");
    let messages = warm_messages(MESSAGES);
    score_all(&runtime, &release, &messages);
    println!();
    for _ in std::io::stdin().lines() {
        score_all(&runtime, &release, &messages);
        println!();
    }
}
