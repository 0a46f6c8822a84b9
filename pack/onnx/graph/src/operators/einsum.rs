//! Products of tensors in Einstein's notation.

use std::borrow::Cow;

use super::dense::products;
use super::layout::transpose;
use super::reduce::reduce;
use crate::error::Error;
use crate::graph::Reducer;
use crate::tensor::Tensor;

/// The product of two tensors, each with the letters of its axes. A letter that one of them has alone is summed over, and
/// one that neither has is an axis of length 1.
pub(super) fn einsum(
    (a, left): (&Tensor, &[char]),
    (b, right): (&Tensor, &[char]),
    result: &[char],
) -> Result<Tensor, Error> {
    let made: Vec<char> =
        result.iter().copied().filter(|letter| left.contains(letter) || right.contains(letter)).collect();
    let (a, left) = summed(a, left, &[right, &*made].concat())?;
    let (b, right) = summed(b, right, &[&*left, &*made].concat())?;
    let product = product((&a, &left), (&b, &right), &made)?;
    let mut lengths = product.shape.iter();
    let length = |letter: &char| if made.contains(letter) { lengths.next().copied() } else { Some(1) };
    let shape = result.iter().filter_map(length).collect();
    Ok(Tensor { shape, values: product.values })
}

/// A tensor summed over the axes whose letters are none of these, and the letters of the others.
fn summed<'a>(tensor: &'a Tensor, letters: &[char], kept: &[char]) -> Result<(Cow<'a, Tensor>, Vec<char>), Error> {
    if letters.len() != tensor.shape.len() {
        return Err(AXES);
    }
    let (axes, others): (Vec<usize>, Vec<usize>) = (0..letters.len()).partition(|axis| !kept.contains(&letters[*axis]));
    if axes.is_empty() {
        return Ok((Cow::Borrowed(tensor), letters.to_vec()));
    }
    let sum = reduce(tensor, Reducer::Sum, &axes)?;
    let shape = others.iter().map(|axis| sum.shape[*axis]).collect();
    let letters = others.iter().map(|axis| letters[*axis]).collect();
    Ok((Cow::Owned(Tensor { shape, values: sum.values }), letters))
}

/// A tensor with its axes in another order; itself, if it is the one that they have.
fn ordered<'a>(tensor: &'a Tensor, order: &[usize]) -> Result<Cow<'a, Tensor>, Error> {
    Ok(match order.is_sorted() && order.len() == tensor.shape.len() {
        true => Cow::Borrowed(tensor),
        false => Cow::Owned(transpose(tensor, order)?),
    })
}

/// Puts the axes of a product's second tensor, weights, into the order in which they are multiplied, once for all messages.
pub(crate) fn put_in_order(
    weights: &Tensor,
    left: &[char],
    right: &[char],
    result: &[char],
) -> Result<(Tensor, Vec<char>), Error> {
    let order = Axes::of(left, right, result)?.right;
    let letters = order.iter().map(|axis| right[*axis]).collect();
    Ok((transpose(weights, &order)?, letters))
}

/// The product of two tensors, each of whose letters the other has or the result: a batch of products of matrices, once the
/// axes are in order.
fn product((a, left): (&Tensor, &[char]), (b, right): (&Tensor, &[char]), result: &[char]) -> Result<Tensor, Error> {
    let axes = Axes::of(left, right, result)?;
    let (a, b) = (ordered(a, &axes.left)?, ordered(b, &axes.right)?);
    let lengths = |shape: &[usize], range: std::ops::Range<usize>| -> Result<Vec<usize>, Error> {
        shape.get(range).map(<[usize]>::to_vec).ok_or(AXES)
    };
    let (batch, rows, depth) = (axes.batch, axes.rows, axes.depth);
    let batch_shape = lengths(&a.shape, 0..batch)?;
    let row_shape = lengths(&a.shape, batch..batch + rows)?;
    let depth_shape = lengths(&a.shape, batch + rows..batch + rows + depth)?;
    let column_shape = lengths(&b.shape, batch + depth..b.shape.len())?;
    if lengths(&b.shape, 0..batch + depth)? != [&*batch_shape, &*depth_shape].concat() {
        return Err(Error::Shape("the tensors of a product do not go together"));
    }
    let count = |shape: &[usize]| shape.iter().product::<usize>();
    let (depth, columns) = (count(&depth_shape), count(&column_shape));
    let mut values = vec![0.0; count(&batch_shape) * count(&row_shape) * columns];
    let matrices = b.as_floats()?.chunks_exact((depth * columns).max(1));
    let blocks = values.chunks_exact_mut((count(&row_shape) * columns).max(1));
    for ((rows, matrix), block) in
        a.as_floats()?.chunks_exact((count(&row_shape) * depth).max(1)).zip(matrices).zip(blocks)
    {
        products(rows, depth, matrix, block)?;
    }
    let product = Tensor::floats(&[batch_shape, row_shape, column_shape].concat(), values);
    if axes.result.is_sorted() { Ok(product) } else { transpose(&product, &axes.result) }
}

