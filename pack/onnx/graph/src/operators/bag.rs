//! The embedding bag: the sum of some rows of a table.

use crate::error::Error;

/// The columns that are summed in one pass over the indices: as many as the model has, two SIMD registers of bytes that are
/// summed in 16 bits, or four of floats.
const COLUMNS: usize = 16;

/// The rows that one turn of the loop adds. In a sandbox a jump back to the head of a loop costs about as
/// much as a cache hit, because the host's interruption check is there; eight rows share one.
const ROWS_PER_TURN: usize = 8;

/// A weight of a table.
pub(super) trait Weight: Copy {
    /// What a few weights are summed in, so that one SIMD register holds as many of them as can be.
    type Sum: Copy + Default;
    /// How many weights fit into that sum whatever they are.
    const SUMMED_MAX: usize;

    /// Adds a weight to a sum.
    fn add(self, sum: Self::Sum) -> Self::Sum;

    /// The sum of a few weights as a number.
    fn number(sum: Self::Sum) -> f32;
}

impl Weight for f32 {
    type Sum = Self;
    const SUMMED_MAX: usize = usize::MAX;

    #[inline(always)]
    fn add(self, sum: Self) -> Self {
        sum + self
    }

    #[inline(always)]
    fn number(sum: Self) -> f32 {
        sum
    }
}

impl Weight for i8 {
    type Sum = i16;
    const SUMMED_MAX: usize = 256;

    /// Never wraps: 256 times -128 is the lowest number of 16 bits. Checked, this would not become SIMD code.
    #[inline(always)]
    fn add(self, sum: i16) -> i16 {
        sum.wrapping_add(i16::from(self))
    }

    #[inline(always)]
    fn number(sum: i16) -> f32 {
        f32::from(sum)
    }
}

/// Sums the rows of a row-major `table` that `indices` names into `sum`, whose length is the table's number
/// of columns. As in ONNX's `Gather`, an index below zero counts from the end. No index: zeros.
///
/// The rows are added in the order of the indices, so the sum is the same on every machine, bit for bit; that of bytes is
/// exact up to 2<sup>17</sup> indices. An index beyond the table is an error, and `sum` is then unspecified.
pub(super) fn sum_rows<W: Weight>(table: &[W], indices: &[i64], sum: &mut [f32]) -> Result<(), Error> {
    Table::new(table, sum.len()).sum(indices, sum)
}

/// A row-major matrix.
struct Table<'a, W> {
    values: &'a [W],
    width: usize,
    rows: usize,
}

impl<'a, W: Weight> Table<'a, W> {
    fn new(values: &'a [W], width: usize) -> Self {
        Self { values, width, rows: values.len().checked_div(width).unwrap_or(0) }
    }

    #[inline(always)]
    fn sum(&self, indices: &[i64], sum: &mut [f32]) -> Result<(), Error> {
        let (wide, narrow) = sum.as_chunks_mut::<COLUMNS>();
        let mut column = 0;
        for columns in wide {
            *columns = self.sum_columns(indices, column)?;
            column += COLUMNS;
        }
        for value in narrow {
            [*value] = self.sum_columns(indices, column)?;
            column += 1;
        }
        Ok(())
    }

    /// Sums `N` columns of the rows that `indices` names, from `column` on.
    #[inline(always)]
    fn sum_columns<const N: usize>(&self, indices: &[i64], column: usize) -> Result<[f32; N], Error> {
        let mut sum = [0.0; N];
        for few in indices.chunks(W::SUMMED_MAX) {
            let part: [_; N] = self.sum_few(few, column)?;
            for (sum, part) in sum.iter_mut().zip(part) {
                *sum += W::number(part);
            }
        }
        Ok(sum)
    }

    /// The same for at most `SUMMED_MAX` indices.
    #[inline(always)]
    fn sum_few<const N: usize>(&self, indices: &[i64], column: usize) -> Result<[W::Sum; N], Error> {
        let mut sum = [W::Sum::default(); N];
        let (turns, rest) = indices.as_chunks::<ROWS_PER_TURN>();
        for turn in turns {
            for &index in turn {
                add(&mut sum, self.part(index, column).ok_or(Error::Index { index, rows: self.rows })?);
            }
        }
        for &index in rest {
            add(&mut sum, self.part(index, column).ok_or(Error::Index { index, rows: self.rows })?);
        }
        Ok(sum)
    }

