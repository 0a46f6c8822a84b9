//! [`IntegerMatrix`]: weights of one byte, and products of integers with them that are exact.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::tensor::{Tensor, Values};

/// The columns that are computed in one pass over a row, as many as SIMD registers hold.
const COLUMNS: usize = 16;

/// A matrix of bytes, from each of which its column's zero is taken before it is multiplied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntegerMatrix {
    weights: Tensor,
    zeros: Vec<i32>,
}

impl IntegerMatrix {
    /// Takes weights in row-major order, and a zero for each column.
    pub fn new(weights: Vec<i8>, zeros: Vec<i32>) -> Self {
        let shape = vec![weights.len().checked_div(zeros.len()).unwrap_or(0), zeros.len()];
        Self { weights: Tensor { shape, values: Values::I8(weights) }, zeros }
    }

    /// How many numbers a row has.
    pub fn rows(&self) -> usize {
        self.weights.shape.first().copied().unwrap_or(0)
    }

    /// How many numbers are made of it.
    pub fn columns(&self) -> usize {
        self.zeros.len()
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        self.weights.check()?;
        let is_whole = self.weights.shape == [self.rows(), self.zeros.len()];
        if is_whole { Ok(()) } else { Err(Error::Shape("a matrix of bytes has not a zero for each column")) }
    }

    /// The products of rows, one behind the other, with the matrix. Sums have 32 bits, as in onnxruntime.
    ///
    /// # Errors
    /// [`Error::Shape`], if these are no whole rows, or a number has more bits than a byte without its zero has.
    pub fn products(&self, rows: &[i64]) -> Result<Vec<i64>, Error> {
        const ROWS: Error = Error::Shape("what is multiplied by a matrix of bytes are no rows of bytes");
        let Values::I8(weights) = &self.weights.values else { return Err(ROWS) };
        let width = self.columns();
        let rows = rows.chunks_exact(self.rows().max(1));
        if !rows.remainder().is_empty() {
            return Err(ROWS);
        }
        let mut products = Vec::with_capacity(rows.len() * width);
        let mut row = Vec::with_capacity(self.rows());
        for numbers in rows {
            row.clear();
            for number in numbers {
                row.push(i16::try_from(*number).map_err(|_| ROWS)?);
            }
            let sum: i32 = row.iter().map(|number| i32::from(*number)).sum();
            let start = products.len();
            for column in (0..width / COLUMNS * COLUMNS).step_by(COLUMNS) {
                products.extend(sums::<COLUMNS>(&row, weights, width, column).map(i64::from));
            }
            for column in width / COLUMNS * COLUMNS..width {
                products.extend(sums::<1>(&row, weights, width, column).map(i64::from));
            }
            for (product, zero) in products[start..].iter_mut().zip(&self.zeros) {
                *product -= i64::from(sum.wrapping_mul(*zero));
            }
        }
        Ok(products)
    }
}

/// The products of a row with `N` columns.
#[inline(always)]
fn sums<const N: usize>(row: &[i16], weights: &[i8], width: usize, column: usize) -> [i32; N] {
    let mut sums = [0_i32; N];
    let mut rest = weights.get(column..).unwrap_or_default();
    for factor in row {
        if let Some(weights) = rest.first_chunk::<N>() {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum = sum.wrapping_add(i32::from(*factor) * i32::from(*weight));
            }
        }
        rest = rest.get(width..).unwrap_or_default();
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_the_definition_for_every_size() {
        for (rows, width) in [(1, 1), (3, 15), (5, 16), (40, 33)] {
            let weights: Vec<i8> = (0..rows * width).map(|i| (i * 37 % 256) as u8 as i8).collect();
            let zeros: Vec<i32> = (0..width).map(|column| column as i32 * 11 % 256 - 128).collect();
            let row: Vec<i64> = (0..rows).map(|i| i as i64 * 29 % 511 - 255).collect();
            let product = |column: usize| {
                let weight = |row: usize| i64::from(weights[row * width + column]) - i64::from(zeros[column]);
                row.iter().enumerate().map(|(at, number)| number * weight(at)).sum::<i64>()
            };
            let expected: Vec<i64> = (0..width).map(product).collect();
            let matrix = IntegerMatrix::new(weights.clone(), zeros.clone());
            assert_eq!((matrix.rows(), matrix.columns()), (rows, width));
            assert_eq!(matrix.products(&[&*row, &*row].concat()).unwrap(), [&*expected, &*expected].concat());
        }
    }

    #[test]
    fn what_are_no_rows_of_bytes_is_an_error() {
        let matrix = IntegerMatrix::new(vec![1; 6], vec![0; 3]);
        assert!(matrix.products(&[1, 2, 3]).is_err());
        assert!(matrix.products(&[1, 1 << 20]).is_err());
        assert!(matrix.check().is_ok() && IntegerMatrix::new(vec![1; 5], vec![0; 3]).check().is_err());
    }
}
