//! What does one call cost? An empty model in a fresh instance per message, against bare wasmtime with one
//! instance reused, and, with `--features extism`, against a warm Extism plugin.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

use std::hint::black_box;

use criterion::Criterion;
use switchback::{Card, Manifest, ManifestLimits, Message, Reads, Runtime, Scale, SelfTest};
use switchback_benches::{in_turn, load, print_ratio, root, runtime_builder, target_dir};

const CALLS: usize = 1_000;
const ROUNDS: usize = 25;

/// Bare wasmtime: default settings, one instance for all calls.
mod bare {
    use wasmtime::component::{Component, Linker, Resource};
    use wasmtime::{Engine, Store};

    wasmtime::component::bindgen!({ path: "../wit/1.0.0", world: "plugin" });

    pub(crate) struct Model {
        store: Store<()>,
        plugin: Plugin,
    }

    impl Model {
        pub(crate) fn new(component: &[u8]) -> wasmtime::Result<Self> {
            let engine = Engine::default();
            let component = Component::from_binary(&engine, component)?;
            let mut linker = Linker::new(&engine);
            linker.define_unknown_imports_as_traps(&component)?;
            // The one resource has to be the host's; nothing else is called.
            linker.allow_shadowing(true);
            let mut message = linker.instance("switchback:scoring/message@1.0.0")?;
            message.resource("message", wasmtime::component::ResourceType::host::<Message>(), |_, _| Ok(()))?;
            let mut store = Store::new(&engine, ());
            let plugin = Plugin::instantiate(&mut store, &component, &linker)?;
            Ok(Self { store, plugin })
        }

        pub(crate) fn score(&mut self) -> wasmtime::Result<()> {
            self.plugin.call_score(&mut self.store, Resource::new_borrow(0))?.map(drop).map_err(wasmtime::Error::msg)
        }
    }
}

fn main() {
    let release = empty_release();
    let runtime = runtime_builder().build().expect("a runtime");
    let empty = load(&runtime, &release);
    let message = Message::parse(vec![b'x'; 4096]);
    message.prepare();
    let mut reused = bare::Model::new(&release).expect("bare wasmtime takes it");

    let [fresh, bare] = in_turn(
        ROUNDS,
        [
            ("fresh", &mut || {
                for _ in 0..CALLS {
                    black_box(runtime.score_with(&empty, &message)).expect("a score");
                }
            }),
            ("bare", &mut || (0..CALLS).for_each(|_| reused.score().expect("a score"))),
        ],
    );
    print_ratio("an empty model", ("fresh instance", fresh), ("bare wasmtime, reused", bare), CALLS);
    extism(&runtime, &empty, &message);

    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("empty model, fresh instance", |b| b.iter(|| runtime.score_with(&empty, &message)));
    criterion.bench_function("empty model, bare wasmtime, reused", |b| b.iter(|| reused.score()));
    criterion.final_summary();
}

/// The empty case of the model for tests, built and packed here.
fn empty_release() -> Vec<u8> {
    let built = std::process::Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["build", "--locked", "--package", "switchback-plugin-hostile", "--profile", "guest"])
        .args(["--target", "wasm32-unknown-unknown"])
        .status();
    assert!(built.is_ok_and(|status| status.success()), "the empty model does not build");
    let module = std::fs::read(target_dir().join("wasm32-unknown-unknown/guest/switchback_plugin_hostile.wasm"));
    let manifest = Manifest {
        name: "empty".parse().expect("a name"),
        version: semver::Version::new(1, 0, 0),
        scale: Scale::LogOdds,
        description: String::new(),
        reads: Reads::default(),
        limits: ManifestLimits::default(),
        card: Card::default(),
        self_tests: vec![SelfTest { name: "empty".to_owned(), message: Vec::new(), score: 0.5, category: None }],
    };
    switchback_pack::pack_module(&module.expect("the module was built"), b"empty", &manifest).expect("it packs")
}

#[cfg(not(feature = "extism"))]
fn extism(_: &Runtime, _: &switchback::ReleaseId, _: &Message) {
    println!("Extism is left out: run with `--features extism` to compare");
}

/// A warm Extism plugin that does nothing with its input, given the message, and given nothing.
#[cfg(feature = "extism")]
fn extism(runtime: &Runtime, empty: &switchback::ReleaseId, message: &Message) {
    let plugin = || {
        let module =
            wat::parse_str(r#"(module (func (export "score") (result i32) (i32.const 0)))"#).expect("a module");
        extism::Plugin::new(extism::Manifest::new([extism::Wasm::data(module)]), [], false).expect("a plugin")
    };
    let (mut plugin, mut empty_input) = (plugin(), plugin());
    let [fresh, warm, warm_empty] = in_turn(
        ROUNDS,
        [
            ("fresh", &mut || {
                for _ in 0..CALLS {
                    black_box(runtime.score_with(empty, message)).expect("a score");
                }
            }),
            ("extism", &mut || {
                for _ in 0..CALLS {
                    black_box(plugin.call::<_, &[u8]>("score", message.bytes())).expect("an answer");
                }
            }),
            ("extism, no input", &mut || {
                for _ in 0..CALLS {
                    black_box(empty_input.call::<_, &[u8]>("score", "")).expect("an answer");
                }
            }),
        ],
    );
    print_ratio("an empty model", ("fresh instance", fresh), ("warm Extism plugin, 4 KiB in", warm), CALLS);
    print_ratio("an empty model", ("fresh instance", fresh), ("warm Extism plugin, no input", warm_empty), CALLS);
}
