//! A layer of a network as an operator of tract's.

use switchback_plugin_onnx_hot::dense;
use tract_core::internal::*;

use crate::graph::Activation;

/// A vector times a matrix, plus a bias, and an activation, in one pass. For a matrix tract packs the vector
/// into panels, looks for the kernel and runs it; for the one vector that a message is, that is most of
/// the time.
///
/// Inputs: an `f32` tensor of as many elements as the matrix has rows, the matrix and, if there is one, the
/// bias. Output: a tensor of the shape, whose elements are those of the product in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dense {
    pub(super) shape: TVec<usize>,
    pub(super) activation: Activation,
}

impl Op for Dense {
    fn name(&self) -> StaticName {
        "Dense".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Dense {
    op_out_of_plan!();

    fn eval(&self, _context: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [vector, matrix, bias @ ..] = &*inputs else { bail!("a layer has at least two inputs") };
        let mut result = Tensor::zero::<f32>(&self.shape)?;
        let mut plain = result.try_as_plain_ram_mut()?;
        let values = plain.as_slice_mut::<f32>()?;
        if let [bias] = bias {
            values.copy_from_slice(bias.try_as_plain_ram()?.as_slice()?);
        }
        let (vector, matrix) = (vector.try_as_plain_ram()?, matrix.try_as_plain_ram()?);
        dense(vector.as_slice()?, matrix.as_slice()?, values).map_err(|_| format_err!("a layer does not fit"))?;
        if self.activation == Activation::Relu {
            values.iter_mut().for_each(|value| *value = value.max(0.0));
        }
        Ok(tvec!(result.into_tvalue()))
    }
}

impl TypedOp for Dense {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!((2..=3).contains(&inputs.len()), "a layer has two or three inputs, not {}", inputs.len());
        ensure!(inputs.iter().all(|fact| fact.datum_type == f32::datum_type()), "a layer's inputs are f32");
        let count = |fact: &TypedFact| fact.shape.as_concrete().map(|shape| shape.iter().product::<usize>());
        let columns: usize = self.shape.iter().product();
        let rows = count(inputs[0]).context("a layer's input has a fixed length")?;
        ensure!(count(inputs[1]) == rows.checked_mul(columns), "a layer's matrix does not fit its input and shape");
        ensure!(inputs.get(2).is_none_or(|bias| count(bias) == Some(columns)), "a layer's bias does not fit its shape");
        Ok(tvec!(f32::fact(&*self.shape)))
    }

    as_op!();
}
