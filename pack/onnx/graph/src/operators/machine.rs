//! What a support vector machine ends with.

use crate::error::Error;
use crate::tensor::Tensor;

/// The most rounds, as in onnxruntime. It ends long before, when nothing moves by more than [`MOVED_MAX`] of a class's share.
const ROUNDS_MAX: usize = 100;
const MOVED_MAX: f32 = 0.005;

/// A row times each row of weights.
pub(super) fn scores(row: &Tensor, weights: &Tensor) -> Result<Tensor, Error> {
    let (numbers, weights) = (row.as_floats()?, weights.as_floats()?);
    let rows = weights.chunks_exact(numbers.len().max(1));
    if !rows.remainder().is_empty() {
        return Err(Error::Shape("the weights of a row are no rows of its length"));
    }
    let product =
        |weights: &[f32]| numbers.iter().zip(weights).fold(0.0_f64, |sum, (a, b)| sum + f64::from(a * b)) as f32;
    let scores: Vec<f32> = rows.map(product).collect();
    Ok(Tensor::floats(&[1, scores.len()], scores))
}

/// The probabilities of classes, of those of each pair of them, by the second method of Wu, Lin and Weng, "Probability estimates for
/// multi-class classification by pairwise coupling" (2004). Takes, for each pair of classes, the first with all behind it, the second
/// with all behind it .., the probability of the first.
pub(super) fn coupling(pairs: &Tensor, classes: usize) -> Result<Tensor, Error> {
    let pairs = pairs.as_floats()?;
    let expected = classes.checked_mul(classes.saturating_sub(1)).map(|twice| twice / 2);
    if classes == 0 || expected != Some(pairs.len()) {
        return Err(Error::Shape("there is not one number for each pair of classes"));
    }
    Ok(Tensor::floats(&[1, classes], solve(&matrix(pairs, classes), classes)))
}

/// The matrix whose quadratic form the probabilities make smallest, row by row.
fn matrix(pairs: &[f32], classes: usize) -> Vec<f32> {
    let mut beats = vec![0.0; classes * classes];
    let each = (0..classes).flat_map(|first| (first + 1..classes).map(move |second| (first, second)));
    for ((first, second), probability) in each.zip(pairs) {
        beats[first * classes + second] = *probability;
        beats[second * classes + first] = 1.0 - probability;
    }
    let mut matrix = vec![0.0; classes * classes];
    for row in 0..classes {
        for column in (0..classes).filter(|column| *column != row) {
            let lost = beats[column * classes + row];
            matrix[row * classes + row] += lost * lost;
            matrix[row * classes + column] = -lost * beats[row * classes + column];
        }
    }
    matrix
}

/// One probability after the other is moved to where it is best for the others as they are, and all are scaled to sum to 1.
fn solve(matrix: &[f32], classes: usize) -> Vec<f32> {
    let mut shares = vec![1.0 / classes as f32; classes];
    for _ in 0..ROUNDS_MAX {
        let products =
            matrix.chunks_exact(classes).map(|row| row.iter().zip(&shares).fold(0.0, |sum, (a, b)| sum + a * b));
        let mut products: Vec<f32> = products.collect();
        let mut form = shares.iter().zip(&products).fold(0.0, |sum, (share, product)| sum + share * product);
        let farthest = products.iter().map(|product| (product - form).abs()).fold(0.0, f32::max);
        if farthest < MOVED_MAX / classes as f32 {
            break;
        }
        for (class, row) in matrix.chunks_exact(classes).enumerate() {
            let step = (form - products[class]) / row[class];
            let scale = 1.0 + step;
            shares[class] += step;
            form = (form + step * (step * row[class] + 2.0 * products[class])) / scale / scale;
            for ((product, share), weight) in products.iter_mut().zip(&mut shares).zip(row) {
                *product = (*product + step * weight) / scale;
                *share /= scale;
            }
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coupled(pairs: &[f32], classes: usize) -> Vec<f32> {
        let made = coupling(&Tensor::floats(&[1, pairs.len()], pairs.to_vec()), classes).unwrap();
        made.as_floats().unwrap().to_vec()
    }

    #[test]
    fn sums_keep_what_32_bits_would_lose() {
        let row = Tensor::floats(&[1, 3], vec![1.0, 1.0, 1.0]);
        let weights = Tensor::floats(&[2, 3], vec![1e8, 1.0, -1e8, 1.0, 2.0, 3.0]);
        assert_eq!(scores(&row, &weights).unwrap(), Tensor::floats(&[1, 2], vec![1.0, 6.0]));
        assert!(scores(&row, &Tensor::floats(&[4], vec![0.0; 4])).is_err());
    }

    #[test]
    fn pairs_that_agree_with_each_other_give_the_probabilities_that_they_are_of() {
        let shares = [0.5_f32, 0.3, 0.2];
        let pair = |first: usize, second: usize| shares[first] / (shares[first] + shares[second]);
        let made = coupled(&[pair(0, 1), pair(0, 2), pair(1, 2)], 3);
        assert!(made.iter().zip(shares).all(|(made, share)| (made - share).abs() < 0.005), "{made:?}");
        let made = coupled(&[0.9], 2);
        assert!((made[0] - 0.9).abs() < 0.005 && (made[0] + made[1] - 1.0).abs() < 1e-6, "{made:?}");
    }

    #[test]
    fn more_or_fewer_pairs_than_classes_have_are_an_error() {
        for (pairs, classes) in [(2, 3), (1, 0), (0, 2)] {
            assert!(coupling(&Tensor::floats(&[1, pairs], vec![0.5; pairs]), classes).is_err());
        }
    }
}