    /// `N` columns of one row.
    #[inline(always)]
    fn part<const N: usize>(&self, index: i64, column: usize) -> Option<&[W; N]> {
        let row = if index < 0 { index.wrapping_add(self.rows as i64) } else { index } as usize;
        if row >= self.rows {
            return None;
        }
        self.values.get(row * self.width + column..)?.first_chunk()
    }
}

/// Adds a row to a sum. The loop's length is known, so it becomes straight SIMD code.
#[inline(always)]
fn add<W: Weight, const N: usize>(sum: &mut [W::Sum; N], row: &[W; N]) {
    for (sum, value) in sum.iter_mut().zip(row) {
        *sum = value.add(*sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: usize, width: usize) -> Vec<f32> {
        (0..rows * width).map(|i| (i * 37 % 101) as f32 / 8.0).collect()
    }

    /// The definition, one number at a time.
    fn naive<W: Copy + Into<f32>>(table: &[W], width: usize, indices: &[i64]) -> Vec<f32> {
        let rows = (table.len() / width) as i64;
        let value =
            |index: i64, column: usize| -> f32 { table[index.rem_euclid(rows) as usize * width + column].into() };
        (0..width).map(|column| indices.iter().map(|&index| value(index, column)).sum()).collect()
    }

    #[test]
    fn the_sum_is_that_of_the_definition_for_every_width_and_length() {
        for width in [1, 2, 7, 31, 32, 33, 64, 70] {
            let table = table(50, width);
            for count in [0, 1, 3, 4, 5, 64, 99] {
                let indices: Vec<i64> = (0..count).map(|i| (i * 7 + 3) % 50).collect();
                let mut sum = vec![f32::NAN; width];
                sum_rows(&table, &indices, &mut sum).unwrap();
                assert_eq!(sum, naive(&table, width, &indices), "{width} columns, {count} rows");
            }
        }
    }

    #[test]
    fn bytes_are_summed_exactly_however_many_there_are() {
        for width in [1, 31, 32, 70] {
            let bytes: Vec<i8> = (0..50 * width).map(|i| (i * 37 % 256) as u8 as i8).collect();
            for count in [0, 1, 5, 255, 256, 257, 3000] {
                let indices: Vec<i64> = (0..count).map(|i| (i * 7 + 3) % 50).collect();
                let mut sum = vec![f32::NAN; width];
                sum_rows(&bytes, &indices, &mut sum).unwrap();
                assert_eq!(sum, naive(&bytes, width, &indices), "{width} columns, {count} rows");
            }
        }
        for extreme in [i8::MIN, i8::MAX] {
            let mut sum = [0.0; 32];
            sum_rows(&[extreme; 32], &[0; 1000], &mut sum).unwrap();
            assert_eq!(sum, [1000.0 * f32::from(extreme); 32]);
        }
    }

    #[test]
    fn an_index_below_zero_counts_from_the_end() {
        let table = table(10, 32);
        let (mut from_end, mut from_start) = ([0.0; 32], [0.0; 32]);
        sum_rows(&table, &[-1, -10], &mut from_end).unwrap();
        sum_rows(&table, &[9, 0], &mut from_start).unwrap();
        assert_eq!(from_end, from_start);
    }

    #[test]
    fn an_index_beyond_the_table_is_an_error() {
        let table = table(10, 32);
        for index in [10, -11, i64::MAX, i64::MIN] {
            let error = sum_rows(&table, &[0, index], &mut [0.0; 32]).unwrap_err();
            assert_eq!(error, Error::Index { index, rows: 10 });
        }
    }

    #[test]
    fn a_table_without_columns_sums_to_nothing() {
        sum_rows::<f32>(&[], &[], &mut []).unwrap();
    }
}
