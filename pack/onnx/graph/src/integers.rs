//! [`IntegerMatrix`]: weights of one byte, and products of integers with them that are exact.

mod dot;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::tensor::{Tensor, Values};
use dot::{COLUMNS, PAIRS, sums};

/// A matrix of bytes, from each of which its column's zero is taken before it is multiplied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntegerMatrix {
    /// Blocks of columns, of which each has, for each pair of rows, both weights of each column, one beside the other. What is
    /// beyond the last row and column is 0.
    weights: Tensor,
    rows: usize,
    zeros: Vec<i32>,
}

impl IntegerMatrix {
    /// Takes weights in row-major order, and a zero for each column. Of weights that are no whole rows, the rest is left out.
    pub fn new(weights: &[i8], zeros: Vec<i32>) -> Self {
        let width = zeros.len();
        let rows = weights.len().checked_div(width).unwrap_or(0);
        let (blocks, pairs) = (width.div_ceil(COLUMNS), rows.div_ceil(2));
        let mut ordered = vec![0; blocks * pairs * PAIRS];
        for (row, weights) in weights.chunks_exact(width.max(1)).enumerate() {
            for (column, weight) in weights.iter().enumerate() {
                let pair = column / COLUMNS * pairs + row / 2;
                ordered[pair * PAIRS + column % COLUMNS * 2 + row % 2] = *weight;
            }
        }
        let weights = Tensor { shape: vec![blocks, pairs, PAIRS], values: Values::I8(ordered) };
        Self { weights, rows, zeros }
    }

    /// How many numbers a row has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many numbers are made of it.
    pub fn columns(&self) -> usize {
        self.zeros.len()
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        self.weights.check()?;
        let is_whole = self.weights.shape == [self.columns().div_ceil(COLUMNS), self.rows.div_ceil(2), PAIRS];
        if is_whole {
            Ok(())
        } else {
            Err(Error::Shape("a matrix of bytes has more or fewer than its rows and columns"))
        }
    }

    /// The products of rows, one behind the other, with the matrix. Sums have 32 bits, as in onnxruntime.
    ///
    /// # Errors
    /// [`Error::Shape`], if these are no whole rows, or a number has more bits than a byte without its zero has.
    pub fn products(&self, rows: &[i64]) -> Result<Vec<i64>, Error> {
        const ROWS: Error = Error::Shape("what is multiplied by a matrix of bytes are no rows of bytes");
        let Values::I8(weights) = &self.weights.values else { return Err(ROWS) };
        let rows = rows.chunks_exact(self.rows.max(1));
        if !rows.remainder().is_empty() {
            return Err(ROWS);
        }
        let pairs = self.rows.div_ceil(2);
        let (weights, _) = weights.as_chunks::<PAIRS>();
        let mut products = Vec::with_capacity(rows.len() * self.columns());
        let mut row = Vec::with_capacity(pairs);
        for numbers in rows {
            row.clear();
            for pair in numbers.chunks(2) {
                let half = |place: usize| i16::try_from(pair.get(place).copied().unwrap_or(0)).map_err(|_| ROWS);
                row.push(i32::from(half(1)?) << 16 | i32::from(half(0)? as u16));
            }
            let sum = numbers.iter().fold(0_i32, |sum, number| sum.wrapping_add(*number as i32));
            for (block, zeros) in weights.chunks_exact(pairs.max(1)).zip(self.zeros.chunks(COLUMNS)) {
                let sums = sums(&row, block);
                let without = |(product, zero): (&i32, &i32)| i64::from(product.wrapping_sub(sum.wrapping_mul(*zero)));
                products.extend(sums.iter().zip(zeros).map(without));
            }
        }
        Ok(products)
    }
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
            let matrix = IntegerMatrix::new(&weights, zeros.clone());
            assert_eq!((matrix.rows(), matrix.columns()), (rows, width));
            assert_eq!(matrix.products(&[&*row, &*row].concat()).unwrap(), [&*expected, &*expected].concat());
        }
    }

    #[test]
    fn what_are_no_rows_of_bytes_is_an_error() {
        let matrix = IntegerMatrix::new(&[1; 6], vec![0; 3]);
        assert!(matrix.products(&[1, 2, 3]).is_err());
        assert!(matrix.products(&[1, 1 << 20]).is_err());
        assert!(matrix.check().is_ok() && IntegerMatrix { rows: 4, ..matrix }.check().is_err());
    }
}
