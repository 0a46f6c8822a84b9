//! A layer: a vector times a matrix.

use crate::error::Error;

/// The columns that are computed in one pass over the vector, as many as SIMD registers hold.
const COLUMNS: usize = 32;
/// The rows that one turn of the loop adds; the embedding bag says why several.
const ROWS_PER_TURN: usize = 4;

/// A vector of this length may be the counts of the words of a large vocabulary, nearly all of which are 0.
const SPARSE_LENGTH_MIN: usize = 1024;
/// One in how many numbers of it may be another one than 0, for the others to be passed over.
const SPARSE_PART_MAX: usize = 8;

/// Multiplies a vector by a row-major matrix of `vector.len()` rows and adds the product to `result`, whose
/// length is the matrix's number of columns and which holds the bias before.
///
/// Each column is summed in the order of the rows, without fused multiplication, so the result is the same
/// on every machine, bit for bit. Rows of a long vector's zeros are passed over.
pub(super) fn dense(vector: &[f32], matrix: &[f32], result: &mut [f32]) -> Result<(), Error> {
    let width = result.len();
    if vector.len().checked_mul(width) != Some(matrix.len()) {
        return Err(Error::Shape("a layer's matrix does not have a row for each number and a column for each result"));
    }
    if vector.len() >= SPARSE_LENGTH_MIN {
        let others: Vec<_> = vector.iter().copied().enumerate().filter(|(_, factor)| *factor != 0.0).collect();
        if others.len() < vector.len() / SPARSE_PART_MAX {
            add_rows(&others, matrix, result);
            return Ok(());
        }
    }
    let (wide, narrow) = result.as_chunks_mut::<COLUMNS>();
    let mut column = 0;
    for columns in wide {
        *columns = add_columns(*columns, vector, matrix, width, column);
        column += COLUMNS;
    }
    for value in narrow {
        [*value] = add_columns([*value], vector, matrix, width, column);
        column += 1;
    }
    Ok(())
}

/// The rows of a product that are computed in one pass over the matrix, and the columns of that pass: as many sums as SIMD
/// registers hold. A matrix that the nearest memory does not hold is passed over half as often.
const ROWS: usize = 2;
const TILE: usize = COLUMNS / ROWS;

/// Multiplies rows, one behind the other, by a row-major matrix. Each sum is that of [`dense`].
pub(super) fn products(rows: &[f32], depth: usize, matrix: &[f32], results: &mut [f32]) -> Result<(), Error> {
    let width = matrix.len().checked_div(depth).unwrap_or(0);
    let (depth, width) = (depth.max(1), width.max(1));
    let is_sparse = depth >= SPARSE_LENGTH_MIN;
    let taken = if is_sparse { 0 } else { rows.len() / depth / ROWS * ROWS };
    let (pairs, rest) = rows.split_at((taken * depth).min(rows.len()));
    let (made, others) = results.split_at_mut((taken * width).min(results.len()));
    for (pair, made) in pairs.chunks_exact(ROWS * depth).zip(made.chunks_exact_mut(ROWS * width)) {
        let ((first, second), (left, right)) = (pair.split_at(depth), made.split_at_mut(width));
        let ((left, left_rest), (right, right_rest)) = (left.as_chunks_mut::<TILE>(), right.as_chunks_mut::<TILE>());
        for (tile, (left, right)) in left.iter_mut().zip(right).enumerate() {
            [*left, *right] = add_tile(first, second, matrix, width, tile * TILE);
        }
        let start = width - left_rest.len();
        for (column, (left, right)) in (start..).zip(left_rest.iter_mut().zip(right_rest)) {
            [*left] = add_columns([0.0], first, matrix, width, column);
            [*right] = add_columns([0.0], second, matrix, width, column);
        }
    }
    for (row, made) in rest.chunks_exact(depth).zip(others.chunks_exact_mut(width)) {
        dense(row, matrix, made)?;
    }
    Ok(())
}

/// The products of two rows with some columns.
#[inline(always)]
fn add_tile(first: &[f32], second: &[f32], matrix: &[f32], width: usize, column: usize) -> [[f32; TILE]; ROWS] {
    let (mut left, mut right) = ([0.0; TILE], [0.0; TILE]);
    let mut rest = matrix.get(column..).unwrap_or_default();
    for (a, b) in first.iter().zip(second) {
        if let Some(weights) = rest.first_chunk::<TILE>() {
            for ((left, right), weight) in left.iter_mut().zip(&mut right).zip(weights) {
                *left += a * weight;
                *right += b * weight;
            }
        }
        rest = rest.get(width..).unwrap_or_default();
    }
    [left, right]
}

