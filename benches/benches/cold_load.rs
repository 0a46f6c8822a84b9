//! How long until a release can score? Compiling it, against mapping what was compiled before; and starting
//! from its snapshot, against building the model when it is loaded.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion};
use switchback::Runtime;
use switchback_benches::{
    in_turn, median, onnx_data, print_generated, print_ratio, release_path, root, runtime_builder, warm_messages,
};
use switchback_guest::Scorer as _;
use switchback_plugin_linear::Linear;
use switchback_plugin_onnx::Onnx;

const COMPILES: usize = 3;
const MAPS: usize = 25;

fn main() {
    print_generated();
    for name in ["linear-1.1.0", "rules-1.0.0", "onnx-1.1.0"] {
        compile_or_map(name);
    }
    snapshot_or_prepare();

    let mut criterion = Criterion::default().configure_from_args();
    let store = tempfile::tempdir().expect("a folder");
    let runtime = || Runtime::builder().cache_dir(store.path()).instances(8).build().expect("a runtime");
    for name in ["linear-1.1.0", "onnx-1.1.0"] {
        criterion.bench_function(&format!("load {name}, compiled before"), |b| {
            b.iter_batched(
                runtime,
                |runtime| (runtime.load(release_path(name)).expect("it loads"), runtime),
                BatchSize::PerIteration,
            );
        });
    }
    criterion.final_summary();
}

fn compile_or_map(name: &str) {
    let path = release_path(name);
    let timed_load = |store: &std::path::Path| {
        let runtime = Runtime::builder().cache_dir(store).instances(8).build().expect("a runtime");
        let start = Instant::now();
        runtime.load(&path).expect("it loads");
        start.elapsed()
    };
    let compiled: Vec<Duration> =
        (0..COMPILES).map(|_| timed_load(tempfile::tempdir().expect("a folder").path())).collect();
    let store = tempfile::tempdir().expect("a folder");
    timed_load(store.path());
    let mapped: Vec<Duration> = (0..MAPS).map(|_| timed_load(store.path())).collect();
    let slowest = mapped.iter().max().copied().unwrap_or_default();
    print_ratio(&format!("load {name}"), ("mapped", median(mapped)), ("compiled", median(compiled)), 1);
    println!("  slowest of {MAPS} mapped loads: {:.2} ms", slowest.as_secs_f64() * 1e3);
}

/// A fresh instance from the snapshot is one message long; without it, each process would do what `prepare` does,
/// here measured natively, where it is at its fastest.
fn snapshot_or_prepare() {
    let runtime = runtime_builder().build().expect("a runtime");
    let message = warm_messages(1).remove(0);
    let data = |path: &str| std::fs::read(root().join(path)).expect("the model's data");
    let linear_data = data("plugins/linear/releases/1.1.0/weights.bin");
    let onnx_data = onnx_data();
    let mut prepare_linear = || drop(black_box(Linear::prepare(&linear_data)).expect("weights"));
    let mut prepare_onnx = || drop(black_box(Onnx::prepare(&onnx_data)).expect("a graph"));
    let models: [(&str, &mut dyn FnMut()); 2] =
        [("linear-1.1.0", &mut prepare_linear), ("onnx-1.1.0", &mut prepare_onnx)];
    for (name, prepare) in models {
        let release = runtime.load(release_path(name)).expect("it loads");
        let mut score = || drop(black_box(runtime.score_with(&release, &message)).expect("a score"));
        let [snapshot, prepared] = in_turn(MAPS, [("snapshot", &mut score), ("prepare", prepare)]);
        print_ratio(name, ("a message from the snapshot", snapshot), ("prepare alone, native", prepared), 1);
    }
}
