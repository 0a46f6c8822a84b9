//! tract's graph to ours, operator by operator.

use std::collections::HashMap;

use switchback_onnx_graph::{Binary, Function, Graph, Node, Operator, Reducer, Tensor, Type, Unary, Values};
use tract_onnx::tract_core::internal::{
    AxisOp, Datum as _, DatumType, DimLike as _, OutletId, TDim, Tensor as TractTensor, TypedFact, TypedModel,
    TypedNode,
};
use tract_onnx::tract_core::ops;

use crate::error::Error;
use crate::integers::{IntegersOp, QuotientOp};
use crate::ml::{MachineOp, TreesOp};
use crate::operators::Unsupported;
use crate::scan::LoopOp;
use crate::{dense, fuse, scan, windows};

/// Translates a simplified graph, and the bodies of its loops. `integers` says of each input whether it is given as floats and has
/// to be made integers.
pub(crate) fn translate(model: &TypedModel, to_integers: &[bool]) -> Result<(Graph, Vec<Graph>), Error> {
    let mut translation = Translation::default();
    let graph = translation.graph(model, to_integers)?;
    if translation.unknown.is_empty() {
        Ok((graph, translation.bodies))
    } else {
        Err(Error::Operators(translation.unknown))
    }
}

/// What a graph is translated to beside itself.
#[derive(Default)]
struct Translation {
    bodies: Vec<Graph>,
    unknown: Vec<Unsupported>,
}

impl Translation {
    fn graph(&mut self, model: &TypedModel, to_integers: &[bool]) -> Result<Graph, Error> {
        let mut nodes = Vec::new();
        let mut numbers: HashMap<OutletId, usize> = HashMap::new();
        for id in model.eval_order()? {
            let node = model.node(id);
            let mut inputs: Vec<usize> = node.inputs.iter().map(|input| numbers[input]).collect();
            let operator = if let Some(product) = dense::product(model, node) {
                inputs = vec![inputs[product.vector], nodes.len()];
                nodes.push(Node { operator: Operator::Constant(product.weights), inputs: Vec::new() });
                product.operator
            } else if let Some(op) = node.op_as::<ops::nn::RmsNorm>() {
                inputs = vec![inputs[0], norm(&mut nodes, inputs[0], op, node)?];
                Operator::Binary(Binary::Mul)
            } else if let Some(number) = input_number(model, id) {
                if to_integers.get(number) == Some(&true) {
                    inputs = vec![nodes.len()];
                    nodes.push(Node { operator: Operator::Input(number), inputs: Vec::new() });
                    Operator::Cast(Type::I64)
                } else {
                    Operator::Input(number)
                }
            } else if let Some(last) = windows::translate(&mut nodes, &inputs, model, node) {
                numbers.insert(id.into(), last);
                continue;
            } else if let Some(operator) = self.several(model, node)? {
                if matches!(operator, Operator::TopK { .. }) {
                    inputs.truncate(1);
                }
                operator
            } else if let Some(operator) = operator(node) {
                operator
            } else {
                self.unknown.push(unsupported(node));
                Operator::Concat { axis: 0 }
            };
            let place = nodes.len();
            let has_parts = matches!(operator, Operator::Scan(_) | Operator::TopK { .. });
            nodes.push(Node { operator, inputs });
            for slot in 0..node.outputs.len() {
                if has_parts {
                    nodes.push(Node { operator: Operator::Part(slot), inputs: vec![place] });
                }
                numbers.insert(OutletId::new(id, slot), nodes.len() - 1);
            }
        }
        Ok(Graph { nodes, outputs: model.output_outlets()?.iter().map(|output| numbers[output]).collect() })
    }

