//! Exports of the usual libraries, whose answers are onnxruntime's.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use switchback_onnx::{Bindings, Converted, OnnxFile};
use switchback_onnx_graph::{Given, Output, Ready, Tensor};

/// How far a score may be from onnxruntime's.
const TOLERANCE: f64 = 1e-5;

/// The Python of the libraries, where `cargo xtask test` installs them.
fn python() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(beside, PathBuf::from);
    let python = target.join("tools/onnx/bin/python");
    let works = Command::new(&python)
        .args(["-c", "import anthropic, onnxruntime, sentencepiece, skl2onnx, wordllama"])
        .output();
    let works = works.is_ok_and(|run| run.status.success());
    if !works {
        eprintln!(
            "SKIPPED: exports of scikit-learn, LightGBM and XGBoost need their Python packages; `cargo xtask test` installs them"
        );
    }
    works.then_some(python)
}

/// What an export is asked and onnxruntime answers.
#[derive(Deserialize)]
struct Case {
    bindings: String,
    rows: Vec<BTreeMap<String, Asked>>,
    /// None of what is not finite.
    expected: Vec<Vec<Option<f64>>>,
    refused: Option<String>,
    /// How far a number may be from onnxruntime's, if not as usual.
    tolerance: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Asked {
    Text(String),
    Numbers(Vec<Option<f32>>),
}

#[derive(Deserialize)]
struct Table {
    #[serde(default)]
    onnx: Bindings,
}

impl Case {
    fn check(&self, name: &str, onnx: &Path) -> Result<(), String> {
        let table: Table = toml_edit::de::from_str(&self.bindings).unwrap();
        let converted = OnnxFile::read(onnx).and_then(|file| file.convert(&table.onnx));
        if let Some(why) = &self.refused {
            return match converted {
                Err(error) if error.to_string().contains(why) => Ok(()),
                other => {
                    Err(format!("{name} is not refused with `{why}` but {:?}", other.map(|converted| converted.reads)))
                }
            };
        }
        let converted = converted.map_err(|error| format!("{name}: {error}"))?;
        // What the guest loads has been bytes.
        let bytes = converted.to_bytes().unwrap();
        let model = Ready::new(switchback_onnx_graph::Model::from_bytes(&bytes).unwrap()).unwrap();
        for (row, expected) in self.rows.iter().zip(&self.expected) {
            let given: Vec<_> = converted.inputs.iter().map(|input| given(&row[input])).collect();
            let answer = model.answer(&given);
            // What onnxruntime answers may be no probability: then there is none here either.
            let Some(expected) = expected.iter().copied().collect::<Option<Vec<f64>>>() else {
                assert!(answer.is_err(), "{name}: {answer:?}");
                continue;
            };
            let ours = probabilities(&converted, &answer.map_err(|error| format!("{name}: {error}"))?);
            let far = ours.iter().zip(&expected).map(|(ours, theirs)| (ours - theirs).abs()).fold(0.0, f64::max);
            if ours.len() != expected.len() || far > self.tolerance.unwrap_or(TOLERANCE) {
                return Err(format!("{name}: {ours:?} instead of {expected:?}"));
            }
        }
        Ok(())
    }
}

fn given(asked: &Asked) -> Given {
    match asked {
        Asked::Text(text) => Given::Text(text.clone()),
        Asked::Numbers(numbers) => {
            let numbers: Vec<f32> = numbers.iter().map(|number| number.unwrap_or(f32::NAN)).collect();
            Given::Numbers(Tensor::floats(&[numbers.len()], numbers))
        }
    }
}

fn probabilities(converted: &Converted, answer: &[f32]) -> Vec<f64> {
    let of = |number: &f32| match converted.model.output {
        Output::LogOdds => 1.0 / (1.0 + (-f64::from(*number)).exp()),
        Output::Classes(_) => f64::from(*number),
    };
    answer.iter().map(of).collect()
}

#[test]
fn exports_of_the_usual_libraries_answer_as_onnxruntime_does() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports.py");
    let run = Command::new(python).arg(script).arg(dir.path()).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let (mut count, mut differences) = (0, Vec::new());
    let mut files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for onnx in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "onnx")) {
        let name = onnx.file_stem().unwrap().to_string_lossy().into_owned();
        let case: Case = serde_json::from_slice(&fs::read(onnx.with_extension("json")).unwrap()).unwrap();
        assert!(case.rows.len() == case.expected.len() && case.rows.is_empty() == case.refused.is_some(), "{name}");
        differences.extend(case.check(&name, onnx).err());
        count += 1;
    }
    assert!(differences.is_empty(), "{} of {count} exports:\n{}", differences.len(), differences.join("\n"));
    assert!(count > 200, "{count} exports");
}
