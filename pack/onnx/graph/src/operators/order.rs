//! Operators that put numbers in order.

use std::cmp::Ordering;

use super::layout::around;
use crate::error::Error;
use crate::tensor::{Tensor, Values};

/// The largest or smallest numbers along an axis, and their places.
pub(crate) fn top(tensor: &Tensor, axis: usize, count: usize, largest: bool) -> Result<Vec<Tensor>, Error> {
    fn places<T: Copy>(
        values: &[T],
        (outer, length, inner): (usize, usize, usize),
        count: usize,
        order: impl Fn(T, T) -> Ordering,
    ) -> (Vec<T>, Vec<i64>) {
        let mut made = (Vec::with_capacity(outer * count * inner), Vec::with_capacity(outer * count * inner));
        let mut best: Vec<usize> = Vec::with_capacity(count + 1);
        let mut ordered = Vec::with_capacity(inner * count);
        for block in values.chunks_exact((length * inner).max(1)) {
            ordered.clear();
            for column in 0..inner {
                best.clear();
                let value = |place: usize| block[place * inner + column];
                for place in 0..length {
                    // Behind those that are as good.
                    let rank = best.partition_point(|other| order(value(*other), value(place)) != Ordering::Greater);
                    if rank < count {
                        best.insert(rank, place);
                        best.truncate(count);
                    }
                }
                ordered.extend_from_slice(&best);
            }
            for rank in 0..count {
                for (column, places) in ordered.chunks_exact(count).enumerate() {
                    made.0.push(block[places[rank] * inner + column]);
                    made.1.push(places[rank] as i64);
                }
            }
        }
        made
    }
    let around = around(&tensor.shape, axis)?;
    if count == 0 || count > around.1 {
        return Err(Error::Shape("more numbers are taken of an axis than it has, or none"));
    }
    let way = |order: Ordering| if largest { order.reverse() } else { order };
    let mut shape = tensor.shape.clone();
    shape[axis] = count;
    let (values, places) = match &tensor.values {
        Values::F32(values) => {
            let (values, places) = places(values, around, count, |a, b| way(floats(a, b)));
            (Values::F32(values), places)
        }
        Values::I64(values) => {
            let (values, places) = places(values, around, count, |a, b| way(a.cmp(&b)));
            (Values::I64(values), places)
        }
        Values::I8(_) | Values::U8(_) => return Err(Error::Type { wanted: "floats or integers" }),
    };
    Ok(vec![Tensor { shape: shape.clone(), values }, Tensor::integers(&shape, places)])
}

/// Zeros of both signs are equal, and what is no number is beyond all others.
fn floats(a: f32, b: f32) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.total_cmp(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_ones_comes_first_along_every_axis() {
        let numbers = Tensor::floats(&[2, 3], vec![1.0, 3.0, 3.0, 2.0, -1.0, 5.0]);
        let made = top(&numbers, 1, 2, true).unwrap();
        assert_eq!(made[0], Tensor::floats(&[2, 2], vec![3.0, 3.0, 5.0, 2.0]));
        assert_eq!(made[1], Tensor::integers(&[2, 2], vec![1, 2, 2, 0]));
        let made = top(&numbers, 0, 1, false).unwrap();
        assert_eq!(made[0], Tensor::floats(&[1, 3], vec![1.0, -1.0, 3.0]));
        assert_eq!(made[1], Tensor::integers(&[1, 3], vec![0, 1, 0]));
        let made = top(&Tensor::integers(&[3], vec![5, 7, 5]), 0, 3, false).unwrap();
        assert_eq!(made[1], Tensor::integers(&[3], vec![0, 2, 1]));
    }

    #[test]
    fn more_than_there_are_is_an_error() {
        let numbers = Tensor::floats(&[3], vec![0.0; 3]);
        assert!(
            top(&numbers, 0, 4, true).is_err()
                && top(&numbers, 1, 1, true).is_err()
                && top(&numbers, 0, 0, true).is_err()
        );
    }
}
