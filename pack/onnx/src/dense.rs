//! Products of a vector and a matrix of weights, in whatever order tract has put their axes.

use switchback_onnx_graph::{Activation, Operator, Tensor as Weights};
use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::einsum::EinSum;

/// An `EinSum` that is one vector times constant weights.
pub(crate) struct Product {
    /// Which of the two inputs is the vector.
    pub(crate) vector: usize,
    /// The weights, a row for each element of the vector.
    pub(crate) weights: Weights,
    /// The operator that computes it.
    pub(crate) operator: Operator,
}

/// Recognises such a product.
pub(crate) fn product(model: &TypedModel, node: &TypedNode) -> Option<Product> {
    let op = node.op_as::<EinSum>()?;
    if op.q_params.is_some() || op.operating_dt != f32::datum_type() {
        return None;
    }
    let &[first, second] = &*node.inputs else { return None };
    let facts = [model.outlet_fact(first).ok()?, model.outlet_fact(second).ok()?];
    let constant = (0..2).rev().find(|&input| facts[input].konst.is_some())?;
    let weights = facts[constant].konst.clone()?;
    let (inputs, outputs) = op.axes.to_strs();
    let (vector, matrix, output) = (&inputs[1 - constant], &inputs[constant], outputs.first()?);

    let lengths = facts[1 - constant].shape.as_concrete()?;
    let is_vector_axis = |axis: char| matrix.contains(axis) && !output.contains(axis);
    // All axes of the vector but the one that is summed over have length 1.
    let mut summed = vector.chars().filter(|&axis| is_vector_axis(axis));
    let (row, None) = (summed.next()?, summed.next()) else { return None };
    let is_one_vector = vector.chars().zip(lengths).all(|(axis, &length)| axis == row || length == 1);
    let is_matrix = matrix.chars().all(|axis| axis == row || (output.contains(axis) && !vector.contains(axis)));
    let weights = match (weights.rank(), matrix.chars().next()) {
        (1, Some(_)) => weights,
        (2, Some(axis)) if axis == row => weights,
        (2, Some(_)) => weights.into_tensor().permute_axes(&[1, 0]).ok()?.into_arc_tensor(),
        _ => return None,
    };
    let shape = node.outputs.first()?.fact.shape.as_concrete()?.to_vec();
    let operator = Operator::Dense { shape, activation: Activation::None };
    let is_layer = is_one_vector && is_matrix && weights.datum_type() == f32::datum_type();
    is_layer.then_some(Product { vector: 1 - constant, weights: crate::translate::constant(&weights)?, operator })
}
