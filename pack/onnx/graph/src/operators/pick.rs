//! Operators that take single elements, or parts, of a tensor by their places.

use super::layout::place;
use crate::error::Error;
use crate::tensor::{Tensor, each_type};
use crate::walk::{strides, walk};

/// For each place of `places`, the element at that place whose number on one axis is the integer there.
pub(super) fn elements(data: &Tensor, places: &Tensor, axis: usize) -> Result<Tensor, Error> {
    let fits = |(of, from): (usize, (&usize, &usize))| of == axis || from.0 <= from.1;
    let has_axes = data.shape.len() == places.shape.len() && axis < data.shape.len();
    if !has_axes || !places.shape.iter().zip(&data.shape).enumerate().all(fits) {
        return Err(Error::Shape("places of elements are beyond the tensor's axes"));
    }
    let numbers = places.as_integers()?;
    let numbers = numbers.iter().map(|number| place(*number, data.shape[axis])).collect::<Result<Vec<_>, _>>()?;
    let mut from = strides(&data.shape);
    let along = std::mem::take(&mut from[axis]);
    let mut offsets = Vec::with_capacity(numbers.len());
    walk(&places.shape, [&from, &strides(&places.shape)], |[start, at]| offsets.push(start + numbers[at] * along));
    let values = each_type!(&data.values, values => offsets.iter().map(|at| values[*at]).collect());
    Ok(Tensor { shape: places.shape.clone(), values })
}

/// The parts of a tensor whose places on its first axes are the last axis of `places`.
pub(super) fn parts(data: &Tensor, places: &Tensor) -> Result<Tensor, Error> {
    let Some((count, outer)) = places.shape.split_last() else {
        return Err(Error::Shape("there are no places of parts"));
    };
    if *count == 0 || *count > data.shape.len() {
        return Err(Error::Shape("places of parts have more axes than the tensor, or none"));
    }
    let (first, inner) = data.shape.split_at(*count);
    let size: usize = inner.iter().product();
    let steps = strides(first);
    let start = |numbers: &[i64]| -> Result<usize, Error> {
        let each = numbers.iter().zip(first).zip(&steps);
        each.map(|((number, length), step)| place(*number, *length).map(|place| place * step * size)).sum()
    };
    let starts = places.as_integers()?.chunks_exact(*count).map(start).collect::<Result<Vec<_>, _>>()?;
    let values = each_type!(&data.values, values => starts.iter().flat_map(|start| &values[*start..][..size]).copied().collect());
    Ok(Tensor { shape: [outer, inner].concat(), values })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(shape: &[usize]) -> Tensor {
        Tensor::floats(shape, (0..shape.iter().product::<usize>()).map(|number| number as f32).collect())
    }

    #[test]
    fn elements_are_taken_along_one_axis() {
        let places = Tensor::integers(&[2, 2], vec![0, -1, 2, 0]);
        assert_eq!(elements(&numbers(&[3, 3]), &places, 1).unwrap(), Tensor::floats(&[2, 2], vec![0.0, 2.0, 5.0, 3.0]));
        assert_eq!(elements(&numbers(&[3, 3]), &places, 0).unwrap(), Tensor::floats(&[2, 2], vec![0.0, 7.0, 6.0, 1.0]));
        for (shape, axis) in [(&[2][..], 0), (&[2, 1], 0), (&[3, 3], 2), (&[2, 2], 1)] {
            assert!(elements(&numbers(shape), &places, axis).is_err(), "{shape:?} {axis}");
        }
    }

    #[test]
    fn parts_are_taken_by_their_places_on_the_first_axes() {
        let places = Tensor::integers(&[2, 2], vec![0, 1, -1, 0]);
        let expected = Tensor::floats(&[2, 2], vec![2.0, 3.0, 4.0, 5.0]);
        assert_eq!(parts(&numbers(&[2, 2, 2]), &places).unwrap(), expected);
        assert!(parts(&numbers(&[2]), &places).is_err() && parts(&numbers(&[1, 1, 2]), &places).is_err());
        assert!(parts(&numbers(&[2]), &Tensor::integers(&[], vec![0])).is_err());
        assert!(parts(&numbers(&[2]), &Tensor::integers(&[0], vec![])).is_err());
    }
}
