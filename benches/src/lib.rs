//! What the benches share: the same mail, the same releases, and a fair way to compare.
//!
//! Machines are noisy and change their speed, so every figure that matters is a ratio of two alternatives
//! that ran in turn ([`in_turn`]), in one process.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

mod mail;

use std::cell::RefCell;
use std::hint::{black_box, spin_loop};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use switchback::release::seal;
use switchback::runtime::Traps;
use switchback::{Message, ReleaseId, Runtime, RuntimeBuilder, Slot};
use switchback_pack::Inspection;

pub use mail::Mail;

/// Raw generated messages like those of the 2020s, the same in every run.
pub fn raw_messages(count: usize) -> Vec<Vec<u8>> {
    Mail::generated(count).raw
}

/// The same with everything derived that the example models ask for, so that only scoring is timed.
pub fn warm_messages(count: usize) -> Vec<Message> {
    Mail::generated(count).warm()
}

/// The root of the checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What the release of the example `onnx` is prepared with.
pub fn onnx_data() -> Vec<u8> {
    switchback_pack::Source::read(root().join("plugins/onnx")).expect("the example model").data().to_vec()
}

/// Where cargo puts what it builds.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A runtime as a filter would have it: releases are compiled once, and mapped from then on.
pub fn runtime_builder() -> RuntimeBuilder {
    // Extism's engine puts its handlers of signals before those of a runtime that is there, and passes on what is not its own.
    let traps = if cfg!(feature = "extism") { Traps::ChainedSignals } else { Traps::Signals };
    Runtime::builder().cache_dir(target_dir().join("bench-store")).traps(traps)
}

/// The path of a packed example release, such as `linear-1.1.0`.
///
/// # Panics
/// If it is not packed yet.
pub fn release_path(name: &str) -> PathBuf {
    let path = path_of(name);
    assert!(path.is_file(), "{} is not there: run `cargo xtask models` first", path.display());
    path
}

/// The same, if it is packed.
pub fn packed(name: &str) -> Option<PathBuf> {
    Some(path_of(name)).filter(|path| path.is_file())
}

fn path_of(name: &str) -> PathBuf {
    target_dir().join("releases").join(format!("{name}.wasm"))
}

/// Prints on what mail the figures below are that name none: generated mail like that of the 2020s.
pub fn print_generated() {
    println!("MAIL {}", mail::GENERATED);
}

/// The same release under another version: what changes is its manifest, and with it its digest.
///
/// # Panics
/// If the release cannot be read.
pub fn renumbered(release: &Path, version: semver::Version) -> Vec<u8> {
    let bytes = std::fs::read(release).expect("the release can be read");
    let inspection = Inspection::read(&bytes);
    let mut manifest = inspection.manifest.expect("a release has a manifest");
    manifest.version = version;
    let name = switchback::release::CONTRACT_SECTION.as_bytes();
    let contract = bytes.windows(name.len()).rposition(|window| window == name).expect("a contract section");
    // Before the name: its length, the section's length, the section's number; one byte each.
    seal(bytes[..contract - 3].to_vec(), &switchback::release::CONTRACT_VERSION, &manifest)
        .expect("the manifest is valid")
}

/// Loads bytes as a release.
///
/// # Panics
/// If they are none.
pub fn load(runtime: &Runtime, bytes: &[u8]) -> ReleaseId {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), bytes).expect("the file can be written");
    runtime.load(file.path()).expect("the release loads")
}

/// One of several ways to do the same.
pub type Alternative<'a> = (&'a str, &'a mut dyn FnMut());

/// Runs every alternative once per round, in turn, after two rounds that do not count; returns the median
/// time of each.
pub fn in_turn<const N: usize>(rounds: usize, alternatives: [Alternative<'_>; N]) -> [Duration; N] {
    let begin = Instant::now();
    in_turn_by(|| begin.elapsed(), rounds, alternatives)
}

/// The same by another clock.
pub fn in_turn_by<const N: usize>(
    clock: impl Fn() -> Duration,
    rounds: usize,
    mut alternatives: [Alternative<'_>; N],
) -> [Duration; N] {
    let mut times = [const { Vec::new() }; N];
    for round in 0..rounds + 2 {
        for (times, (_, run)) in times.iter_mut().zip(&mut alternatives) {
            let start = clock();
            run();
            if round >= 2 {
                times.push(clock() - start);
            }
        }
    }
    times.map(median)
}

/// How long processors have worked for this process, in all its threads and in the kernel.
pub fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Scores mail in a slot, a message each interval, on so many threads that each score all of it, and returns how long each
/// answer took.
///
/// # Panics
/// If a thread does.
pub fn answers(threads: usize, mail: &[Vec<u8>], slot: &Slot, interval: Duration) -> Vec<Duration> {
    thread::scope(|scope| {
        let scoring: Vec<_> = (0..threads).map(|_| scope.spawn(|| answers_of_one(mail, slot, interval))).collect();
        scoring.into_iter().flat_map(|one| one.join().expect("it does not panic")).collect()
    })
}

fn answers_of_one(mail: &[Vec<u8>], slot: &Slot, interval: Duration) -> Vec<Duration> {
    let mut next = Instant::now();
    let score = |raw: &Vec<u8>| {
        let message = Message::parse(raw.clone());
        while Instant::now() < next {
            spin_loop();
        }
        next += interval;
        let start = Instant::now();
        black_box(slot.score(&message));
        start.elapsed()
    };
    mail.iter().map(score).collect()
}

/// This program again, in a process of its own, which ends when its input does.
#[derive(Debug)]
pub struct Again {
    process: Child,
    answers: RefCell<ChildStdout>,
}

impl Again {
    /// Starts it with this variable in its environment, and waits for its first line.
    ///
    /// # Panics
    /// If it cannot be started, or ends instead.
    pub fn start(variable: &str, value: &str) -> Self {
        let program = std::env::current_exe().expect("the path of this program");
        let mut process = Command::new(program)
            .env(variable, value)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts again");
        let answers = RefCell::new(process.stdout.take().expect("its output is a pipe"));
        let again = Self { process, answers };
        again.wait();
        again
    }

    /// Writes it a line.
    ///
    /// # Panics
    /// If it has ended.
    pub fn ask(&self) {
        let mut asks = self.process.stdin.as_ref().expect("its input is a pipe");
        asks.write_all(b"\n").expect("it reads");
    }

    /// Waits until it has written a line, which is empty.
    ///
    /// # Panics
    /// If it has ended.
    pub fn wait(&self) {
        self.answers.borrow_mut().read_exact(&mut [0]).expect("it writes");
    }
}

impl Drop for Again {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It has ended, or is gone already.
        let _ = self.process.wait();
    }
}

/// The middle one of some times.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// A quantile of some times, which get sorted.
pub fn quantile(times: &mut [Duration], q: f64) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    times.get((last as f64 * q).round() as usize).copied().unwrap_or_default()
}

/// Prints one line: what, how long it took per item, against what, and the ratio.
pub fn print_ratio(what: &str, (name, time): (&str, Duration), (bare_name, bare): (&str, Duration), items: usize) {
    let per_item = |time: Duration| time.as_secs_f64() * 1e6 / items as f64;
    println!(
        "RATIO {what}: {name} {:.2} us, {bare_name} {:.2} us: {:.2}",
        per_item(time),
        per_item(bare),
        time.as_secs_f64() / bare.as_secs_f64()
    );
}
