//! What does one call cost? An empty model in a fresh instance per message, against bare wasmtime with one
//! instance reused, and, with `--features extism`, against a warm Extism plugin. Empty are a model that is written by hand and
//! asks the host for nothing, as Extism's plugin is, and one of the SDK, which can ask for all there is.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

use std::hint::black_box;

use criterion::Criterion;
use switchback::Message;
use switchback::release::{Manifest, Reads, Scale, SelfTest};
use switchback_benches::{in_turn, load, print_ratio, root, runtime_builder, target_dir};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const CALLS: usize = 1_000;
const ROUNDS: usize = 25;

/// Bare wasmtime: default settings, one instance for all calls.
mod bare {
    use wasmtime::component::{Component, HasSelf, Linker, Resource};
    use wasmtime::{Engine, Error, Result, Store};

    wasmtime::component::bindgen!({ path: "../wit/1.1.0", world: "plugin", imports: { default: trappable } });

    use self::switchback::scoring::message::{self as contract, HostMessage};
    use self::switchback::scoring::{assessment, log};

    /// A host that has nothing to say.
    struct Silent;

    /// Declares functions of the resource that nobody calls.
    macro_rules! silent {
        ($($name:ident($($argument:ty),*) -> $answer:ty;)+) => {
            impl HostMessage for Silent {
                $(fn $name(&mut self, _: Resource<Message>, $(_: $argument),*) -> Result<$answer> {
                    Err(Error::msg("an empty model asks for nothing"))
                })+

                fn drop(&mut self, _: Resource<Message>) -> Result<()> {
                    Ok(())
                }
            }
        };
    }

    silent! {
        envelope() -> contract::Envelope;
        client() -> contract::Client;
        authentication() -> contract::Authentication;
        subject() -> String;
        from() -> Vec<contract::Mailbox>;
        reply_to() -> Vec<contract::Mailbox>;
        date() -> Option<i64>;
        size() -> u64;
        counts() -> contract::Counts;
        defects() -> contract::Defects;
        header(String) -> Vec<String>;
        headers() -> contract::HeaderFields;
        text(u32) -> contract::Content;
        html(u32) -> contract::Content;
        links(u32) -> contract::Links;
        attachments() -> contract::Attachments;
        raw(u64, u32) -> Vec<u8>;
        features(contract::FeatureKind) -> contract::Features;
        structure() -> contract::Structure;
        facts() -> Vec<f32>;
    }

    impl contract::Host for Silent {}

    impl assessment::Host for Silent {}

    impl log::Host for Silent {
        fn log(&mut self, _: log::Level, _: String) -> Result<()> {
            Ok(())
        }
    }

    pub(crate) struct Model {
        store: Store<Silent>,
        plugin: Plugin,
    }

    impl Model {
        pub(crate) fn new(component: &[u8]) -> Result<Self> {
            let engine = Engine::default();
            let component = Component::from_binary(&engine, component)?;
            let mut linker = Linker::new(&engine);
            Plugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |host| host)?;
            let mut store = Store::new(&engine, Silent);
            let plugin = Plugin::instantiate(&mut store, &component, &linker)?;
            Ok(Self { store, plugin })
        }

        pub(crate) fn score(&mut self) -> Result<()> {
            self.plugin.call_score(&mut self.store, Resource::new_borrow(0))?.map(drop).map_err(Error::msg)
        }
    }
}

fn main() {
    let runtime = runtime_builder().build().expect("a runtime");
    let message = Message::parse(vec![b'x'; 4096]);
    message.prepare();
    let mut criterion = Criterion::default().configure_from_args();
    for (name, release) in [("an empty model", by_hand()), ("an empty model of the SDK", of_sdk())] {
        let id = load(&runtime, &release);
        let mut reused = bare::Model::new(&release).expect("bare wasmtime takes it");
        let mut in_fresh = || drop(black_box(runtime.score_with(&id, &message)).expect("a score"));
        let [fresh, bare] = in_turn(
            ROUNDS,
            [
                ("fresh", &mut || (0..CALLS).for_each(|_| in_fresh())),
                ("bare", &mut || (0..CALLS).for_each(|_| reused.score().expect("a score"))),
            ],
        );
        print_ratio(name, ("fresh instance", fresh), ("bare wasmtime, reused", bare), CALLS);
        extism(name, &mut in_fresh, message.bytes());
        criterion.bench_function(&format!("{name}, fresh instance"), |b| b.iter(&mut in_fresh));
        criterion.bench_function(&format!("{name}, bare wasmtime, reused"), |b| b.iter(|| reused.score()));
    }
    criterion.final_summary();
}

