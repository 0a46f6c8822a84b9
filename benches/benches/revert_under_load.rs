//! How long does a revert take while nobody gets a core? Three processes follow a store, and the command `switchback
//! revert` is typed: the time until the last process obeys, and the time of the whole command. First with idle processes,
//! then while each of them scores at full speed and four busy threads a core want the same cores.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

use std::hint::{black_box, spin_loop};
use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use switchback::control::{Promotion, Readiness};
use switchback::{Control, ReleaseId, Runtime, Slot, SlotConfig};
use switchback_benches::{Again, median, print_generated, quantile, release_path, target_dir, warm_messages};

/// What this program is when it is started again: `load`, or `score` with the folder of the store.
const ROLE: &str = "SWITCHBACK_BENCH_ROLE";

const SLOT: &str = "inbound";
const PROCESSES: usize = 3;
const BUSY_THREADS_PER_CORE: usize = 4;

/// Reverts of each kind; `SWITCHBACK_ROUNDS` says otherwise.
const ROUNDS: usize = 40;

/// How long a process is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    match std::env::var(ROLE) {
        Ok(role) if role == "load" => be_busy(),
        Ok(role) => score(Path::new(role.strip_prefix("score ").expect("a role"))),
        Err(_) => {
            print_generated();
            measure();
        }
    }
}

fn measure() {
    let dir = tempfile::tempdir().expect("a folder");
    let control = Control::create(dir.path()).expect("a store").author("bench");
    let operator = Runtime::builder().cache_dir(dir.path()).instances(4).build().expect("a runtime");
    let load = |name| operator.load_into(&control, release_path(name)).expect("the release loads").0;
    let releases = ["linear-1.0.0", "linear-1.1.0"].map(load);
    promote(&control, &releases[0]);
    let scorers: Vec<_> =
        (0..PROCESSES).map(|_| Again::start(ROLE, &format!("score {}", dir.path().display()))).collect();
    let rounds = std::env::var("SWITCHBACK_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().expect("a number"));

    let idle = reverts(&control, dir.path(), &releases[1], rounds);
    // Each begins to score.
    scorers.iter().for_each(Again::ask);
    let busy = Again::start(ROLE, "load");
    let loaded = reverts(&control, dir.path(), &releases[1], rounds);
    drop(busy);

    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = BUSY_THREADS_PER_CORE * cores;
    println!(
        "{PROCESSES} processes, {rounds} reverts each; under load: {threads} busy threads on {cores} cores, and all score"
    );
    for (what, idle, loaded) in [("to the last process", idle.0, loaded.0), ("the whole command", idle.1, loaded.1)] {
        println!("{what}: idle {}; under load {}", spread(idle.clone()), spread(loaded.clone()));
        let [idle, loaded] = [median(idle), median(loaded)].map(|time| time.as_secs_f64() * 1e3);
        println!("RATIO {what}: under load {loaded:.1} ms, idle {idle:.1} ms: {:.1}", loaded / idle);
    }
}

/// Promotes and reverts; returns how long it took to the last process, and how long the command took.
fn reverts(control: &Control, store: &Path, release: &ReleaseId, rounds: usize) -> (Vec<Duration>, Vec<Duration>) {
    let revert = |_| {
        promote(control, release);
        let begin = Instant::now();
        let output = Command::new(program()).args(["revert", "--json", "--store"]).arg(store).output();
        let took = begin.elapsed();
        let output = output.expect("the command runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (last_of(&output.stdout), took)
    };
    (0..rounds).map(revert).unzip()
}

/// When the last process obeyed, by what the command says.
fn last_of(said: &[u8]) -> Duration {
    let said: serde_json::Value = serde_json::from_slice(said).expect("JSON");
    let obeyed = said["obeyed"].as_array().expect("those who obey");
    assert_eq!(obeyed.len(), PROCESSES, "{said}");
    let after = obeyed.iter().filter_map(|one| one["after_ms"].as_f64());
    Duration::from_secs_f64(after.fold(0.0, f64::max) / 1e3)
}

fn promote(control: &Control, release: &ReleaseId) {
    let promotion = Promotion::new(SLOT, release.clone(), Readiness::Skip).older().cool_off(Duration::ZERO);
    let event = control.promote(promotion).expect("it is promoted").event;
    let silent = control.acknowledgements(&event, PATIENCE).expect("the store can be read").silent;
    assert!(silent.is_empty(), "{silent:?}");
}

/// The command, which `cargo xtask bench` builds.
fn program() -> PathBuf {
    target_dir().join("release/switchback")
}

/// Takes every core, until its input ends.
fn be_busy() {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..BUSY_THREADS_PER_CORE * cores {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    spin_loop();
                }
            });
        }
        say_ready();
        wait_for_line();
        over.store(true, Ordering::Relaxed);
    });
}

/// Follows a store. Scores from the first line of its input on, and until that ends.
fn score(store: &Path) {
    let builder = Runtime::builder().slot(SlotConfig::new(SLOT)).instances(8);
    let runtime = builder.store_dir(store).build().expect("a runtime");
    let slot = runtime.slot(SLOT).expect("the slot");
    say_ready();
    if wait_for_line() {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| score_until(&slot, &over));
            wait_for_line();
            over.store(true, Ordering::Relaxed);
        });
    }
}

fn score_until(slot: &Slot, over: &AtomicBool) {
    let messages = warm_messages(200);
    for message in messages.iter().cycle() {
        black_box(slot.score(message));
        if over.load(Ordering::Relaxed) {
            break;
        }
    }
}

fn say_ready() {
    let mut out = std::io::stdout();
    out.write_all(b"\n").and_then(|()| out.flush()).expect("somebody reads");
}

/// Whether there was a line, and not the end.
fn wait_for_line() -> bool {
    std::io::stdin().lock().read_line(&mut String::new()).is_ok_and(|bytes| bytes > 0)
}

fn spread(mut times: Vec<Duration>) -> String {
    let [p50, p90, max] = [0.5, 0.9, 1.0].map(|q| quantile(&mut times, q).as_secs_f64() * 1e3);
    format!("median {p50:.1} ms, 90th percentile {p90:.1} ms, longest {max:.1} ms")
}
