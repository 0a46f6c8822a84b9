//! Graphs of different shapes, each compared with tract-onnx running the same file.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use switchback_onnx::{Bindings, OnnxFile};
use switchback_onnx_graph::{Activation, Binary, Given, Model, Node, Operator, Output, Ready, Source, Tensor, Type};
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::prelude::*;

use crate::files::File;

/// How far two probabilities may lie apart: both come from sums in single precision, in different order.
const TOLERANCE: f64 = 1e-6;

/// Runs an ONNX file as tract-onnx does.
pub(crate) struct Reference {
    plan: Arc<TypedRunnableModel>,
    kind: DatumType,
}

impl Reference {
    pub(crate) fn new(onnx: &[u8]) -> Self {
        let model = tract_onnx::onnx().model_for_read(&mut &*onnx).unwrap().into_optimized().unwrap();
        let kind = model.input_fact(0).unwrap().datum_type;
        Self { plan: model.into_runnable().unwrap(), kind }
    }

    pub(crate) fn run(&self, indices: &[i64]) -> f64 {
        let input = tensor1(indices).cast_to_dt(self.kind).unwrap().into_owned();
        let output = self.plan.run(tvec!(input.into())).unwrap().remove(0);
        let answer = output.cast_to_scalar::<f32>().unwrap();
        f64::from(answer)
    }
}

/// Compares a file's answers on random lists of indices.
pub(crate) fn check(onnx: &[u8], rows: i64, lists: usize) -> Model {
    let model = OnnxFile::from_bytes(onnx).unwrap().convert(&of_rows()).unwrap().model;
    // What the guest loads has been bytes.
    let ready = Ready::new(Model::from_bytes(&model.to_bytes().unwrap()).unwrap()).unwrap();
    let reference = Reference::new(onnx);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..lists {
        let count = rng.random_range(1..1500_usize);
        let indices: Vec<i64> = (0..count).map(|_| rng.random_range(0..rows)).collect();
        let answer = ready.answer(&[Given::Numbers(Tensor::integers(&[count], indices.clone()))]).unwrap();
        let answer = f64::from(answer[0]);
        let ours = if model.output == Output::LogOdds { 1.0 / (1.0 + (-answer).exp()) } else { answer };
        let theirs = reference.run(&indices);
        assert!((ours - theirs).abs() < TOLERANCE, "{ours} instead of {theirs} for {count} indices");
    }
    model
}

/// The input takes rows; the output, whatever it is called, is a probability.
pub(crate) fn of_rows() -> Bindings {
    bindings("[inputs.indices]\nfeatures = [\"words\"]\nbits = 6\n[output]\nis = \"probabilities\"\n")
}

/// What a table `[onnx]` says.
pub(crate) fn bindings(table: &str) -> Bindings {
    toml_edit::de::from_str(table).unwrap()
}

fn weights(count: usize, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| rng.random_range(-0.1..0.1)).collect()
}

/// An embedding of 100 rows and 8 columns, gathered.
fn gathered() -> File {
    File::of_indices().floats("table", &[100, 8], weights(800, 2)).node("Gather", &["table", "indices"], "rows", &[])
}

fn has(model: &Model, operator: &Operator) -> bool {
    model.graph.nodes.iter().any(|node| node.operator == *operator)
}

#[test]
fn a_sum_of_rows_becomes_an_embedding_bag() {
    let file = gathered()
        .integers("axes", &[0])
        .node("ReduceSum", &["rows", "axes"], "bag", &[("keepdims", 1)])
        .floats("weights", &[8, 1], weights(8, 3))
        .node("MatMul", &["bag", "weights"], "answer", &[])
        .node("Sigmoid", &["answer"], "probability", &[])
        .output("probability");
    let model = check(&file.bytes(), 100, 50);
    assert!(has(&model, &Operator::EmbeddingBag) && !has(&model, &Operator::Gather { axis: 0 }));
    assert_eq!(model.output, Output::LogOdds);
}

/// What `of_bytes` computes: the sum of rows of bytes, times weights.
fn of_bytes(add: impl FnOnce(File) -> File) -> Model {
    let table: Vec<i8> = (0..800).map(|i| (i * 37 % 256) as u8 as i8).collect();
    let file = File::of_indices()
        .small("table", &[100, 8], &table)
        .node("Gather", &["table", "indices"], "steps", &[])
        .node("Cast", &["steps"], "rows", &[("to", DataType::Float as i64)])
        .integers("axes", &[0])
        .node("ReduceSum", &["rows", "axes"], "sum", &[("keepdims", 1)])
        .floats("weights", &[8, 1], weights(8, 14).iter().map(|weight| weight / 4096.0).collect());
    let file = add(file).node("MatMul", &["bag", "weights"], "answer", &[]);
    check(&file.node("Sigmoid", &["answer"], "probability", &[]).output("probability").bytes(), 100, 50)
}

