//! The operators at work: tensors in, a tensor out.

mod bag;
mod dense;
pub(crate) mod einsum;
mod elements;
pub(crate) mod layout;
mod machine;
mod order;
mod pick;
mod reduce;
mod windows;

use crate::error::Error;
use crate::graph::{Activation, Operator};
use crate::tensor::{Tensor, Values};

/// Computes one operator that has inputs and one value.
pub(crate) fn compute(operator: &Operator, inputs: &[&Tensor]) -> Result<Tensor, Error> {
    match (operator, inputs) {
        (Operator::Gather { axis }, [data, indices]) => layout::gather(data, indices, *axis),
        (Operator::EmbeddingBag, [table, indices]) => embedding_bag(table, indices),
        (Operator::Dense { shape, activation }, [vector, matrix, bias @ ..]) => {
            layer(vector, matrix, bias.first().copied(), shape, *activation)
        }
        (Operator::Einsum { left, right, result }, [a, b]) => einsum::einsum((a, left), (b, right), result),
        (Operator::Reduce { reducer, axes }, [tensor]) => reduce::reduce(tensor, *reducer, axes),
        (Operator::Softmax { axes, logarithm }, [tensor]) => reduce::softmax(tensor, axes, *logarithm),
        (Operator::Binary(binary), [a, b]) => elements::binary(*binary, a, b),
        (Operator::Unary(unary), [tensor]) => elements::unary(*unary, tensor),
        (Operator::Select, [condition, then, otherwise]) => elements::select(condition, then, otherwise),
        (Operator::Slice { axis, start, end }, [tensor]) => layout::slice(tensor, *axis, *start, *end),
        (Operator::Concat { axis }, [_, ..]) => layout::concat(inputs, *axis),
        (Operator::Reshape(shape), [tensor]) => tensor.reshaped(shape),
        (Operator::Transpose(order), [tensor]) => layout::transpose(tensor, order),
        (Operator::Broadcast(shape), [tensor]) => layout::broadcast(tensor, shape),
        (Operator::Cast(to), [tensor]) => Ok(elements::cast(tensor, *to)),
        (Operator::Trees(trees), [row]) => {
            let scores = trees.scores(row.as_floats()?)?;
            Ok(Tensor::floats(&[1, scores.len()], scores))
        }
        (Operator::Integers(matrix), [tensor]) => {
            let mut shape = tensor.shape.clone();
            shape.pop();
            shape.push(matrix.columns());
            Ok(Tensor::integers(&shape, matrix.products(tensor.as_integers()?)?))
        }
        (Operator::Windows { axes, beyond }, [tensor]) => windows::windows(tensor, axes, *beyond),
        (Operator::GatherElements { axis }, [data, places]) => pick::elements(data, places, *axis),
        (Operator::GatherParts, [data, places]) => pick::parts(data, places),
        (Operator::Scores, [row, weights]) => machine::scores(row, weights),
        (Operator::Coupling { classes }, [pairs]) => machine::coupling(pairs, *classes),
        _ => Err(Error::Shape("an operator has more or fewer inputs than it takes")),
    }
}

pub(crate) use order::top;

fn embedding_bag(table: &Tensor, indices: &Tensor) -> Result<Tensor, Error> {
    let &[_, width] = &*table.shape else { return Err(Error::Shape("an embedding is not a matrix")) };
    let mut sum = vec![0.0; width];
    let indices = indices.as_integers()?;
    match &table.values {
        Values::F32(table) => bag::sum_rows(table, indices, &mut sum)?,
        Values::I8(table) => bag::sum_rows(table, indices, &mut sum)?,
        Values::I64(_) | Values::U8(_) => return Err(Error::Type { wanted: "floats or bytes" }),
    }
    Ok(Tensor::floats(&[1, width], sum))
}

fn layer(
    vector: &Tensor,
    matrix: &Tensor,
    bias: Option<&Tensor>,
    shape: &[usize],
    activation: Activation,
) -> Result<Tensor, Error> {
    let mut values = match bias {
        Some(bias) => bias.as_floats()?.to_vec(),
        None => vec![0.0; shape.iter().product()],
    };
    dense::dense(vector.as_floats()?, matrix.as_floats()?, &mut values)?;
    if activation == Activation::Relu {
        // Not `max`, which makes 0 of what is no number.
        values.iter_mut().filter(|value| **value < 0.0).for_each(|value| *value = 0.0);
    }
    let result = Tensor::floats(shape, values);
    result.check()?;
    Ok(result)
}
