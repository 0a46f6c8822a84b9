//! Operators in the place of some that tract computes otherwise than onnxruntime.

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};

use crate::attributes::name_of;
use crate::error::Error;

/// Rewrites a graph.
pub(crate) fn rewrite(graph: &mut GraphProto) -> Result<(), Error> {
    let mut nodes = Vec::with_capacity(graph.node.len());
    for node in std::mem::take(&mut graph.node) {
        match &*node.op_type {
            "ReduceLogSumExp" => nodes.extend(shifted(&node)),
            "ArrayFeatureExtractor" => nodes.push(gather(node, &mut graph.initializer)?),
            _ => nodes.push(node),
        }
    }
    graph.node = nodes;
    Ok(())
}

/// The logarithm of a sum of exponentials, of numbers whose largest was made 0 before and is added afterwards: else all of
/// the exponentials may be too small to be other than 0.
fn shifted(node: &NodeProto) -> [NodeProto; 5] {
    let name = |part: &str| format!("{}.{part}", node.output.first().map_or("", String::as_str));
    let value = node.input.first().cloned().unwrap_or_default();
    let with = |operator: &str, inputs: Vec<String>, output: String, keeps: Option<i64>| {
        let mut made = NodeProto {
            op_type: operator.into(),
            name: output.clone(),
            input: inputs,
            output: vec![output],
            ..Default::default()
        };
        made.attribute.clone_from(&node.attribute);
        if let Some(keeps) = keeps {
            made.attribute.retain(|attribute| attribute.name != "keepdims");
            let r#type = AttributeType::Int as i32;
            made.attribute.push(AttributeProto { name: "keepdims".into(), i: keeps, r#type, ..Default::default() });
        }
        made
    };
    let plain = |operator: &str, inputs: [String; 2], output: String| NodeProto {
        op_type: operator.into(),
        name: output.clone(),
        input: inputs.into(),
        output: vec![output],
        ..Default::default()
    };
    let of = |first: String| -> Vec<String> { [first].into_iter().chain(node.input.iter().skip(1).cloned()).collect() };
    [
        with("ReduceMax", of(value.clone()), name("largest"), Some(1)),
        plain("Sub", [value.clone(), name("largest")], name("shifted")),
        with("ReduceLogSumExp", of(name("shifted")), name("logarithm"), None),
        with("ReduceMax", of(value), name("reduced"), None),
        plain("Add", [name("logarithm"), name("reduced")], node.output.first().cloned().unwrap_or_default()),
    ]
}

/// The numbers of some columns, whose places are constants.
fn gather(node: NodeProto, constants: &mut Vec<TensorProto>) -> Result<NodeProto, Error> {
    let [value, places] = &*node.input else { return Err(refusal(&node, "it takes two inputs")) };
    let Some(places) = constants.iter().find(|constant| constant.name == *places) else {
        return Err(refusal(&node, "the columns that it takes are known only when there is a message"));
    };
    let mut places = places.clone();
    places.name = format!("{}.places", node.output.first().map_or("", String::as_str));
    places.dims = vec![places.dims.iter().product()];
    let axis = AttributeProto { name: "axis".into(), i: -1, r#type: AttributeType::Int as i32, ..Default::default() };
    let input = vec![value.clone(), places.name.clone()];
    constants.push(places);
    Ok(NodeProto { op_type: "Gather".into(), domain: String::new(), input, attribute: vec![axis], ..node })
}

fn refusal(node: &NodeProto, why: &str) -> Error {
    Error::Node { node: name_of(node).to_owned(), operator: node.op_type.clone(), why: why.to_owned() }
}
