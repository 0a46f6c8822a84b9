//! Operators that move numbers and compute none.

use crate::error::Error;
use crate::tensor::{Tensor, Values, each_type};
use crate::walk::{broadcast_strides, strides, walk};

pub(super) fn transpose(tensor: &Tensor, order: &[usize]) -> Result<Tensor, Error> {
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    if !sorted.iter().copied().eq(0..tensor.shape.len()) {
        return Err(Error::Shape("a transposition does not name each axis once"));
    }
    let from = strides(&tensor.shape);
    let shape: Vec<usize> = order.iter().map(|axis| tensor.shape[*axis]).collect();
    let strides: Vec<usize> = order.iter().map(|axis| from[*axis]).collect();
    Ok(read(tensor, shape, &strides))
}

pub(super) fn broadcast(tensor: &Tensor, to: &[usize]) -> Result<Tensor, Error> {
    let fits = tensor.shape.len() == to.len() && tensor.shape.iter().zip(to).all(|(from, to)| *from == 1 || from == to);
    if !fits {
        return Err(Error::Shape("an axis that is not 1 cannot be repeated"));
    }
    Ok(read(tensor, to.to_vec(), &broadcast_strides(&tensor.shape)))
}

/// A tensor of another shape, whose elements are where the strides lead to.
fn read(tensor: &Tensor, shape: Vec<usize>, strides: &[usize]) -> Tensor {
    fn pick<T: Copy>(values: &[T], shape: &[usize], strides: &[usize]) -> Vec<T> {
        let mut picked = Vec::with_capacity(shape.iter().product());
        walk(shape, [strides], |[at]| picked.push(values[at]));
        picked
    }
    let values = each_type!(&tensor.values, values => pick(values, &shape, strides));
    Tensor { shape, values }
}

/// What is before an axis, the axis's own length, and what is behind it.
pub(super) fn around(shape: &[usize], axis: usize) -> Result<(usize, usize, usize), Error> {
    let length = *shape.get(axis).ok_or(Error::Shape("a tensor has fewer axes than an operator names"))?;
    Ok((shape[..axis].iter().product(), length, shape[axis + 1..].iter().product()))
}

pub(crate) fn slice(tensor: &Tensor, axis: usize, start: usize, end: usize) -> Result<Tensor, Error> {
    fn pick<T: Copy>(values: &[T], length: usize, inner: usize, part: std::ops::Range<usize>) -> Vec<T> {
        let blocks = values.chunks_exact((length * inner).max(1));
        blocks.flat_map(|block| &block[part.start * inner..part.end * inner]).copied().collect()
    }
    let (_, length, inner) = around(&tensor.shape, axis)?;
    if start > end || end > length {
        return Err(Error::Shape("a slice reaches beyond its axis"));
    }
    let values = each_type!(&tensor.values, values => pick(values, length, inner, start..end));
    let mut shape = tensor.shape.clone();
    shape[axis] = end - start;
    Ok(Tensor { shape, values })
}

/// The place on an axis that an index names: one below zero counts from the end.
pub(super) fn place(index: i64, length: usize) -> Result<usize, Error> {
    let from_start = if index < 0 { index.checked_add_unsigned(length as u64) } else { Some(index) };
    let place = from_start.and_then(|index| usize::try_from(index).ok()).filter(|place| *place < length);
    place.ok_or(Error::Index { index, rows: length })
}

pub(super) fn gather(data: &Tensor, indices: &Tensor, axis: usize) -> Result<Tensor, Error> {
    fn pick<T: Copy>(values: &[T], length: usize, inner: usize, places: &[usize]) -> Vec<T> {
        let blocks = values.chunks_exact((length * inner).max(1));
        blocks.flat_map(|block| places.iter().flat_map(|at| &block[at * inner..][..inner])).copied().collect()
    }
    let (_, length, inner) = around(&data.shape, axis)?;
    let places = indices.as_integers()?.iter().map(|index| place(*index, length)).collect::<Result<Vec<_>, _>>()?;
    let values = each_type!(&data.values, values => pick(values, length, inner, &places));
    let shape = [&data.shape[..axis], &*indices.shape, &data.shape[axis + 1..]].concat();
    Ok(Tensor { shape, values })
}

pub(crate) fn concat(tensors: &[&Tensor], axis: usize) -> Result<Tensor, Error> {
    fn join<'a, T: Copy + 'a>(parts: &[(&'a [T], usize)], outer: usize) -> Vec<T> {
        let blocks =
            (0..outer).flat_map(|block| parts.iter().map(move |(values, size)| &values[block * size..][..*size]));
        blocks.flatten().copied().collect()
    }
    let Some(first) = tensors.first() else { return Err(Error::Shape("nothing is joined")) };
    let (outer, ..) = around(&first.shape, axis)?;
    let mut shape = first.shape.clone();
    shape[axis] = 0;
    let mut sizes = Vec::with_capacity(tensors.len());
    for tensor in tensors {
        let (_, length, inner) = around(&tensor.shape, axis)?;
        shape[axis] += length;
        sizes.push(length * inner);
        let others = |shape: &[usize]| [&shape[..axis], &shape[axis + 1..]].concat();
        if others(&tensor.shape) != others(&shape) {
            return Err(Error::Shape("tensors that are joined differ in another axis"));
        }
    }
    /// The numbers of each tensor and how many of them belong to one block, if all tensors have this type.
    macro_rules! parts {
        ($variant:ident) => {
            tensors
                .iter()
                .zip(&sizes)
                .map(|(tensor, size)| match &tensor.values {
                    Values::$variant(values) => Ok((&values[..], *size)),
                    _ => Err(Error::Type { wanted: "those of the tensor before" }),
                })
                .collect::<Result<Vec<_>, _>>()?
        };
    }
    let values = match first.values {
        Values::F32(_) => Values::F32(join(&parts!(F32), outer)),
        Values::I64(_) => Values::I64(join(&parts!(I64), outer)),
        Values::I8(_) => Values::I8(join(&parts!(I8), outer)),
        Values::U8(_) => Values::U8(join(&parts!(U8), outer)),
    };
    Ok(Tensor { shape, values })
}
