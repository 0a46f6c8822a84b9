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
