//! Files that are no model here, and what the author is told.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use switchback_onnx::{Bindings, Converted, Error, FILE_BYTES_MAX, OnnxFile, TREE_NODES_MAX, weights_beside};
use tract_onnx::pb::tensor_proto::DataType;

use crate::files::File;
use crate::graphs::{bindings, of_rows};

fn convert(file: File, bindings: &Bindings) -> Result<(), Error> {
    OnnxFile::from_bytes(&file.bytes()).and_then(|file| file.convert(bindings)).map(drop)
}

/// What the author is told of a file whose input takes rows.
fn refusal(file: File) -> String {
    convert(file, &of_rows()).unwrap_err().to_string()
}

fn table(file: File) -> File {
    file.floats("table", &[65, 1], vec![0.5; 65])
}

/// A file that sums the rows that its input names.
fn sum() -> File {
    let file = table(File::of_indices()).node("Gather", &["table", "indices"], "rows", &[]);
    file.integers("axes", &[0]).node("ReduceSum", &["rows", "axes"], "sum", &[("keepdims", 1)])
}

/// A file that adds up numbers.
fn of_floats(shape: &[Option<i64>]) -> File {
    File::default()
        .input("numbers", DataType::Float, shape)
        .node("ReduceMax", &["numbers"], "answer", &[])
        .output("answer")
}

