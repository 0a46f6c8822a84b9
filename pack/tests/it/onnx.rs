//! ONNX files become releases.

use std::fs;
use std::path::{Path, PathBuf};

use prost::Message as _;
use switchback::release::{Reads, Scale};
use switchback::{Digest, Message, Runtime};
use switchback_pack::{MANIFEST_FILE, PackError, Packed, Packer, Progress, Source, Step, Stop};
use tempfile::TempDir;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension::Value};
use tract_onnx::pb::{
    GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
    type_proto,
};

/// `docs/onnx.md`.
const PAGE: &str = include_str!("../../../docs/onnx.md");

/// A file whose input is named and has this many floats, and whose answer is the logistic function of their sum, each
/// multiplied by one hundredth.
fn sum(input: &str, length: i64) -> Vec<u8> {
    let dimension = |length| Dimension { value: Some(Value::DimValue(length)), ..Default::default() };
    let shape = TensorShapeProto { dim: vec![Dimension::default(), dimension(length)] };
    let tensor = type_proto::Tensor { elem_type: DataType::Float as i32, shape: Some(shape) };
    let declared = TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..Default::default() };
    let info = |name: &str, r#type| ValueInfoProto { name: name.into(), r#type, ..Default::default() };
    let weights = TensorProto {
        name: "weights".into(),
        data_type: DataType::Float as i32,
        dims: vec![length, 1],
        float_data: vec![0.01; length as usize],
        ..Default::default()
    };
    let node = |operator: &str, inputs: &[&str], output: &str| NodeProto {
        op_type: operator.into(),
        name: output.into(),
        input: inputs.iter().map(|&name| name.into()).collect(),
        output: vec![output.into()],
        ..Default::default()
    };
    let graph = GraphProto {
        node: vec![node("MatMul", &[input, "weights"], "sum"), node("Sigmoid", &["sum"], "answer")],
        initializer: vec![weights],
        input: vec![info(input, Some(declared))],
        output: vec![info("answer", None)],
        ..Default::default()
    };
    let opset = OperatorSetIdProto { version: 17, ..Default::default() };
    ModelProto { ir_version: 8, opset_import: vec![opset], graph: Some(graph), ..Default::default() }.encode_to_vec()
}

/// A folder with an ONNX file and, if there is one, a manifest.
fn folder(onnx: &[u8], manifest: Option<&str>) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("model.onnx"), onnx).unwrap();
    if let Some(manifest) = manifest {
        fs::write(dir.path().join(MANIFEST_FILE), manifest).unwrap();
    }
    dir
}

fn pack(dir: &Path) -> Result<Packed, PackError> {
    Packer::onnx(dir.join("model.onnx")).out(dir.join("out/")).pack(&mut |_| {})
}

fn score(release: &Path, message: &str) -> f64 {
    let runtime = Runtime::builder().instances(1).build().unwrap();
    let id = runtime.load(release).unwrap();
    let scored = runtime.score_with(&id, &Message::parse(message.as_bytes().to_vec())).unwrap();
    scored.outcome.score().unwrap()
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/onnx")
}

#[test]
fn a_file_alone_is_packed_under_its_name_and_tested_with_made_up_mail() {
    let dir = folder(&sum("X", 32), None);
    let packed = pack(dir.path()).unwrap();
    assert_eq!(packed.path, dir.path().join("out/model-1.0.0.wasm"));
    assert_eq!((packed.self_tests.len(), packed.blessed.len()), (3, 0));
    let manifest = packed.inspection.manifest.unwrap();
    assert_eq!((manifest.scale, manifest.reads), (Scale::LogOdds, Reads::FACTS));
    let facts: f32 = Message::parse("Subject: HELLO\r\n\r\nworld\r\n").facts().values().iter().sum();
    let expected = 1.0 / (1.0 + (-0.01 * f64::from(facts)).exp());
    let score = score(&packed.path, "Subject: HELLO\r\n\r\nworld\r\n");
    assert!((score - expected).abs() < 1e-6, "{score} instead of {expected}");
}

#[test]
fn the_guest_is_named_by_its_digest() {
    let dir = folder(&sum("X", 32), None);
    let packed = pack(dir.path()).unwrap();
    let tools = packed.inspection.metadata.unwrap().processed_by;
    let digest = format!("sha256:{}", Digest::of(&switchback_guests::ONNX.module().unwrap()));
    assert!(tools.contains(&("switchback-guest-onnx".to_owned(), digest)), "{tools:?}");
}