    /// Our form of one of tract's operators that have several values, if there is one.
    fn several(&mut self, model: &TypedModel, node: &TypedNode) -> Result<Option<Operator>, Error> {
        if let Some(LoopOp(op)) = node.op_as() {
            let Some(mut scan) = scan::scan(op) else { return Ok(None) };
            let body = fuse::fused(self.graph(&op.body, &[])?);
            scan.body = self.bodies.len();
            self.bodies.push(body);
            return Ok(Some(Operator::Scan(scan)));
        }
        let Some(op) = node.op_as::<ops::array::Topk>() else { return Ok(None) };
        let count =
            model.outlet_fact(node.inputs[1])?.konst.as_ref().and_then(|count| count.cast_to_scalar::<i64>().ok());
        let count = count.and_then(|count| usize::try_from(count).ok());
        Ok(count.map(|count| Operator::TopK { axis: op.axis, count, largest: op.largest }))
    }
}
/// Adds what a tensor is multiplied by to be of length 1 along an axis, on the average.
fn norm(nodes: &mut Vec<Node>, tensor: usize, op: &ops::nn::RmsNorm, node: &TypedNode) -> Result<usize, Error> {
    let rank = node.outputs.first().map_or(0, |output| output.fact.rank());
    let small = Tensor::floats(&vec![1; rank], vec![op.eps.cast_to_scalar::<f32>()?]);
    let place = nodes.len();
    let mean = Operator::Reduce { reducer: Reducer::MeanOfSquares, axes: vec![op.axis] };
    nodes.extend([
        Node { operator: mean, inputs: vec![tensor] },
        Node { operator: Operator::Constant(small), inputs: Vec::new() },
        Node { operator: Operator::Binary(Binary::Add), inputs: vec![place, place + 1] },
        Node { operator: Operator::Unary(Unary::Plain(Function::Rsqrt)), inputs: vec![place + 2] },
    ]);
    Ok(place + 3)
}

fn input_number(model: &TypedModel, id: usize) -> Option<usize> {
    model.inputs.iter().position(|input| *input == OutletId::new(id, 0))
}

/// What tract has made of the file that the guest does not have.
fn unsupported(node: &TypedNode) -> Unsupported {
    let about = node.op.info().unwrap_or_default().join(", ");
    let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
    let operator = format!("{}{about}", node.op.name());
    Unsupported { operator, domain: "as tract simplifies it".into(), version: 0, nodes: vec![node.name.clone()] }
}

/// Our form of one of tract's operators, if there is one.
fn operator(node: &TypedNode) -> Option<Operator> {
    let shape = || node.outputs.first().and_then(|output| lengths(&output.fact));
    if let Some(op) = node.op_as::<ops::konst::Const>() {
        op.exotic_fact().is_none().then(|| constant(op.val()))?.map(Operator::Constant)
    } else if let Some(op) = node.op_as::<TreesOp>() {
        Some(Operator::Trees((*op.0).clone()))
    } else if let Some(op) = node.op_as::<MachineOp>() {
        Some(op.operator())
    } else if let Some(op) = node.op_as::<IntegersOp>() {
        Some(Operator::Integers((*op.0).clone()))
    } else if node.op_is::<QuotientOp>() {
        Some(Operator::Binary(Binary::Div))
    } else if let Some(op) = node.op_as::<ops::array::Gather>() {
        op.output_type.is_none().then_some(Operator::Gather { axis: op.axis })
    } else if let Some(op) = node.op_as::<ops::array::GatherElements>() {
        Some(Operator::GatherElements { axis: op.axis })
    } else if let Some(op) = node.op_as::<ops::array::GatherNd>() {
        (op.batch_dims == 0).then_some(Operator::GatherParts)
    } else if let Some(op) = node.op_as::<ops::array::Slice>() {
        let (start, end) = (op.start.to_usize().ok()?, op.end.to_usize().ok()?);
        Some(Operator::Slice { axis: op.axis, start, end })
    } else if let Some(op) = node.op_as::<ops::array::TypedConcat>() {
        Some(Operator::Concat { axis: op.axis })
    } else if let Some(op) = node.op_as::<ops::array::MultiBroadcastTo>() {
        op.shape.as_concrete().map(|shape| Operator::Broadcast(shape.to_vec()))
    } else if let Some(op) = node.op_as::<ops::nn::Reduce>() {
        Some(Operator::Reduce { reducer: reducer(op.reducer)?, axes: op.axes.to_vec() })
    } else if let Some(op) = node.op_as::<ops::nn::Softmax>() {
        let logarithm = op.kind == ops::nn::SoftmaxKind::LogSoftmax;
        op.quant_output_dt.is_none().then(|| Operator::Softmax { axes: op.axes.to_vec(), logarithm })
    } else if let Some(op) = node.op_as::<ops::einsum::EinSum>() {
        let is_plain = op.q_params.is_none() && op.operating_dt == f32::datum_type();
        is_plain.then(|| einsum(op))?
    } else if let Some(op) = node.op_as::<ops::binary::TypedBinOp>() {
        Binary::from_tract_name(op.0.name()).filter(|_| op.1.is_none()).map(Operator::Binary)
    } else if let Some(op) = node.op_as::<ops::element_wise::ElementWiseOp>() {
        unary(op).filter(|_| op.1.is_none()).map(Operator::Unary)
    } else if node.op_is::<ops::logic::Iff>() {
        Some(Operator::Select)
    } else if let Some(op) = node.op_as::<ops::cast::Cast>() {
        cast(op.to).map(Operator::Cast)
    } else {
        match node.op_as::<AxisOp>()? {
            AxisOp::Move(from, to) => {
                let mut order: Vec<usize> = (0..node.outputs.first()?.fact.rank()).collect();
                let moved = order.remove(*from);
                order.insert(*to, moved);
                Some(Operator::Transpose(order))
            }
            AxisOp::Add(_) | AxisOp::Rm(_) | AxisOp::Reshape(..) => shape().map(Operator::Reshape),
        }
    }
}

