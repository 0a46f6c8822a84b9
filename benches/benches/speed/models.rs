//! The example models, sandboxed and native.

use std::hint::black_box;

use switchback::{Message, ReleaseId, Runtime};
use switchback_benches::{onnx_data, packed, root};
use switchback_guest::Scorer;
use switchback_plugin_linear::Linear;
use switchback_plugin_onnx::Onnx;
use switchback_plugin_rules::Rules;

/// The releases that are measured where they are packed: the newest of each model first.
const RELEASES: [(&str, &[&str]); 3] = [("linear", &["1.2.0", "1.1.0"]), ("onnx", &["1.1.0"]), ("rules", &["1.0.0"])];

/// The same model outside of a sandbox.
pub(crate) type Native = Box<dyn FnMut(&switchback_guest::Message)>;

/// A release.
pub(crate) struct Model {
    pub(crate) id: ReleaseId,
    pub(crate) name: &'static str,
    /// What it is natively: of the newest release of each model.
    pub(crate) native: Option<Native>,
}

impl Model {
    /// All that are packed, loaded.
    pub(crate) fn all(runtime: &Runtime) -> Vec<Self> {
        let mut all = Vec::new();
        for (name, versions) in RELEASES {
            let there = versions.iter().filter_map(|version| Some((version, packed(&format!("{name}-{version}"))?)));
            for (age, (version, path)) in there.enumerate() {
                let id = runtime.load(&path).expect("the release loads");
                all.push(Self { id, name, native: (age == 0).then(|| native(name, version)) });
            }
            assert!(all.iter().any(|model| model.name == name), "no {name}: run `cargo xtask models` first");
        }
        all
    }

    /// Scores a message in a fresh instance.
    pub(crate) fn score(&self, runtime: &Runtime, message: &Message) {
        black_box(runtime.score_with(&self.id, message)).expect("a score");
    }
}

fn native(name: &str, version: &str) -> Native {
    let data = |path: &str| std::fs::read(root().join(path)).expect("the model's data");
    match name {
        "linear" => {
            boxed(Linear::prepare(&data(&format!("plugins/linear/releases/{version}/weights.bin"))).expect("weights"))
        }
        "onnx" => boxed(Onnx::prepare(&onnx_data()).expect("a graph")),
        _ => boxed(Rules::prepare(&[]).expect("rules")),
    }
}

fn boxed(mut model: impl Scorer + 'static) -> Native {
    Box::new(move |message| assert!(black_box(model.score(message)).is_ok(), "a score"))
}
