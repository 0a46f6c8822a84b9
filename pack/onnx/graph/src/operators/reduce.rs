//! Operators that make one number of several.

use crate::error::Error;
use crate::graph::Reducer;
use crate::tensor::{Tensor, Values};
use crate::walk::{strides, walk};

/// The shape of a tensor with some axes reduced to 1, and the strides that lead from its places to those of the result.
fn reduced(shape: &[usize], axes: &[usize]) -> Result<(Vec<usize>, Vec<usize>), Error> {
    if axes.iter().any(|axis| *axis >= shape.len()) {
        return Err(Error::Shape("a reduction is over an axis that is not there"));
    }
    let is_reduced = |axis: usize| axes.contains(&axis);
    let result: Vec<usize> =
        shape.iter().enumerate().map(|(axis, length)| if is_reduced(axis) { 1 } else { *length }).collect();
    let strides =
        strides(&result).iter().enumerate().map(|(axis, stride)| if is_reduced(axis) { 0 } else { *stride }).collect();
    Ok((result, strides))
}

/// Folds the elements of each group, in their order.
fn fold<T: Copy>(
    (shape, values): (&[usize], &[T]),
    (result, to): (&[usize], &[usize]),
    first: T,
    add: impl Fn(T, T) -> T,
) -> Vec<T> {
    let mut folded = vec![first; result.iter().product()];
    walk(shape, [&strides(shape), to], |[at, group]| folded[group] = add(folded[group], values[at]));
    folded
}

pub(super) fn reduce(tensor: &Tensor, reducer: Reducer, axes: &[usize]) -> Result<Tensor, Error> {
    let (shape, to) = reduced(&tensor.shape, axes)?;
    let ways = (&*shape, &*to);
    let values = match (&tensor.values, reducer) {
        (_, Reducer::ArgMax { last }) => {
            Values::I64(places(tensor, ways, |new, best| new > best || last && new == best)?)
        }
        (_, Reducer::ArgMin { last }) => {
            Values::I64(places(tensor, ways, |new, best| new < best || last && new == best)?)
        }
        (Values::F32(values), reducer) => {
            let from = (&*tensor.shape, &**values);
            Values::F32(match reducer {
                Reducer::Sum => fold(from, ways, 0.0, |sum, x| sum + x),
                Reducer::Prod => fold(from, ways, 1.0, |product, x| product * x),
                Reducer::Max => {
                    fold(from, ways, f32::NEG_INFINITY, |most, x| if x > most || x.is_nan() { x } else { most })
                }
                Reducer::Min => {
                    fold(from, ways, f32::INFINITY, |least, x| if x < least || x.is_nan() { x } else { least })
                }
                _ => {
                    let count = axes.iter().map(|axis| tensor.shape[*axis]).product::<usize>() as f32;
                    let mut squares = fold(from, ways, 0.0, |sum, x| sum + x * x);
                    squares.iter_mut().for_each(|sum| *sum /= count);
                    squares
                }
            })
        }
        (Values::I64(values), reducer) => {
            let from = (&*tensor.shape, &**values);
            Values::I64(match reducer {
                Reducer::Sum => fold(from, ways, 0, i64::wrapping_add),
                Reducer::Prod => fold(from, ways, 1, i64::wrapping_mul),
                Reducer::Max => fold(from, ways, i64::MIN, i64::max),
                Reducer::Min => fold(from, ways, i64::MAX, i64::min),
                _ => return Err(Error::Type { wanted: "floats" }),
            })
        }
        (Values::I8(_) | Values::U8(_), _) => return Err(Error::Type { wanted: "floats or integers" }),
    };
    Ok(Tensor { shape, values })
}

/// The place, in each group, of the element that is better than those before.
fn places(
    tensor: &Tensor,
    (result, to): (&[usize], &[usize]),
    is_better: impl Fn(f32, f32) -> bool,
) -> Result<Vec<i64>, Error> {
    let values = tensor.as_floats()?;
    let groups = result.iter().product();
    let (mut best, mut seen) = (vec![(0, f32::NAN); groups], vec![0; groups]);
    walk(&tensor.shape, [&strides(&tensor.shape), to], |[at, group]| {
        let (place, value) = best[group];
        best[group] =
            if seen[group] == 0 || is_better(values[at], value) { (seen[group], values[at]) } else { (place, value) };
        seen[group] += 1;
    });
    Ok(best.into_iter().map(|(place, _)| place).collect())
}

pub(super) fn softmax(tensor: &Tensor, axes: &[usize], logarithm: bool) -> Result<Tensor, Error> {
    let values = tensor.as_floats()?;
    let (result, to) = reduced(&tensor.shape, axes)?;
    let ways = (&*result, &*to);
    let most = fold((&tensor.shape, values), ways, f32::NEG_INFINITY, f32::max);
    let from = strides(&tensor.shape);
    let mut shifted = vec![0.0; values.len()];
    walk(&tensor.shape, [&from, &to], |[at, group]| shifted[at] = values[at] - most[group]);
    let exponentials: Vec<f32> = shifted.iter().map(|x| libm::expf(*x)).collect();
    let sums = fold((&tensor.shape, &exponentials), ways, 0.0, |sum, x| sum + x);
    let mut answer = vec![0.0; values.len()];
    if logarithm {
        walk(&tensor.shape, [&from, &to], |[at, group]| answer[at] = shifted[at] - libm::logf(sums[group]));
    } else {
        walk(&tensor.shape, [&from, &to], |[at, group]| answer[at] = exponentials[at] / sums[group]);
    }
    Ok(Tensor::floats(&tensor.shape, answer))
}