/// Adds some rows of a matrix, each multiplied.
fn add_rows(rows: &[(usize, f32)], matrix: &[f32], result: &mut [f32]) {
    let width = result.len();
    for (row, factor) in rows {
        for (sum, value) in result.iter_mut().zip(&matrix[row * width..]) {
            *sum += factor * value;
        }
    }
}

/// Adds the product to `N` columns from `column` on.
#[inline(always)]
fn add_columns<const N: usize>(
    mut sum: [f32; N],
    vector: &[f32],
    matrix: &[f32],
    width: usize,
    column: usize,
) -> [f32; N] {
    let mut rows = matrix.get(column..).unwrap_or_default();
    let mut add = |&factor: &f32| {
        if let Some(row) = rows.first_chunk::<N>() {
            for (sum, value) in sum.iter_mut().zip(row) {
                *sum += factor * value;
            }
        }
        rows = rows.get(width..).unwrap_or_default();
    };
    let (turns, rest) = vector.as_chunks::<ROWS_PER_TURN>();
    for [a, b, c, d] in turns {
        add(a);
        add(b);
        add(c);
        add(d);
    }
    rest.iter().for_each(add);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_is_that_of_the_definition_for_every_size() {
        for rows in [0, 1, 3, 4, 9, 32] {
            for width in [1, 2, 31, 32, 33, 70] {
                let vector: Vec<f32> = (0..rows).map(|i| (i * 5 % 7) as f32 - 3.0).collect();
                let matrix: Vec<f32> = (0..rows * width).map(|i| (i * 37 % 101) as f32 / 8.0).collect();
                let bias: Vec<f32> = (0..width).map(|i| i as f32).collect();
                let product = |column: usize| {
                    let terms = vector.iter().enumerate().map(|(row, factor)| factor * matrix[row * width + column]);
                    terms.fold(bias[column], |sum, term| sum + term)
                };
                let mut result = bias.clone();
                dense(&vector, &matrix, &mut result).unwrap();
                assert_eq!(result, (0..width).map(product).collect::<Vec<_>>(), "{rows} rows, {width} columns");
            }
        }
    }

    #[test]
    fn several_rows_have_the_products_of_each() {
        for (count, depth, width) in [(1, 3, 5), (2, 4, 16), (5, 9, 33), (4, 7, 48), (3, 2000, 3)] {
            let rows: Vec<f32> = (0..count * depth).map(|i| (i * 5 % 7) as f32 / 8.0 - 0.3).collect();
            let matrix: Vec<f32> = (0..depth * width).map(|i| (i * 37 % 101) as f32 / 8.0).collect();
            let mut expected = vec![0.0; count * width];
            for (row, made) in rows.chunks_exact(depth).zip(expected.chunks_exact_mut(width)) {
                dense(row, &matrix, made).unwrap();
            }
            let mut made = vec![0.0; count * width];
            products(&rows, depth, &matrix, &mut made).unwrap();
            assert_eq!(made, expected, "{count} rows of {depth}, {width} columns");
        }
    }

    #[test]
    fn zeros_of_a_long_vector_are_passed_over_and_change_nothing() {
        let vector: Vec<f32> = (0..2000).map(|i| if i % 97 == 3 { i as f32 / 7.0 } else { 0.0 }).collect();
        let matrix: Vec<f32> = (0..2000 * 3).map(|i| (i * 37 % 101) as f32 / 8.0).collect();
        let mut expected = vec![0.5; 3];
        for (row, factor) in vector.iter().enumerate() {
            (0..3).for_each(|column| expected[column] += factor * matrix[row * 3 + column]);
        }
        let mut result = vec![0.5; 3];
        dense(&vector, &matrix, &mut result).unwrap();
        assert_eq!(result, expected);
    }

    #[test]
    fn a_matrix_of_another_size_is_refused() {
        assert_eq!(
            dense(&[1.0, 2.0], &[1.0; 3], &mut [0.0; 2]),
            Err(Error::Shape("a layer's matrix does not have a row for each number and a column for each result"))
        );
    }
}
