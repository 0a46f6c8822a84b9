//! What does one more release cost? 1, 2, 4 and 8 releases score each message; the cost of each added one,
//! against its own score alone, on generated mail and on the corpora.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

use std::hint::black_box;

use criterion::Criterion;
use semver::Version;
use switchback::{Message, ReleaseId, Runtime};
use switchback_benches::{Mail, in_turn, load, release_path, renumbered, runtime_builder};

const MESSAGES: usize = 200;
const ROUNDS: usize = 15;
const RELEASES: u64 = 8;

fn main() {
    let runtime = runtime_builder().build().expect("a runtime");
    let source = release_path("linear-1.1.0");
    let releases: Vec<_> =
        (0..RELEASES).map(|patch| load(&runtime, &renumbered(&source, Version::new(9, 0, patch)))).collect();
    let mut criterion = Criterion::default().configure_from_args();
    for mail in Mail::all(MESSAGES) {
        compare(&runtime, &releases, &mail, &mut criterion);
    }
    criterion.final_summary();
}

fn compare(runtime: &Runtime, releases: &[ReleaseId], mail: &Mail, criterion: &mut Criterion) {
    let messages = mail.warm();
    let score = |count: usize| score_all(runtime, &releases[..count], &messages);
    let times = in_turn(
        ROUNDS,
        [("1", &mut || score(1)), ("2", &mut || score(2)), ("4", &mut || score(4)), ("8", &mut || score(8))],
    );
    let per_message = times.map(|time| time.as_secs_f64() * 1e6 / messages.len() as f64);
    let (alone, name) = (per_message[0], mail.name);
    println!("{name}, 1 release: {alone:.2} us a message");
    for (count, time) in [2.0, 4.0, 8.0].into_iter().zip(&per_message[1..]) {
        let added = (time - alone) / (count - 1.0);
        println!(
            "RATIO {name}, {count} releases: {time:.2} us a message, each added {added:.2} us: {:.2}",
            added / alone
        );
    }
    for count in [1, 2, 4, 8] {
        criterion.bench_function(&format!("{name}, {count} releases side by side"), |b| b.iter(|| score(count)));
    }
}

fn score_all(runtime: &Runtime, releases: &[ReleaseId], messages: &[Message]) {
    for message in messages {
        for release in releases {
            black_box(runtime.score_with(release, message)).expect("a score");
        }
    }
}
