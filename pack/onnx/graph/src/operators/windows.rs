//! What a window sees of a tensor as it moves along some of its axes.

use crate::error::Error;
use crate::graph::WindowAxis;
use crate::tensor::Tensor;
use crate::walk::{strides, walk};

/// The most numbers that windows may see in all: 64 MiB of them.
const NUMBERS_MAX: usize = 16 << 20;

pub(super) fn windows(tensor: &Tensor, axes: &[WindowAxis], beyond: f32) -> Result<Tensor, Error> {
    let values = tensor.as_floats()?;
    let from = strides(&tensor.shape);
    let mut shape = tensor.shape.clone();
    for along in axes {
        let length = shape.get_mut(along.axis).ok_or(Error::Shape("a window moves along an axis that is not there"))?;
        *length = along.places;
    }
    shape.extend(axes.iter().map(|along| along.size));
    let count = shape.iter().try_fold(1_usize, |count, length| count.checked_mul(*length));
    if count.is_none_or(|count| count > NUMBERS_MAX) {
        return Err(Error::Shape("a window sees more numbers than there may be"));
    }
    let mut seen = vec![beyond; shape.iter().product()];
    let to = strides(&shape);
    // The part of each window's axis that is within the tensor changes with its place, so they are taken one by one.
    let sizes: Vec<usize> = axes.iter().map(|along| along.places * along.size).collect();
    let others: Vec<usize> = (0..tensor.shape.len())
        .map(|axis| if axes.iter().any(|along| along.axis == axis) { 1 } else { tensor.shape[axis] })
        .collect();
    let mut each = Vec::new();
    walk(&sizes, [&strides(&sizes)], |[number]| each.extend(offsets(number, &sizes, axes, tensor, &from, &to)));
    walk(&others, [&from, &to[..from.len()]], |[start, end]| {
        each.iter().for_each(|(source, target)| seen[end + target] = values[start + source]);
    });
    Ok(Tensor::floats(&shape, seen))
}

/// Where an element that a window sees is in the tensor and in the result, unless it is beyond the tensor's ends.
fn offsets(
    mut number: usize,
    sizes: &[usize],
    axes: &[WindowAxis],
    tensor: &Tensor,
    from: &[usize],
    to: &[usize],
) -> Option<(usize, usize)> {
    let (mut source, mut target) = (0, 0);
    for (place, along) in axes.iter().enumerate().rev() {
        let of_axis = number % sizes[place];
        number /= sizes[place];
        let (window, element) = (of_axis / along.size, of_axis % along.size);
        let at = (window * along.stride + element * along.dilation).checked_sub(along.before)?;
        if at >= tensor.shape[along.axis] {
            return None;
        }
        source += at * from[along.axis];
        target += window * to[along.axis] + element * to[from.len() + place];
    }
    Some((source, target))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn along(axis: usize, size: usize, places: usize) -> WindowAxis {
        WindowAxis { axis, size, dilation: 1, stride: 1, before: 0, places }
    }

    #[test]
    fn each_place_has_what_the_window_sees_there() {
        let tensor = Tensor::floats(&[2, 4], (0..8).map(|number| number as f32).collect());
        let seen = windows(&tensor, &[along(1, 2, 3)], 0.0).unwrap();
        assert_eq!(seen, Tensor::floats(&[2, 3, 2], [0, 1, 1, 2, 2, 3, 4, 5, 5, 6, 6, 7].map(|n| n as f32).into()));
        let apart = WindowAxis { dilation: 2, stride: 3, before: 1, ..along(1, 2, 2) };
        let seen = windows(&tensor, &[apart], -1.0).unwrap();
        assert_eq!(seen, Tensor::floats(&[2, 2, 2], vec![-1.0, 1.0, 2.0, -1.0, -1.0, 5.0, 6.0, -1.0]));
    }

    #[test]
    fn a_window_may_have_two_axes() {
        let tensor = Tensor::floats(&[2, 3], (0..6).map(|number| number as f32).collect());
        let seen = windows(&tensor, &[along(0, 2, 1), along(1, 2, 2)], 0.0).unwrap();
        assert_eq!(seen, Tensor::floats(&[1, 2, 2, 2], vec![0.0, 1.0, 3.0, 4.0, 1.0, 2.0, 4.0, 5.0]));
    }

    #[test]
    fn what_is_not_there_or_too_much_is_an_error() {
        let tensor = Tensor::floats(&[4], vec![0.0; 4]);
        assert!(windows(&tensor, &[along(1, 2, 3)], 0.0).is_err());
        assert!(windows(&tensor, &[along(0, 1 << 30, 1 << 30)], 0.0).is_err());
    }
}
