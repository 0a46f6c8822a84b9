//! [`walk`]: visiting the elements of tensors of which some axes are repeated, skipped or in another order.

/// The distance between neighbours on each axis of a row-major tensor.
pub(crate) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// The same where a tensor is read as one of another shape of as many axes: an axis of length 1 is repeated.
pub(crate) fn broadcast_strides(shape: &[usize]) -> Vec<usize> {
    strides(shape).iter().zip(shape).map(|(stride, length)| if *length == 1 { 0 } else { *stride }).collect()
}

/// Calls `visit` for every place of a shape, in row-major order, with the offset that each list of strides leads to.
pub(crate) fn walk<const N: usize>(shape: &[usize], strides: [&[usize]; N], mut visit: impl FnMut([usize; N])) {
    if shape.contains(&0) {
        return;
    }
    let Some((inner, outer)) = shape.split_last() else { return visit([0; N]) };
    let last = outer.len();
    let mut place = vec![0; last];
    let mut start = [0; N];
    loop {
        let mut offsets = start;
        for _ in 0..*inner {
            visit(offsets);
            for (offset, strides) in offsets.iter_mut().zip(strides) {
                *offset += strides[last];
            }
        }
        let Some(axis) = (0..last).rev().find(|&axis| place[axis] + 1 < outer[axis]) else { return };
        for finished in axis + 1..last {
            for (start, strides) in start.iter_mut().zip(strides) {
                *start -= strides[finished] * place[finished];
            }
            place[finished] = 0;
        }
        place[axis] += 1;
        for (start, strides) in start.iter_mut().zip(strides) {
            *start += strides[axis];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(shape: &[usize], strides: &[usize]) -> Vec<usize> {
        let mut offsets = Vec::new();
        walk(shape, [strides], |[offset]| offsets.push(offset));
        offsets
    }

    #[test]
    fn every_place_is_visited_once_in_order() {
        assert_eq!(offsets(&[2, 3, 2], &strides(&[2, 3, 2])), (0..12).collect::<Vec<_>>());
        assert_eq!(offsets(&[], &[]), [0]);
        assert_eq!(offsets(&[3, 0], &[0, 1]), []);
    }

    #[test]
    fn axes_are_repeated_and_swapped_by_their_strides() {
        assert_eq!(offsets(&[2, 3], &broadcast_strides(&[1, 3])), [0, 1, 2, 0, 1, 2]);
        assert_eq!(offsets(&[3, 2], &[1, 3]), [0, 3, 1, 4, 2, 5]);
    }
}