#[test]
fn every_operator_that_is_not_known_is_named_with_its_domain_version_and_nodes() {
    let file = sum()
        .node("Loop", &["sum"], "a", &[])
        .node("Loop", &["a"], "b", &[])
        .node_of("com.example", "Guess", &["b"], "c")
        .node_of("ai.onnx.ml", "FeatureVectorizer", &["c"], "d")
        .output("d");
    let Error::Operators(unknown) = convert(file.clone(), &of_rows()).unwrap_err() else {
        unreachable!("it is refused")
    };
    let listed: Vec<_> =
        unknown.iter().map(|one| (&*one.domain, &*one.operator, one.version, one.nodes.len())).collect();
    assert_eq!(
        listed,
        [("", "Loop", 17, 2), ("ai.onnx.ml", "FeatureVectorizer", 1, 1), ("com.example", "Guess", 0, 1)]
    );
    let text = refusal(file);
    for part in [
        "Loop (ai.onnx 17) in `a`, `b`",
        "FeatureVectorizer (ai.onnx.ml 1) in `d`",
        "Guess (com.example 0)",
        "over the places of an axis, as LSTM, GRU, RNN or Scan",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

/// A body that makes of its input what this operator does.
fn body(operator: &str) -> File {
    let file = File::default().input("given", DataType::Float, &[Some(1)]);
    file.node_of("com.example", operator, &["given"], "made").output("made")
}

#[test]
fn an_operator_in_a_body_is_named_however_deep_it_is() {
    let deep = File::default().node("If", &["condition"], "made", &[]).body("then_branch", body("Guess"));
    for body in [body("Guess"), deep.output("made")] {
        let file = sum().node("Scan", &["sum"], "answer", &[("num_scan_inputs", 1)]).body("body", body);
        let text = refusal(file.integers("condition", &[1]).output("answer"));
        assert!(text.contains("Guess (com.example 0) in `made`"), "{text}");
    }
}

/// What the author is told of a file that makes a number of 32 facts in four rows.
fn of_facts(add: impl FnOnce(File) -> File) -> String {
    let file = add(of_floats(&[None, Some(4), Some(8)])).node("ReduceMax", &["made"], "score", &[("keepdims", 0)]);
    let table = "inputs.numbers.facts = \"all\"\noutput = { name = \"score\", is = \"log-odds\" }";
    convert(file.output("score"), &bindings(table)).map_or_else(|error| error.to_string(), |()| "a model".to_owned())
}

#[test]
fn what_of_a_recurrent_operator_is_not_known_is_said() {
    let lstm = |weights: &str, add: &dyn Fn(File) -> File| {
        of_facts(|file| {
            let file = file.floats("w", &[1, 8, 8], vec![0.1; 64]).floats("r", &[1, 8, 2], vec![0.1; 16]);
            let file = file.node("Mul", &["numbers", "numbers"], "w.numbers", &[]);
            add(file.node("LSTM", &["numbers", weights, "r"], "made", &[("hidden_size", 2), ("layout", 1)]))
        })
    };
    assert_eq!(lstm("w", &|file| file), "a model");
    for (expected, add) in [
        ("its direction is sideways", &(|file: File| file.text("direction", "sideways")) as &dyn Fn(File) -> File),
        ("takes 3", &|file| file.texts("activations", &["Tanh"])),
        ("its activation Elu is not known", &|file| file.texts("activations", &["Elu", "Tanh", "Tanh"])),
        ("its activation HardSigmoid", &|file| {
            file.texts("activations", &["HardSigmoid", "Tanh", "Tanh"]).numbers("activation_alpha", &[0.3])
        }),
        ("it clips its sums", &|file| file.numbers("clip", &[1.0])),
    ] {
        let text = lstm("w", add);
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let text = of_facts(|file| {
        let file = file.floats("w", &[1, 8, 8], vec![0.1; 64]).floats("r", &[1, 8, 2], vec![0.1; 16]);
        let inputs = ["numbers", "w", "r", "", "", "", "", "r"];
        file.node("LSTM", &inputs, "made", &[("hidden_size", 2), ("layout", 1)])
    });
    assert!(text.contains("peepholes"), "{text}");
    let text = lstm("w.numbers", &|file| file);
    assert!(text.contains("its weights are no constants"), "{text}");
    let text = lstm("w", &|file| file.text("direction", "forward").node("Identity", &["made"], "same", &[]));
    assert_eq!(text, "a model");
}

#[test]
fn what_nobody_thought_of_is_an_error() {
    for inputs in [&["numbers", "w", "r", "scalar"][..], &["numbers", "w"], &["numbers", "w", "scalar"]] {
        let text = of_facts(|file| {
            let file = file.floats("w", &[1, 8, 8], vec![0.1; 64]).floats("r", &[1, 8, 2], vec![0.1; 16]);
            let file = file.floats("scalar", &[], vec![0.1]);
            file.node("LSTM", inputs, "made", &[("hidden_size", 2), ("layout", 1)])
        });
        assert_ne!(text, "a model", "{inputs:?}");
    }
}

#[test]
fn what_of_a_support_vector_machine_or_a_distance_is_not_known_is_said() {
    let machine = |kernel: &str, post: &str| {
        let file =
            of_floats(&[None, Some(32)]).node_of("ai.onnx.ml", "SVMClassifier", &["numbers"], "label").second("score");
        let file =
            file.list("classlabels_ints", vec![0, 1]).list("vectors_per_class", vec![1, 1]).numbers("rho", &[0.5]);
        let file = file.numbers("coefficients", &[1.0, -1.0]).numbers("support_vectors", &[0.25; 64]);
        let file =
            file.numbers("kernel_params", &[0.5, 0.0, 3.0]).text("kernel_type", kernel).text("post_transform", post);
        let table = "inputs.numbers.facts = \"all\"\noutput = { name = \"score\", is = \"logits\" }";
        convert(file.output("score"), &bindings(table))
            .map_or_else(|error| error.to_string(), |()| "a model".to_owned())
    };
    assert_eq!(machine("RBF", "NONE"), "a model");
    for (kernel, post, expected) in
        [("LAPLACE", "NONE", "its kernel_type is LAPLACE"), ("RBF", "LOGISTIC", "without a post_transform alone")]
    {
        let text = machine(kernel, post);
        assert!(text.contains(expected), "{text}");
    }
    let distance = |rows: &str, metric: &str| {
        of_facts(|file| {
            let file = file.integers("shape", &[1, 32]).node("Reshape", &["numbers", "shape"], "row", &[]);
            let file = file.floats("rows", &[2, 32], vec![0.25; 64]);
            file.node_of("com.microsoft", "CDist", &["row", rows], "made").text("metric", metric)
        })
    };
    assert_eq!(distance("rows", "euclidean"), "a model");
    for (rows, metric, expected) in
        [("row", "euclidean", "from what is not constant"), ("rows", "cosine", "its metric is cosine")]
    {
        let text = distance(rows, metric);
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn an_operator_that_the_answer_does_not_need_is_no_reason_to_refuse() {
    let file = sum().node("Loop", &["sum"], "other", &[]).node("Sigmoid", &["sum"], "answer", &[]).output("answer");
    convert(file, &of_rows()).unwrap();
}

#[test]
fn opsets_that_are_not_compared_are_refused_with_what_to_export() {
    for opset in [7, 8, 23] {
        let file = sum().opset(opset).output("sum");
        let error = convert(file, &of_rows()).unwrap_err();
        assert!(matches!(error, Error::Opset { version } if version == opset), "{error}");
        assert!(error.to_string().contains("target_opset=22"), "{error}");
    }
}

#[test]
fn an_input_that_nothing_binds_is_named_with_what_to_write() {
    let string =
        File::default().input("remarks", DataType::String, &[None]).node("Identity", &["remarks"], "answer", &[]);
    // Two numbers are no table of words.
    for (file, takes, not) in [
        (string.output("answer"), "text = ", "facts = "),
        (of_floats(&[None, Some(7)]), "facts = ", "text = "),
        (of_floats(&[None, Some(2)]), "facts = ", "text = "),
    ] {
        let error = convert(file, &bindings("output.is = \"log-odds\"")).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::Input { .. }) && text.contains("[onnx.inputs."), "{text}");
        assert!(text.contains(takes) && !text.contains(not) && text.contains("[release]"), "{text}");
    }
}

#[test]
fn a_binding_that_does_not_fit_is_refused_with_both_sides() {
    let floats = || of_floats(&[None, Some(7)]);
    for (file, table, expected) in [
        (floats(), "inputs.numbers.facts = [\"size\"]", "takes 7 numbers, and what it is bound to has 1"),
        (floats(), "inputs.numbers.facts = [\"sighs\"]", "there is no fact `sighs`; the facts are size, headers"),
        (floats(), "inputs.numbers.text = [\"body\"]", "bound to a text, which it cannot take"),
        (floats(), "inputs.numbers = { facts = \"all\", text = [\"body\"] }", "exactly one of"),
        (floats(), "inputs.numbers.features = [\"words\"]", "`bits`, 1 to 24"),
        (floats(), "inputs.numbers = { features = [\"words\"], bits = 25 }", "`bits`, 1 to 24"),
        (floats(), "inputs.numbers = { text = [\"body\"], bytes_max = 262145 }", "of 1 to 262144 bytes"),
        (floats(), "inputs.others.facts = \"all\"", "no input of this name; it has `numbers`"),
        (sum().output("sum"), "inputs.indices = { features = [], bits = 6 }", "name at least one"),
    ] {
        let table = format!("{table}\noutput.is = \"log-odds\"\n");
        let text = convert(file, &bindings(&table)).unwrap_err().to_string();
        assert!(text.contains(expected), "{table}: {text}");
    }
}

#[test]
fn a_length_that_is_free_beside_that_of_the_messages_is_refused() {
    for (shape, expected) in [
        (&[None, None, None][..], "more than one of its axes is free"),
        (&[Some(4), Some(8)], "several messages at once"),
    ] {
        let table = bindings("inputs.numbers = { features = [\"words\"], bits = 3 }\noutput.is = \"log-odds\"");
        let text = convert(of_floats(shape), &table).unwrap_err().to_string();
        assert!(text.contains(expected), "{text}");
    }
}

/// A file that takes the numbers of a tokenizer, with one beside it.
fn tokenized(shape: &[Option<i64>], table: &str) -> Result<Converted, Error> {
    let file = File::default().input("input_ids", DataType::Int64, shape).floats("table", &[2, 1], vec![0.5; 2]);
    let file = file.node("Gather", &["table", "input_ids"], "rows", &[]).integers("axes", &[1]);
    let file = file.node("ReduceSum", &["rows", "axes"], "answer", &[("keepdims", 0)]).output("answer");
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("model.onnx"), file.bytes()).unwrap();
    let model = r###"{"model": {"type": "WordPiece", "unk_token": "a", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 9, "vocab": {"a": 0, "b": 1}}}"###;
    fs::write(dir.path().join("tokenizer.json"), model).unwrap();
    OnnxFile::read(dir.path().join("model.onnx"))?.convert(&bindings(&format!("{table}output.is = \"log-odds\"")))
}

#[test]
fn texts_are_as_long_as_the_file_says_and_where_it_does_not_a_mask_tells() {
    let converted = tokenized(&[None, Some(6)], "inputs.input_ids.max = 4\n").unwrap();
    assert_eq!(converted.model.tokenized.unwrap().tokenizer.length, 6);
    let text = tokenized(&[None, None], "").unwrap_err().to_string();
    assert!(text.contains("no input `attention_mask` says which numbers count"), "{text}");
}

#[test]
fn an_output_is_chosen_or_asked_for() {
    let two = || sum().node("Neg", &["sum"], "a", &[]).node("Abs", &["sum"], "b", &[]);
    let rows = "inputs.indices = { features = [\"words\"], bits = 6 }\n";
    for (file, table, expected) in [
        (two().output("a").output("b"), "", "several of them"),
        (two().output("a"), "output.name = \"c\"", "the file has `a`, and none of them is called `c`"),
        (two().output_of("a", DataType::Double), "", "none of them has floats of 32 bits"),
        (two().output("a"), "", "is = \"probabilities\"`, `\"logits\"` or `\"log-odds\"`"),
        (
            sum().node("Concat", &["sum", "sum"], "a", &[("axis", 1)]).output("a"),
            "output.is = \"log-odds\"",
            "there are 2",
        ),
        (
            two().output("a"),
            "output = { is = \"probabilities\", classes = [\"ham\"] }",
            "at least one has to be unwanted",
        ),
    ] {
        let text = convert(file, &bindings(&format!("{rows}{table}"))).unwrap_err().to_string();
        assert!(text.contains(expected), "{table}: {text}");
    }
    let three = sum().node("Concat", &["sum", "sum", "sum"], "a", &[("axis", 1)]).output("a");
    let text = convert(three, &bindings(&format!("{rows}output.is = \"logits\""))).unwrap_err().to_string();
    assert!(text.contains("classes = [\"ham\", \"spam\", \"phish\"]"), "{text}");
}

#[test]
fn bytes_that_are_no_whole_onnx_file_are_refused() {
    let whole = sum().node("Sigmoid", &["sum"], "answer", &[]).output("answer").bytes();
    for bytes in [&b"not a protocol buffer"[..], &whole[..whole.len() / 2], &whole[..whole.len() - 1]] {
        let error = OnnxFile::from_bytes(bytes).and_then(|file| file.convert(&of_rows())).unwrap_err();
        assert!(matches!(error, Error::NotOnnx(_)), "{error}");
    }
}

#[test]
fn a_file_of_another_kind_is_called_by_its_name_with_what_to_do() {
    for (bytes, expected) in [
        (&b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"[..], "git lfs pull"),
        (b"\x80\x04\x95\x1a\x02\0\0\0\0\0\0\x8c\x0fsklearn.pipeline", "skl2onnx"),
        (b"x\x5e\x8c\x96\x79\x54", "skl2onnx"),
        (b"", "it is empty"),
        (b"PK\x03\x04\0\0\x08\x08\0\0archive/data.pkl", "torch.onnx.export"),
        (b"\x89HDF\r\n\x1a\n\0", "tf2onnx"),
        (b"tree\nversion=v4\nnum_class=1\n", "convert_lightgbm"),
        (b"{\"learner\":{\"attributes\":{}}}", "convert_xgboost"),
        (b"\x1c\0\0\0TFL3\0\0", "TensorFlow Lite"),
        (b"\x18\0\0\0ORTM\0\0", ".ort"),
        (b"\x40\0\0\0\0\0\0\0{\"weight\":{\"dtype\":\"F32\"}}", "safetensors"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\x1f\x8b\x08\0", "gzip"),
    ] {
        let error = OnnxFile::from_bytes(bytes).unwrap_err();
        assert!(matches!(error, Error::OtherFormat(_)) && error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.onnx");
    // Nothing of it is on the disk.
    fs::File::create(&path).unwrap().set_len(2 << 30).unwrap();
    let error = OnnxFile::read(&path).unwrap_err();
    assert!(matches!(error, Error::TooLarge { bytes, .. } if bytes > FILE_BYTES_MAX), "{error}");
    assert!(matches!(OnnxFile::read(dir.path().join("none.onnx")), Err(Error::Read { .. })));
}

/// A file whose table is elsewhere.
fn external(location: &str) -> Vec<u8> {
    let file =
        File::of_indices().external("table", &[65, 1], location).node("Gather", &["table", "indices"], "rows", &[]);
    let file = file.integers("axes", &[0]).node("ReduceSum", &["rows", "axes"], "sum", &[("keepdims", 1)]);
    file.node("Sigmoid", &["sum"], "answer", &[]).output("answer").bytes()
}

fn read_external(dir: &Path, location: &str) -> Result<OnnxFile, Error> {
    let path = dir.join("model.onnx");
    fs::write(&path, external(location)).unwrap();
    OnnxFile::read(path)
}

#[test]
fn weights_in_a_file_beside_are_taken_in() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("data")).unwrap();
    let weights: Vec<u8> = (0..65).flat_map(|row| (row as f32).to_le_bytes()).collect();
    fs::write(dir.path().join("data/weights"), &weights).unwrap();
    let file = read_external(dir.path(), "data/weights").unwrap();
    assert!(weights_beside(&dir.path().join("model.onnx")).iter().eq(["data/weights"]));
    assert!(weights_beside(&dir.path().join("data/weights")).is_empty() && weights_beside(dir.path()).is_empty());
    fs::remove_file(dir.path().join("data/weights")).unwrap();
    file.convert(&of_rows()).unwrap();
}

#[test]
fn weights_elsewhere_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("model");
    fs::create_dir(&model).unwrap();
    fs::write(dir.path().join("secret"), [0; 260]).unwrap();
    fs::write(model.join("short"), [0; 259]).unwrap();
    symlink("../secret", model.join("link")).unwrap();
    symlink("..", model.join("folder")).unwrap();
    let absolute = dir.path().join("secret");
    for (location, expected) in [
        ("../secret", "not below the folder"),
        (absolute.to_str().unwrap(), "not below the folder"),
        ("", "not below the folder"),
        ("link", "a link"),
        ("folder/secret", "a link"),
        ("short", "shorter than they are"),
    ] {
        let text = read_external(&model, location).unwrap_err().to_string();
        assert!(text.contains(expected) && text.contains("onnx.save"), "{location}: {text}");
    }
    let text = OnnxFile::from_bytes(&external("short")).unwrap_err().to_string();
    assert!(text.contains("only the ONNX file itself"), "{text}");
}

#[test]
fn more_nodes_of_trees_than_there_may_be_are_refused_before_anything_is_made_of_them() {
    let file = of_floats(&[None, Some(32)]).node_of("ai.onnx.ml", "TreeEnsembleRegressor", &["numbers"], "score");
    let trees = |nodes: usize| file.clone().list("nodes_treeids", vec![0; nodes]);
    for (nodes, expected) in [
        (TREE_NODES_MAX + 1, format!("its trees have {} nodes, and {TREE_NODES_MAX} are the most", TREE_NODES_MAX + 1)),
        (TREE_NODES_MAX, "its lists of nodes differ in length".to_owned()),
    ] {
        let table = "output = { name = \"score\", is = \"probabilities\" }\ninputs.numbers.facts = \"all\"";
        let text = convert(trees(nodes).output("score"), &bindings(table)).unwrap_err().to_string();
        assert!(text.contains(&expected), "{text}");
    }
}

#[test]
fn operators_on_bytes_that_are_not_known_are_refused_with_what_to_quantise() {
    let quantised = || {
        let file = sum().small("weights", &[1, 1], &[3]).floats("scale", &[], vec![0.1]).integers("wide", &[0]);
        file.node("QuantizeLinear", &["sum", "scale"], "bytes", &[])
    };
    for (file, expected) in [
        (quantised().node("MatMulInteger", &["bytes", "bytes"], "answer", &[]), "products with weights alone"),
        (
            quantised().node("MatMulInteger", &["bytes", "weights", "", "wide"], "answer", &[]),
            "no constants of int8 or uint8",
        ),
        (quantised().node("ConvInteger", &["bytes", "bytes"], "answer", &[]), "no constants of int8 or uint8"),
        (
            quantised().small("zeros", &[2], &[1, 2]).node(
                "ConvInteger",
                &["bytes", "weights", "", "zeros"],
                "answer",
                &[],
            ),
            "one zero point for each channel",
        ),
        (
            quantised().small("zeros", &[2], &[1, 2]).node(
                "MatMulInteger",
                &["bytes", "weights", "", "zeros"],
                "answer",
                &[],
            ),
            "not one zero point for each column",
        ),
        (
            quantised().small("zeros", &[2], &[1, 2]).node(
                "MatMulInteger",
                &["bytes", "weights", "zeros"],
                "answer",
                &[],
            ),
            "a zero point for each row",
        ),
        (
            sum().floats("scale", &[], vec![0.1]).integers("wide", &[0]).node(
                "QuantizeLinear",
                &["sum", "scale", "wide"],
                "answer",
                &[],
            ),
            "not a constant of int8 or uint8",
        ),
        (
            sum().floats("scale", &[2], vec![0.1, 0.2]).node("QuantizeLinear", &["sum", "scale"], "answer", &[]),
            "activations per tensor",
        ),
        (
            quantised().node("DequantizeLinear", &["bytes", "scale"], "answer", &[("block_size", 2)]),
            "a scale for each block",
        ),
    ] {
        let text = refusal(file.output("answer"));
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_pool_that_runtimes_do_not_agree_on_is_refused() {
    let pooled = |attributes: &[(&str, i64)]| {
        let file = of_floats(&[None, Some(4), Some(8)])
            .node("AveragePool", &["numbers"], "means", attributes)
            .list("kernel_shape", vec![3]);
        let file = file.list("strides", vec![2]).node("ReduceMax", &["means"], "score", &[("keepdims", 0)]);
        let table = "inputs.numbers.facts = \"all\"\noutput = { name = \"score\", is = \"log-odds\" }";
        convert(file.output("score"), &bindings(table)).map_err(|error| error.to_string())
    };
    pooled(&[("count_include_pad", 1)]).unwrap();
    let text = pooled(&[("ceil_mode", 1), ("count_include_pad", 1)]).unwrap_err();
    assert!(text.contains("runtimes do not agree"), "{text}");
}
