//! Files that are no model here, and what the author is told.

use switchback_plugin_onnx_prepare::{Error, prepare};
use tract_onnx::pb::tensor_proto::DataType;

use crate::files::File;

fn table(file: File) -> File {
    file.floats("table", &[10, 1], vec![0.5; 10])
}

/// A file that sums the rows that its input names.
fn sum(file: File) -> File {
    table(file).node("Gather", &["table", "indices"], "rows", &[]).integers("axes", &[0]).node(
        "ReduceSum",
        &["rows", "axes"],
        "sum",
        &[("keepdims", 1)],
    )
}

#[test]
fn an_operator_that_the_guest_lacks_is_named_with_those_it_has() {
    let file = sum(File::of_indices()).node("Sin", &["sum"], "answer", &[]).output("answer");
    let error = prepare(&file.bytes()).unwrap_err();
    assert!(matches!(error, Error::Operator { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("\"answer\" is Sin") && text.contains("Sigmoid") && text.contains("Reduce<Sum>"), "{text}");
}

#[test]
fn an_input_that_is_not_a_vector_of_indices_is_refused() {
    let inputs =
        [(DataType::Int64, &[None, Some(2)][..]), (DataType::Int64, &[Some(7)][..]), (DataType::Float, &[None][..])];
    for (kind, shape) in inputs {
        let file = File::default().input("indices", kind, shape);
        let file = if kind == DataType::Float {
            file.integers("axes", &[0]).node("ReduceSum", &["indices", "axes"], "sum", &[("keepdims", 1)])
        } else {
            table(file).node("Gather", &["table", "indices"], "rows", &[]).node("ReduceSum", &["rows"], "sum", &[])
        };
        let error = prepare(&file.output("sum").bytes()).unwrap_err();
        assert!(matches!(error, Error::Input(_)), "{kind:?} {shape:?}: {error}");
    }
}

#[test]
fn a_second_input_is_refused() {
    let file =
        sum(File::of_indices()).input("more", DataType::Float, &[Some(1)]).node("Add", &["sum", "more"], "both", &[]);
    let error = prepare(&file.output("both").bytes()).unwrap_err();
    assert!(error.to_string().contains("there are 2 inputs"), "{error}");
}

#[test]
fn an_output_of_more_than_one_number_is_refused() {
    let wide = File::of_indices()
        .floats("table", &[10, 2], vec![0.5; 20])
        .node("Gather", &["table", "indices"], "rows", &[])
        .integers("axes", &[0])
        .node("ReduceSum", &["rows", "axes"], "sum", &[("keepdims", 1)])
        .output("sum");
    let error = prepare(&wide.bytes()).unwrap_err();
    assert!(matches!(error, Error::Output(_)), "{error}");
}

#[test]
fn bytes_that_are_no_onnx_file_are_refused() {
    let error = prepare(b"not a protocol buffer").unwrap_err();
    assert!(matches!(error, Error::Onnx(_)), "{error}");
}