/// The lengths of a tensor's axes; -1 for one that is known only when there is a message.
pub(crate) fn lengths(fact: &TypedFact) -> Option<Vec<i64>> {
    let lengths: Vec<i64> = fact.shape.iter().map(|length| length.to_i64().unwrap_or(-1)).collect();
    (lengths.iter().filter(|length| **length < 0).count() <= 1).then_some(lengths)
}

/// A tensor of constants, unless its type is none that the guest has.
pub(crate) fn constant(tensor: &TractTensor) -> Option<Tensor> {
    let plain = tensor.try_as_plain_ram().ok()?;
    let values = match tensor.datum_type() {
        DatumType::F32 => Values::F32(plain.as_slice::<f32>().ok()?.to_vec()),
        DatumType::I8 => Values::I8(plain.as_slice::<i8>().ok()?.to_vec()),
        DatumType::U8 => Values::U8(plain.as_slice::<u8>().ok()?.to_vec()),
        DatumType::I64 => Values::I64(plain.as_slice::<i64>().ok()?.to_vec()),
        DatumType::I32 => Values::I64(plain.as_slice::<i32>().ok()?.iter().map(|value| (*value).into()).collect()),
        DatumType::Bool => Values::I64(plain.as_slice::<bool>().ok()?.iter().map(|value| (*value).into()).collect()),
        DatumType::TDim => {
            let dims = plain.as_slice::<TDim>().ok()?.iter().map(|dim| dim.to_i64().ok());
            Values::I64(dims.collect::<Option<_>>()?)
        }
        _ => return None,
    };
    Some(Tensor { shape: tensor.shape().to_vec(), values })
}

fn reducer(reducer: ops::nn::Reducer) -> Option<Reducer> {
    match reducer {
        ops::nn::Reducer::Sum => Some(Reducer::Sum),
        ops::nn::Reducer::Max => Some(Reducer::Max),
        ops::nn::Reducer::Min => Some(Reducer::Min),
        ops::nn::Reducer::Prod => Some(Reducer::Prod),
        ops::nn::Reducer::MeanOfSquares => Some(Reducer::MeanOfSquares),
        ops::nn::Reducer::ArgMax(last) => Some(Reducer::ArgMax { last }),
        ops::nn::Reducer::ArgMin(last) => Some(Reducer::ArgMin { last }),
        _ => None,
    }
}

/// A product of two tensors. What takes a diagonal of one is none.
fn einsum(op: &ops::einsum::EinSum) -> Option<Operator> {
    let (inputs, outputs) = op.axes.to_strs();
    let [left, right] = &*inputs else { return None };
    let letters = |axes: &str| axes.chars().collect::<Vec<char>>();
    let (left, right, result) = (letters(left), letters(right), letters(outputs.first()?));
    let is_twice = |axes: &[char]| axes.iter().enumerate().any(|(place, letter)| axes[..place].contains(letter));
    let has_diagonal = [&left, &right, &result].iter().any(|axes| is_twice(axes));
    (!has_diagonal).then_some(Operator::Einsum { left, right, result })
}

fn unary(op: &ops::element_wise::ElementWiseOp) -> Option<Unary> {
    if let Some(op) = op.0.downcast_ref::<ops::nn::LeakyRelu>() {
        Some(Unary::LeakyRelu { alpha: op.alpha })
    } else if let Some(op) = op.0.downcast_ref::<ops::math::PowConst>() {
        Some(Unary::Power { exponent: op.exponent })
    } else {
        Function::from_tract_name(&op.0.name()).map(Unary::Plain)
    }
}

/// The guest's integers are all `i64`, so a conversion among integers does nothing there.
fn cast(to: DatumType) -> Option<Type> {
    match to {
        DatumType::F32 => Some(Type::F32),
        DatumType::I64 | DatumType::I32 | DatumType::TDim => Some(Type::I64),
        DatumType::Bool => Some(Type::Bool),
        _ => None,
    }
}