#[test]
fn a_manifest_beside_it_has_the_last_word_but_for_name_and_version() {
    let manifest = "[release]\nname = \"counts\"\nversion = \"2.0.0\"\n\n[onnx.inputs.X]\nfeatures = [\"words\"]\n\n\
                    [card]\nsummary = \"It counts.\"\n\n[[self_test]]\nmessage = \"a.eml\"\nscore = 0.5\n";
    let dir = folder(&sum("X", 64), Some(manifest));
    fs::write(dir.path().join("a.eml"), "").unwrap();
    let onnx = || Packer::onnx(dir.path().join("model.onnx")).out(dir.path().join("out/"));
    let packed = onnx().name("other".parse().unwrap()).version("2.1.0".parse().unwrap()).pack(&mut |_| {}).unwrap();
    assert!(packed.path.ends_with("other-2.1.0.wasm"));
    let manifest = packed.inspection.manifest.unwrap();
    assert_eq!((&*manifest.card.summary, manifest.reads), ("It counts.", Reads::FEATURES));
    assert_eq!(manifest.self_tests[0].name, "a.eml");
    let one_word = score(&packed.path, "\r\nword\r\n");
    assert!((one_word - 1.0 / (1.0 + (-0.01_f64).exp())).abs() < 1e-6, "{one_word}");
    // The folder is packed as any other.
    let packed = Packer::new(dir.path()).out(dir.path().join("out/")).pack(&mut |_| {}).unwrap();
    assert!(packed.path.ends_with("counts-2.0.0.wasm"));
    let verification = Packer::new(dir.path()).verify(&packed.path, &mut |_| {}).unwrap();
    assert!(verification.same, "{:?}", verification.differences);
}

#[test]
fn what_cannot_be_packed_leaves_nothing_behind() {
    let minimal = "[release]\nname = \"m\"\nversion = \"1.0.0\"\n";
    for (onnx, manifest, expected) in [
        (sum("X", 33), None, "[onnx.inputs.X]"),
        (sum("X", 32)[..80].to_vec(), None, "not a whole ONNX file"),
        (Vec::new(), None, "it is empty"),
        (sum("X", 32), Some(format!("{minimal}[build]\n")), "[build] is of a model that cargo builds"),
        (
            sum("X", 32),
            Some(minimal.replace("1.0.0\"", "1.0.0\"\nscale = \"probability\"")),
            "the model's scale is `log-odds`",
        ),
        (sum("X", 32), Some(format!("{minimal}[onnx]\nmodels = 1\n")), "unknown field `models`"),
        (sum("X", 32), Some(format!("{minimal}[[self_test]]\nmessage = \"model.onnx\"\n")), "--bless"),
    ] {
        let dir = folder(&onnx, manifest.as_deref());
        let error = pack(dir.path()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        let left = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, 1 + usize::from(manifest.is_some()), "{expected}");
    }
    let dir = folder(&sum("X", 32), None);
    fs::rename(dir.path().join("model.onnx"), dir.path().join("My Model.onnx")).unwrap();
    let error = Packer::onnx(dir.path().join("My Model.onnx")).pack(&mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("give it a name"), "{error}");
    fs::File::create(dir.path().join("model.onnx")).unwrap().set_len(switchback_onnx::FILE_BYTES_MAX + 1).unwrap();
    for (file, expected) in [("model.onnx", "256 MiB"), ("gone.onnx", "cannot read")] {
        let error = Packer::onnx(dir.path().join(file)).pack(&mut |_| {}).unwrap_err().to_string();
        assert!(error.contains(expected) && error.matches(file).count() == 1, "{error}");
    }
}

#[test]
fn packing_that_nobody_waits_for_ends_at_whatever_step_it_is_and_writes_nothing() {
    for at in [Step::Componentise, Step::Prepare, Step::Bless, Step::SelfTest, Step::Measure] {
        let (dir, stop) = (folder(&sum("X", 32), None), Stop::new());
        let packer = Packer::onnx(dir.path().join("model.onnx")).out(dir.path().join("model.wasm"));
        let stopped = packer.stopped_by(stop.clone()).pack(&mut |progress| {
            if progress == Progress::Started(at) {
                stop.stop();
            }
        });
        assert!(matches!(stopped, Err(PackError::Stopped)), "{at}: {stopped:?}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "{at}");
    }
}

#[test]
fn the_example_is_what_its_manifest_says() {
    let dir = tempfile::tempdir().unwrap();
    let packed = Packer::new(example()).out(dir.path()).pack(&mut |_| {}).unwrap();
    assert_eq!(packed.id.name.as_str(), "onnx");
    assert_eq!(packed.inspection.manifest.unwrap().reads, Reads::FEATURES);
}

#[test]
fn the_tables_on_the_page_are_read_and_every_key_is_there() {
    let page = PAGE.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let dir = folder(&sum("numbers", 3), Some(page));
    // The file has not the output that the page names: the manifest is read as far as that.
    let error = Source::read(dir.path()).unwrap_err().to_string();
    assert!(error.contains("the file has `answer`"), "{error}");
    for table in ["[onnx]", "[onnx.inputs.numbers]", "[onnx.output]"] {
        let misspelt = page.lines().map(|line| {
            if line.starts_with(table) { format!("{line}\nno_such_key = 1\n") } else { format!("{line}\n") }
        });
        fs::write(dir.path().join(MANIFEST_FILE), misspelt.collect::<String>()).unwrap();
        let error = Source::read(dir.path()).unwrap_err().to_string();
        let (_, expected) = error.split_once("expected ").unwrap_or_else(|| panic!("{table}: {error}"));
        for key in expected.split('`').skip(1).step_by(2) {
            assert!(
                PAGE.contains(&format!("`{key}`"))
                    || page.contains(&format!("{key} = "))
                    || page.contains(&format!(".{key}."))
                    || page.contains(&format!(".{key}]")),
                "{table}: {key}"
            );
        }
    }
}
