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
    use wasmtime::component::{Component, HasSelf, Linker, Resource};
    use wasmtime::{Engine, Error, Result, Store};

    wasmtime::component::bindgen!({ path: "../wit/1.0.0", world: "plugin", imports: { default: trappable } });

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