/// A model that answers with the zeros of its memory: a score of 0, `ham`, no reasons.
const BY_HAND: &str = r#"(module
    (import "switchback:scoring/message@1.1.0" "[resource-drop]message" (func $drop (param i32)))
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "prepare") (param i32 i32) (result i32) (i32.const 128))
    (func (export "score") (param $message i32) (result i32)
        (call $drop (local.get $message))
        (i32.const 256))
    (@custom "switchback:contract" "1.1.0"))"#;

/// `switchback:scoring` as the host offers it.
const CONTRACT: &str = include_str!("../../wit/1.1.0/scoring.wit");

fn by_hand() -> Vec<u8> {
    let mut module = wat::parse_str(BY_HAND).expect("a module");
    let mut resolve = Resolve::default();
    let package = resolve.push_str("scoring.wit", CONTRACT).expect("the contract");
    let world = resolve.select_world(&[package], Some("plugin")).expect("its world");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("it is of that world");
    pack(&module, &[], Scale::Probability, 0.0)
}

/// The empty case of the model for tests, built here.
fn of_sdk() -> Vec<u8> {
    let built = std::process::Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["build", "--locked", "--package", "switchback-plugin-hostile", "--profile", "guest"])
        .args(["--target", "wasm32-unknown-unknown"])
        .status();
    assert!(built.is_ok_and(|status| status.success()), "the empty model does not build");
    let module = std::fs::read(target_dir().join("wasm32-unknown-unknown/guest/switchback_plugin_hostile.wasm"));
    pack(&module.expect("the module was built"), b"empty", Scale::LogOdds, 0.5)
}

/// Packs a module whose score of the empty message is this.
fn pack(module: &[u8], data: &[u8], scale: Scale, score: f64) -> Vec<u8> {
    let (name, version) = ("empty".parse().expect("a name"), semver::Version::new(1, 0, u64::from(!data.is_empty())));
    let manifest = Manifest::new(name, version, scale, Reads::default()).self_test(SelfTest::new("empty", "", score));
    switchback_pack::pack_module(module, data, &manifest).expect("it packs")
}

#[cfg(not(feature = "extism"))]
fn extism(_: &str, _: &mut impl FnMut(), _: &[u8]) {
    println!("Extism is left out: run with `--features extism` to compare");
}

/// A warm Extism plugin that does nothing with its input, given the message, and given nothing.
#[cfg(feature = "extism")]
fn extism(name: &str, in_fresh: &mut impl FnMut(), message: &[u8]) {
    let plugin = || {
        let module =
            wat::parse_str(r#"(module (func (export "score") (result i32) (i32.const 0)))"#).expect("a module");
        extism::Plugin::new(extism::Manifest::new([extism::Wasm::data(module)]), [], false).expect("a plugin")
    };
    let (mut plugin, mut empty_input) = (plugin(), plugin());
    let [fresh, warm, warm_empty] = in_turn(
        ROUNDS,
        [
            ("fresh", &mut || (0..CALLS).for_each(|_| in_fresh())),
            ("extism", &mut || {
                for _ in 0..CALLS {
                    black_box(plugin.call::<_, &[u8]>("score", message)).expect("an answer");
                }
            }),
            ("extism, no input", &mut || {
                for _ in 0..CALLS {
                    black_box(empty_input.call::<_, &[u8]>("score", "")).expect("an answer");
                }
            }),
        ],
    );
    print_ratio(name, ("fresh instance", fresh), ("warm Extism plugin, 4 KiB in", warm), CALLS);
    print_ratio(name, ("fresh instance", fresh), ("warm Extism plugin, no input", warm_empty), CALLS);
}
