//! Operators in the place of some that tract computes otherwise than onnxruntime.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};

use crate::attributes::{Attributes as _, bodies_mut, name_of};
use crate::error::Error;
use crate::nodes::Making;
use crate::quantised;

/// Rewrites a graph, and the bodies of its nodes.
pub(crate) fn rewrite(graph: &mut GraphProto) -> Result<(), Error> {
    let mut nodes = Vec::with_capacity(graph.node.len());
    for mut node in std::mem::take(&mut graph.node) {
        bodies_mut(&mut node).try_for_each(rewrite)?;
        match &*node.op_type {
            "ReduceLogSumExp" => nodes.extend(shifted(&node, &mut graph.initializer)),
            "ArrayFeatureExtractor" => nodes.extend(gather(&node, &mut graph.initializer)),
            "CDist" => nodes.extend(distances(&node, &mut graph.initializer)?),
            "ConvInteger"
            | "DequantizeLinear"
            | "DynamicQuantizeLinear"
            | "MatMulInteger"
            | "QLinearConv"
            | "QLinearMatMul"
            | "QuantizeLinear" => {
                nodes.extend(quantised::rewrite(&node, &mut graph.initializer)?);
            }
            "AveragePool" => {
                check_pool(&node)?;
                nodes.push(node);
            }
            _ => nodes.push(node),
        }
    }
    graph.node = nodes;
    Ok(())
}

/// Refuses a pool of which versions of onnxruntime say different things.
fn check_pool(node: &NodeProto) -> Result<(), Error> {
    let is_set = |name: &str| node.integer(name).unwrap_or(0) != 0;
    if is_set("ceil_mode") && is_set("count_include_pad") {
        let why = "whether a mean counts what is beyond the padding, runtimes do not agree on: export it without `ceil_mode` or \
                   without `count_include_pad`";
        return Err(refusal(node, why));
    }
    Ok(())
}

fn refusal(node: &NodeProto, why: &str) -> Error {
    Error::Node { node: name_of(node).to_owned(), operator: node.op_type.clone(), why: why.to_owned() }
}

/// The distances of a row, the only one that there is, from rows of constants.
fn distances(node: &NodeProto, constants: &mut Vec<TensorProto>) -> Result<Vec<NodeProto>, Error> {
    let [row, rows] = [0, 1].map(|input| node.input.get(input).map_or("", String::as_str));
    let dims = constants.iter().find(|constant| constant.name == rows).map(|constant| constant.dims.clone());
    let Some(&[_, width]) = dims.as_deref() else {
        return Err(refusal(node, "it measures distances from what is not constant"));
    };
    let metric = node.text("metric");
    if !matches!(&*metric, "" | "sqeuclidean" | "euclidean") {
        return Err(refusal(node, &format!("its metric is {metric}, and euclidean and sqeuclidean are known")));
    }
    let mut making = Making::of(node, constants);
    let apart = making.op("Sub", &[row, rows], &[]);
    let squares = making.op("Mul", &[&apart, &apart], &[]);
    let ones = making.floats(&[width, 1], vec![1.0; usize::try_from(width).unwrap_or(0)]);
    let sums = making.op("MatMul", &[&squares, &ones], &[]);
    let shape = making.integers(&[1, -1]);
    let mut made = making.op("Reshape", &[&sums, &shape], &[]);
    if metric == "euclidean" {
        made = making.op("Sqrt", &[&made], &[]);
    }
    making.call(&made, node.output.first().map_or("", String::as_str));
    Ok(making.nodes)
}

/// The logarithm of a sum of exponentials, of numbers whose largest was made 0 before and is added afterwards: else all of
/// the exponentials may be too small to be other than 0.
fn shifted(node: &NodeProto, constants: &mut Vec<TensorProto>) -> Vec<NodeProto> {
    let mut making = Making::of(node, constants);
    let value = node.input.first().map_or("", String::as_str);
    let axes: Vec<&str> = node.input.iter().skip(1).map(String::as_str).collect();
    let reduce = |making: &mut Making<'_>, operator: &str, value: &str, keeps: Option<i64>| {
        let made = making.op(operator, &[&[value], &*axes].concat(), &[]);
        if let Some(last) = making.nodes.last_mut() {
            last.attribute.clone_from(&node.attribute);
            if let Some(i) = keeps {
                let r#type = AttributeType::Int as i32;
                last.attribute.retain(|attribute| attribute.name != "keepdims");
                last.attribute.push(AttributeProto { name: "keepdims".into(), i, r#type, ..Default::default() });
            }
        }
        made
    };
    let largest = reduce(&mut making, "ReduceMax", value, Some(1));
    let shifted = making.op("Sub", &[value, &largest], &[]);
    let logarithm = reduce(&mut making, "ReduceLogSumExp", &shifted, None);
    let reduced = reduce(&mut making, "ReduceMax", value, None);
    let sum = making.op("Add", &[&logarithm, &reduced], &[]);
    making.call(&sum, node.output.first().map_or("", String::as_str));
    making.nodes
}

/// The numbers of some columns. Their places are one list, and what they are of has rows.
fn gather(node: &NodeProto, constants: &mut Vec<TensorProto>) -> Vec<NodeProto> {
    let [mut value, places] = [0, 1].map(|input| node.input.get(input).cloned().unwrap_or_default());
    let is_list = constants.iter().any(|constant| constant.name == value && constant.dims.len() == 1);
    let mut making = Making::of(node, constants);
    if is_list {
        let row = making.integers(&[1, -1]);
        value = making.op("Reshape", &[&value, &row], &[]);
    }
    let all = making.integers(&[-1]);
    let list = making.op("Reshape", &[&places, &all], &[]);
    let gathered = making.op("Gather", &[&value, &list], &[("axis", -1)]);
    making.call(&gathered, node.output.first().map_or("", String::as_str));
    making.nodes
}
