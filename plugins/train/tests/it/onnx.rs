//! Exports of scikit-learn, packed, score every message as onnxruntime does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use switchback::{Message as HostMessage, Runtime};
use switchback_guest::Message;
use switchback_onnx::{Bindings, Converted, Meaning, OnnxFile};
use switchback_onnx_graph::{Given, Ready};
use switchback_pack::Packer;
use switchback_plugin_onnx::given;
use switchback_plugin_train::guest_message;

use crate::sandboxed::mail;

/// How far a score may be from onnxruntime's.
const TOLERANCE: f64 = 1e-5;

/// Models of texts, of facts and of hashed words.
const MODELS: [&str; 6] =
    ["tfidf", "tfidf-pairs", "random-forest", "gradient-boosting", "hashed-counts", "columns-flags"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The script with the Python that runs it, where `cargo xtask test` installs that.
fn script() -> Option<Command> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let python = target.join("tools/onnx/bin/python");
    let works = Command::new(&python).args(["-c", "import onnxruntime, sentencepiece, skl2onnx"]).output();
    if !works.is_ok_and(|run| run.status.success()) {
        eprintln!("SKIPPED: exports of scikit-learn need its Python packages; `cargo xtask test` installs them");
        return None;
    }
    let mut command = Command::new(python);
    command.arg(root().join("pack/onnx/tests/exports.py"));
    Some(command)
}

fn run(command: &mut Command) -> Vec<u8> {
    let run = command.output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    run.stdout
}

/// What a message gives to an export, by the names of its inputs.
fn row(converted: &Converted, message: &Message) -> BTreeMap<String, Value> {
    let values = converted.model.sources.iter().map(|source| match given(source, message).unwrap() {
        Given::Text(text) => Value::from(text),
        Given::Numbers(numbers) => Value::from(numbers.as_floats().unwrap().to_vec()),
    });
    converted.inputs.iter().cloned().zip(values).collect()
}

#[test]
fn packed_exports_score_every_message_as_onnxruntime_does() {
    let Some(mut export) = script() else { return };
    let dir = tempfile::tempdir().unwrap();
    run(export.arg(dir.path()));
    let messages = mail();
    let runtime = Runtime::builder().instances(1).build().unwrap();
    for model in MODELS {
        let onnx = dir.path().join(format!("{model}.onnx"));
        let packed = Packer::onnx(&onnx).out(dir.path()).pack(&mut |_| {}).unwrap();
        let id = runtime.load(&packed.path).unwrap();
        let converted = OnnxFile::read(&onnx).unwrap().convert(&Bindings::default()).unwrap();
        let rows: Vec<_> = messages.iter().map(|message| row(&converted, &guest_message(message))).collect();
        let file = dir.path().join("rows.json");
        fs::write(&file, serde_json::to_vec(&rows).unwrap()).unwrap();
        let answers = run(script().unwrap().arg(dir.path()).arg(model).arg(&file));
        let expected: Vec<[f64; 2]> = serde_json::from_slice(&answers).unwrap();
        assert_eq!(expected.len(), messages.len());
        for (number, (message, [_, expected])) in messages.iter().zip(&expected).enumerate() {
            let score = runtime.score_with(&id, message).unwrap().outcome.score().unwrap();
            assert!((score - expected).abs() <= TOLERANCE, "{model}, message {number}: {score} instead of {expected}");
        }
    }
    in_bytes(dir.path(), &runtime, &messages);
}

/// A model of bytes, whose products are other instructions in the sandbox, has the same scores there as outside.
fn in_bytes(exports: &Path, runtime: &Runtime, messages: &[HostMessage]) {
    let folder = exports.join("bytes");
    fs::create_dir(&folder).unwrap();
    fs::copy(exports.join("transformer-int8.onnx"), folder.join("model.onnx")).unwrap();
    fs::copy(exports.join("tokenizer.json"), folder.join("tokenizer.json")).unwrap();
    let manifest = "[release]\nname = \"bytes\"\nversion = \"1.0.0\"\n\n[onnx.output]\nis = \"logits\"\n";
    fs::write(folder.join("switchback.toml"), manifest).unwrap();
    let packed = Packer::onnx(folder.join("model.onnx")).out(&folder).pack(&mut |_| {}).unwrap();
    let id = runtime.load(&packed.path).unwrap();
    let mut bindings = Bindings::default();
    bindings.output.is = Some(Meaning::Logits);
    let model = OnnxFile::read(folder.join("model.onnx")).unwrap().convert(&bindings).unwrap().model;
    let ready = Ready::new(model.clone()).unwrap();
    for (number, message) in messages.iter().step_by(5).enumerate() {
        let taken = model.sources.iter().map(|source| given(source, &guest_message(message)).unwrap());
        let expected = f64::from(ready.answer(&taken.collect::<Vec<_>>()).unwrap()[1]);
        let score = runtime.score_with(&id, message).unwrap().outcome.score().unwrap();
        assert!((score - expected).abs() <= f64::EPSILON, "message {number}: {score} instead of {expected}");
    }
}