const AXES: Error = Error::Shape("a product's tensor has not the axes that it names");

/// The orders in which the axes of both tensors are those of a batch, rows, what is summed over, and columns.
struct Axes {
    left: Vec<usize>,
    right: Vec<usize>,
    result: Vec<usize>,
    batch: usize,
    rows: usize,
    depth: usize,
}

impl Axes {
    fn of(left: &[char], right: &[char], result: &[char]) -> Result<Self, Error> {
        let of = |letters: &[char], is_wanted: &dyn Fn(&char) -> bool| -> Vec<char> {
            letters.iter().copied().filter(|letter| is_wanted(letter)).collect()
        };
        let batch = of(left, &|letter| right.contains(letter) && result.contains(letter));
        let rows = of(left, &|letter| !right.contains(letter));
        let depth = of(left, &|letter| right.contains(letter) && !result.contains(letter));
        let columns = of(right, &|letter| !left.contains(letter));
        let made = [&*batch, &*rows, &*columns].concat();
        let order = |wanted: &[char], letters: &[char]| -> Result<Vec<usize>, Error> {
            let place = |letter: &char| letters.iter().position(|known| known == letter);
            let places: Option<Vec<_>> = wanted.iter().map(place).collect();
            places
                .filter(|places| places.len() == letters.len())
                .ok_or(Error::Shape("a product sums over an axis of one tensor alone"))
        };
        Ok(Self {
            left: order(&[&*batch, &*rows, &*depth].concat(), left)?,
            right: order(&[&*batch, &*depth, &*columns].concat(), right)?,
            result: order(result, &made)?,
            batch: batch.len(),
            rows: rows.len(),
            depth: depth.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(axes: &str) -> Vec<char> {
        axes.chars().collect()
    }

    /// The product of tensors of 0, 1, 2, .. and its shape.
    fn check(notation: &str, left: &[usize], right: &[usize], shape: &[usize], expected: &[f32]) {
        let numbers = |shape: &[usize]| {
            Tensor::floats(shape, (0..shape.iter().product::<usize>()).map(|number| number as f32).collect())
        };
        let (inputs, result) = notation.split_once("->").unwrap();
        let (a, b) = inputs.split_once(',').unwrap();
        let made = einsum((&numbers(left), &letters(a)), (&numbers(right), &letters(b)), &letters(result)).unwrap();
        assert_eq!(made, Tensor::floats(shape, expected.to_vec()), "{notation}");
    }

    #[test]
    fn products_are_those_of_the_notation() {
        check("mk,kn->mn", &[2, 2], &[2, 2], &[2, 2], &[2.0, 3.0, 6.0, 11.0]);
        check("mk,nk->nm", &[2, 2], &[1, 2], &[1, 2], &[1.0, 3.0]);
        check("bmk,bkn->bmn", &[2, 1, 2], &[2, 2, 1], &[2, 1, 1], &[1.0, 13.0]);
        check("mn,mn->mn", &[2, 2], &[2, 2], &[2, 2], &[0.0, 1.0, 4.0, 9.0]);
    }

    #[test]
    fn letters_of_one_tensor_are_summed_over_and_those_of_none_are_axes_of_length_1() {
        check("mk,n->mn", &[2, 2], &[2], &[2, 2], &[0.0, 1.0, 0.0, 5.0]);
        check("amk,kn->mn", &[1, 1, 2], &[2, 1], &[1, 1], &[1.0]);
        check("mk,kn->amn", &[1, 2], &[2, 1], &[1, 1, 1], &[1.0]);
    }
}
