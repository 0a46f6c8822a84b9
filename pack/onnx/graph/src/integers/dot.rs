//! The products of a row with some columns of bytes, two rows of weights at a time: what an instruction of processors does.

/// The columns that are computed in one pass over a row, as many as SIMD registers hold.
pub(super) const COLUMNS: usize = 16;

/// Two weights of each of these columns: those that one pair of a row's numbers is multiplied by.
pub(super) const PAIRS: usize = 2 * COLUMNS;

/// The sums of a row's products, of which each pair is one number of 32 bits, the first in its lower half.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn sums(row: &[i32], weights: &[[i8; PAIRS]]) -> [i32; COLUMNS] {
    let mut sums = [0_i32; COLUMNS];
    for (pair, weights) in row.iter().zip(weights) {
        let (first, second) = (i32::from(*pair as i16), pair >> 16);
        for (sum, [a, b]) in sums.iter_mut().zip(weights.as_chunks().0) {
            *sum = sum.wrapping_add(first * i32::from(*a)).wrapping_add(second * i32::from(*b));
        }
    }
    sums
}

/// The same by SIMD instructions, which the compiler does not find by itself.
#[cfg(target_arch = "wasm32")]
pub(super) fn sums(row: &[i32], weights: &[[i8; PAIRS]]) -> [i32; COLUMNS] {
    use core::arch::wasm32::{
        i16x8_extend_low_i8x16, i32x4_add, i32x4_dot_i16x8, i32x4_extract_lane, i32x4_splat, i64x2_splat,
    };
    let mut sums = [i32x4_splat(0); COLUMNS / 4];
    for (pair, weights) in row.iter().zip(weights) {
        let pair = i32x4_splat(*pair);
        for (sum, weights) in sums.iter_mut().zip(weights.as_chunks::<8>().0) {
            let weights = i16x8_extend_low_i8x16(i64x2_splat(i64::from_le_bytes(weights.map(|weight| weight as u8))));
            *sum = i32x4_add(*sum, i32x4_dot_i16x8(pair, weights));
        }
    }
    let [a, b, c, d] = sums.map(|sum| {
        [
            i32x4_extract_lane::<0>(sum),
            i32x4_extract_lane::<1>(sum),
            i32x4_extract_lane::<2>(sum),
            i32x4_extract_lane::<3>(sum),
        ]
    });
    let mut all = [0; COLUMNS];
    for (all, four) in all.as_chunks_mut::<4>().0.iter_mut().zip([a, b, c, d]) {
        *all = four;
    }
    all
}
