//! tract's graph to ours, operator by operator.

use std::collections::HashMap;

use switchback_plugin_onnx::graph::{Binary, Graph, Node, Operator, Reducer, Scale, Type, Unary, operator_names};
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops;
use tract_onnx::tract_core::ops::nn::SoftmaxKind;

use crate::{Error, dense};

/// Translates a simplified graph. Its answer is taken for a probability.
pub(crate) fn translate(model: &TypedModel) -> Result<Graph, Error> {
    let mut nodes = Vec::new();
    let mut numbers = HashMap::new();
    for id in model.eval_order()? {
        let node = model.node(id);
        let mut inputs: Vec<usize> = node.inputs.iter().map(|input| numbers[&input.node]).collect();
        let operator = if let Some(product) = dense::product(model, node) {
            inputs = vec![inputs[product.vector], nodes.len()];
            nodes.push(Node { operator: Operator::Constant(product.weights), inputs: Vec::new() });
            product.operator
        } else {
            operator(node).ok_or_else(|| refusal(node))?
        };
        numbers.insert(id, nodes.len());
        nodes.push(Node { operator, inputs });
    }
    let output = numbers[&model.output_outlets()?[0].node];
    Ok(Graph { nodes, output, scale: Scale::Probability })
}

fn refusal(node: &TypedNode) -> Error {
    let about = node.op.info().unwrap_or_default();
    let about = about.first().map(|first| format!(" ({first})")).unwrap_or_default();
    Error::Operator { node: node.name.clone(), operator: format!("{}{about}", node.op.name()), known: operator_names() }
}

/// Our form of one of tract's operators, if there is one.
fn operator(node: &TypedNode) -> Option<Operator> {
    if node.op_is::<ops::source::TypedSource>() {
        Some(Operator::Indices)
    } else if let Some(op) = node.op_as::<ops::konst::Const>() {
        constant(op)
    } else if let Some(op) = node.op_as::<ops::array::Gather>() {
        op.output_type.is_none().then_some(Operator::Gather { axis: op.axis })
    } else if let Some(op) = node.op_as::<ops::array::Slice>() {
        slice(op)
    } else if let Some(op) = node.op_as::<ops::nn::Reduce>() {
        Some(Operator::Reduce { reducer: reducer(op.reducer)?, axes: op.axes.to_vec() })
    } else if let Some(op) = node.op_as::<ops::nn::Softmax>() {
        let is_plain = op.quant_output_dt.is_none() && op.kind == SoftmaxKind::Softmax;
        is_plain.then(|| Operator::Softmax { axes: op.axes.to_vec() })
    } else if let Some(op) = node.op_as::<ops::einsum::EinSum>() {
        let is_plain = op.q_params.is_none() && op.operating_dt == f32::datum_type();
        is_plain.then(|| Operator::EinSum { axes: op.axes.to_string() })
    } else if let Some(op) = node.op_as::<ops::binary::TypedBinOp>() {
        named(Binary::ALL, op.0.name()).filter(|_| op.1.is_none()).map(Operator::Binary)
    } else if let Some(op) = node.op_as::<ops::element_wise::ElementWiseOp>() {
        named(Unary::ALL, &op.0.name()).filter(|_| op.1.is_none()).map(Operator::Unary)
    } else if let Some(op) = node.op_as::<ops::cast::Cast>() {
        cast(op)
    } else {
        axis(node.op_as::<AxisOp>()?)
    }
}

/// The variant that has the name of one of tract's operators.
fn named<T: Copy + ToString>(all: &[T], name: &str) -> Option<T> {
    all.iter().copied().find(|known| known.to_string() == name)
}

fn constant(op: &ops::konst::Const) -> Option<Operator> {
    let is_known = [f32::datum_type(), i64::datum_type(), i8::datum_type()].contains(&op.val().datum_type());
    (is_known && op.exotic_fact().is_none()).then(|| Operator::Constant(op.val().clone()))
}

fn slice(op: &ops::array::Slice) -> Option<Operator> {
    let (start, end) = (op.start.to_usize().ok()?, op.end.to_usize().ok()?);
    Some(Operator::Slice { axis: op.axis, start, end })
}

fn reducer(reducer: ops::nn::Reducer) -> Option<Reducer> {
    match reducer {
        ops::nn::Reducer::Sum => Some(Reducer::Sum),
        ops::nn::Reducer::Max => Some(Reducer::Max),
        ops::nn::Reducer::Min => Some(Reducer::Min),
        ops::nn::Reducer::Prod => Some(Reducer::Prod),
        _ => None,
    }
}

/// The guest's indices are always `i64`, so a conversion of `int32` indices to it does nothing there.
fn cast(op: &ops::cast::Cast) -> Option<Operator> {
    match op.to {
        DatumType::F32 => Some(Operator::Cast(Type::F32)),
        DatumType::I64 => Some(Operator::Cast(Type::I64)),
        _ => None,
    }
}

fn axis(op: &AxisOp) -> Option<Operator> {
    match op {
        AxisOp::Add(axis) => Some(Operator::AddAxis(*axis)),
        AxisOp::Rm(axis) => Some(Operator::RemoveAxis(*axis)),
        AxisOp::Move(from, to) => Some(Operator::MoveAxis { from: *from, to: *to }),
        AxisOp::Reshape(..) => None,
    }
}
