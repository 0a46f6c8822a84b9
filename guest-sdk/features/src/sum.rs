//! [`sum`]: the weights of features.

/// Adds the weights of the features that a message has: the score of a linear model, without its bias.
///
/// The order of the additions is fixed (four sums, added up at the end), so the result is the same to the
/// last bit wherever it is computed. Weights may be `f32`, or integers of 8 to 32 bits that the caller
/// scales afterwards.
///
/// # Panics
/// If an index is beyond the end of `weights`.
#[track_caller]
pub fn sum<W: Copy + Into<f64>>(weights: &[W], indices: &[u32]) -> f64 {
    let Some(sum) = checked(weights, indices) else {
        let beyond = indices.iter().max().unwrap_or(&0);
        panic!("the index {beyond} of a feature is out of bounds of {} weights", weights.len());
    };
    sum
}

/// The sum; `None` if an index is beyond the end of `weights`.
#[inline(always)]
fn checked<W: Copy + Into<f64>>(weights: &[W], indices: &[u32]) -> Option<f64> {
    let weight = |index: u32| -> Option<f64> { Some((*weights.get(index as usize)?).into()) };
    let mut sums = [0.0; 4];
    let (blocks, rest) = indices.as_chunks::<8>();
    for &[a, b, c, d, e, f, g, h] in blocks {
        sums[0] += weight(a)? + weight(e)?;
        sums[1] += weight(b)? + weight(f)?;
        sums[2] += weight(c)? + weight(g)?;
        sums[3] += weight(d)? + weight(h)?;
    }
    for &index in rest {
        sums[0] += weight(index)?;
    }
    Some((sums[0] + sums[1]) + (sums[2] + sums[3]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_counts_once_whatever_their_number() {
        let weights: Vec<i16> = (0..100).collect();
        for count in 0..40 {
            let indices: Vec<u32> = (0..count).map(|i| i * 2).collect();
            let expected: u32 = indices.iter().sum();
            assert_eq!(sum(&weights, &indices), f64::from(expected));
        }
    }

    #[test]
    #[should_panic(expected = "out of bounds")]
    fn an_index_beyond_the_weights_is_refused() {
        sum(&[1.0_f32; 4], &[4]);
    }
}