#[test]
fn a_sum_of_rows_of_bytes_becomes_an_embedding_bag() {
    let model = of_bytes(|file| file.node("Identity", &["sum"], "bag", &[]));
    assert!(has(&model, &Operator::EmbeddingBag) && !has(&model, &Operator::Cast(Type::F32)));
}

#[test]
fn rows_of_bytes_that_are_used_twice_are_gathered() {
    let model = of_bytes(|file| {
        file.node("ReduceMax", &["rows"], "largest", &[("keepdims", 1)]).node("Add", &["sum", "largest"], "bag", &[])
    });
    assert!(!has(&model, &Operator::EmbeddingBag));
}

#[test]
fn the_largest_of_all_values_is_computed_by_tract() {
    let file = gathered()
        .node("ReduceMax", &["rows"], "largest", &[("keepdims", 1)])
        .node("Sigmoid", &["largest"], "probability", &[])
        .output("probability");
    let model = check(&file.bytes(), 100, 50);
    assert!(has(&model, &Operator::Gather { axis: 0 }));
}

#[test]
fn rows_that_are_used_twice_are_gathered() {
    let file = gathered()
        .integers("axes", &[0])
        .node("ReduceSum", &["rows", "axes"], "sum", &[("keepdims", 1)])
        .node("Mul", &["rows", "rows"], "squares", &[])
        .node("ReduceSum", &["squares", "axes"], "square_sum", &[("keepdims", 1)])
        .node("Add", &["sum", "square_sum"], "both", &[])
        .floats("weights", &[8, 1], weights(8, 5))
        .node("MatMul", &["both", "weights"], "answer", &[])
        .node("Sigmoid", &["answer"], "probability", &[])
        .output("probability");
    let model = check(&file.bytes(), 100, 50);
    assert!(!has(&model, &Operator::EmbeddingBag));
}

#[test]
fn a_network_of_several_layers_is_computed() {
    let file = gathered()
        .integers("axes", &[0])
        .node("ReduceSum", &["rows", "axes"], "bag", &[("keepdims", 1)])
        .floats("w1", &[8, 16], weights(128, 6))
        .floats("b1", &[16], weights(16, 7))
        .node("Gemm", &["bag", "w1", "b1"], "h1", &[])
        .node("Tanh", &["h1"], "h2", &[])
        .floats("w2", &[16, 2], weights(32, 8))
        .node("MatMul", &["h2", "w2"], "classes", &[])
        .node("Softmax", &["classes"], "probabilities", &[("axis", 1)])
        .integers("from", &[1])
        .integers("to", &[2])
        .node("Slice", &["probabilities", "from", "to", "from"], "unwanted", &[])
        .output("unwanted");
    let model = check(&file.bytes(), 100, 50);
    assert_eq!(model.output, Output::Classes(vec!["spam".into()]));
    let is_layer = |node: &&Node| matches!(node.operator, Operator::Dense { .. });
    assert_eq!(model.graph.nodes.iter().filter(is_layer).count(), 2);
}

#[test]
fn a_layer_takes_its_bias_and_its_relu_along() {
    for transposed in [0, 1] {
        let dims = if transposed == 0 { [8, 40] } else { [40, 8] };
        let file = gathered()
            .integers("axes", &[0])
            .node("ReduceSum", &["rows", "axes"], "bag", &[("keepdims", 1)])
            .floats("w1", &dims, weights(320, 10))
            .floats("b1", &[40], weights(40, 11))
            .node("Gemm", &["bag", "w1", "b1"], "product", &[("transB", transposed)])
            .node("Relu", &["product"], "hidden", &[])
            .floats("w2", &[40, 1], weights(40, 12))
            .node("MatMul", &["hidden", "w2"], "answer", &[])
            .node("Sigmoid", &["answer"], "probability", &[])
            .output("probability");
        let model = check(&file.bytes(), 100, 50);
        let is_whole_layer = |node: &Node| {
            matches!(node.operator, Operator::Dense { activation: Activation::Relu, .. }) && node.inputs.len() == 3
        };
        assert!(model.graph.nodes.iter().any(is_whole_layer), "{:?}", model.graph.nodes);
        assert!(!has(&model, &Operator::Binary(Binary::Max)));
    }
}

