//! The embedding bag as an operator of tract's.

use switchback_plugin_onnx_hot::{sum_byte_rows, sum_rows};
use tract_core::internal::*;

/// `Gather` of the rows of a matrix and `ReduceSum` over them, in one pass: the rows are never copied. With
/// tract's two operators, a message of a thousand words writes a matrix of 128 KiB and reads it again;
/// in a sandbox each page of it also has to be put back for the next message.
///
/// Inputs: a matrix of `f32` or `i8`, a vector of `i64`. Output: an `f32` matrix of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EmbeddingBag;

impl Op for EmbeddingBag {
    fn name(&self) -> StaticName {
        "EmbeddingBag".into()
    }

    op_as_typed_op!();
}

impl EvalOp for EmbeddingBag {
    op_out_of_plan!();

    fn eval(&self, _context: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let (table, indices) = args_2!(inputs);
        let mut sum = Tensor::zero::<f32>(&[1, table.shape()[1]])?;
        let mut plain = sum.try_as_plain_ram_mut()?;
        let is_bytes = table.datum_type() == i8::datum_type();
        let (table, indices) = (table.try_as_plain_ram()?, indices.try_as_plain_ram()?);
        let (indices, plain) = (indices.as_slice()?, plain.as_slice_mut()?);
        let summed = if is_bytes {
            sum_byte_rows(table.as_slice()?, indices, plain)
        } else {
            sum_rows(table.as_slice()?, indices, plain)
        };
        summed.map_err(|out| format_err!("index {} is beyond the {} rows of the embedding", out.index, out.rows))?;
        Ok(tvec!(sum.into_tvalue()))
    }
}

impl TypedOp for EmbeddingBag {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let [table, indices] = inputs else { bail!("an embedding bag has two inputs, not {}", inputs.len()) };
        let is_known = [f32::datum_type(), i8::datum_type()].contains(&table.datum_type);
        ensure!(is_known && table.rank() == 2, "the embedding is not a matrix of f32 or i8");
        ensure!(indices.datum_type == i64::datum_type() && indices.rank() == 1, "the indices are not an i64 vector");
        Ok(tvec!(f32::fact([1.to_dim(), table.shape[1].clone()])))
    }

    as_op!();
}