#[test]
fn a_product_of_all_rows_is_no_layer() {
    let file = gathered()
        .floats("w1", &[8, 3], weights(24, 13))
        .node("MatMul", &["rows", "w1"], "products", &[])
        .node("ReduceMax", &["products"], "largest", &[("keepdims", 1)])
        .node("Sigmoid", &["largest"], "probability", &[])
        .output("probability");
    let model = check(&file.bytes(), 100, 50);
    assert!(model.graph.nodes.iter().any(|node| matches!(node.operator, Operator::Einsum { .. })));
}

#[test]
fn indices_of_32_bits_are_taken() {
    let file = File::default()
        .input("indices", DataType::Int32, &[None])
        .floats("table", &[100, 1], weights(100, 9))
        .node("Gather", &["table", "indices"], "rows", &[])
        .integers("axes", &[0])
        .node("ReduceSum", &["rows", "axes"], "answer", &[("keepdims", 1)])
        .node("Sigmoid", &["answer"], "probability", &[])
        .output("probability");
    let model = check(&file.bytes(), 100, 50);
    assert!(has(&model, &Operator::EmbeddingBag));
}

/// The sum of rows, multiplied by weights, and what is made of the product.
fn of_product(add: impl FnOnce(File) -> File) -> Model {
    let file = gathered()
        .integers("axes", &[0])
        .node("ReduceSum", &["rows", "axes"], "bag", &[("keepdims", 1)])
        .floats("w1", &[8, 40], weights(320, 15))
        .node("MatMul", &["bag", "w1"], "product", &[]);
    let file = add(file).floats("w2", &[40, 1], weights(40, 16)).node("MatMul", &["hidden", "w2"], "answer", &[]);
    check(&file.node("Sigmoid", &["answer"], "probability", &[]).output("probability").bytes(), 100, 50)
}

#[test]
fn what_is_no_bias_and_no_relu_is_computed_by_itself() {
    let layers = |model: &Model| {
        let whole = |node: &&Node| {
            matches!(node.operator, Operator::Dense { activation: Activation::Relu, .. }) || node.inputs.len() == 3
        };
        model.graph.nodes.iter().filter(whole).count()
    };
    let floor =
        of_product(|file| file.floats("least", &[1], vec![0.02]).node("Max", &["product", "least"], "hidden", &[]));
    assert_eq!(layers(&floor), 0, "{:?}", floor.graph.nodes);
    let alike = of_product(|file| file.floats("all", &[1], vec![0.5]).node("Add", &["product", "all"], "hidden", &[]));
    assert_eq!(layers(&alike), 0, "{:?}", alike.graph.nodes);
    let twice = of_product(|file| {
        let file = file.floats("b1", &[40], weights(40, 17)).node("Add", &["product", "b1"], "sum", &[]);
        file.node("Mul", &["sum", "product"], "hidden", &[])
    });
    assert_eq!(layers(&twice), 0, "{:?}", twice.graph.nodes);
}

/// As files of old versions do, and as exports that know the shapes of their values.
#[test]
fn weights_may_be_inputs_and_values_may_have_the_shapes_of_many_messages() {
    let file = gathered()
        .input("table", DataType::Float, &[Some(100), Some(8)])
        .integers("axes", &[0])
        .node("ReduceSum", &["rows", "axes"], "bag", &[("keepdims", 1)])
        .value("bag", DataType::Float, &[Some(32), Some(8)])
        .floats("weights", &[8, 1], weights(8, 3))
        .node("MatMul", &["bag", "weights"], "answer", &[])
        .node("Sigmoid", &["answer"], "probability", &[])
        .output("probability");
    let converted = OnnxFile::from_bytes(&file.bytes()).unwrap().convert(&of_rows()).unwrap();
    assert_eq!(converted.inputs, ["indices"]);
}

#[test]
fn what_nothing_binds_is_found_by_its_name() {
    let file = File::default()
        .input("size", DataType::Float, &[None, Some(1)])
        .node("Sigmoid", &["size"], "prob", &[])
        .node("Neg", &["size"], "margin", &[]);
    let table = bindings("output.is = \"probabilities\"");
    let convert = |file: File| OnnxFile::from_bytes(&file.bytes()).unwrap().convert(&table).unwrap().model;
    let model = convert(file.clone().output("prob").output("margin"));
    assert_eq!(model.sources, [Source::Facts(vec!["size".into()])]);
    assert_eq!(model.output, Output::LogOdds, "what goes into the sigmoid");
    let two = convert(
        file.node("Concat", &["size", "margin"], "both", &[("axis", 1)])
            .node("Softmax", &["both"], "p", &[])
            .output("p"),
    );
    assert_eq!(two.output, Output::Classes(vec!["ham".into(), "spam".into()]));
}
