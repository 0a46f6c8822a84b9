//! Logistic regression as the releases of `linear` have it, which are frozen: AdaGrad stops near the optimum that `switchback train`
//! finds, so it learns other bits.

use std::borrow::Borrow;

use switchback_train::{Sigmoid, logistic};

use crate::rows::Row;

/// How a model is fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// How many times every example is seen.
    pub epochs: u32,
    /// The size of the first steps.
    pub rate: f64,
    /// The strength of the pull towards zero (L2), per step and active feature.
    pub decay: f64,
}

/// A fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The log-odds of a message of which nothing is known.
    pub bias: f64,
    /// What the weighted sum is multiplied by.
    pub scale: f64,
    /// One weight per column.
    pub values: Vec<f32>,
}

impl Fit {
    /// Fits a model of 2<sup>bits</sup> columns by AdaGrad (Duchi, Hazan and Singer, 2011): every weight has a
    /// step of its own, which gets smaller the more it has moved, so that rare words learn as fast as
    /// frequent ones. Examples are seen in an order that depends on their number alone.
    pub fn fit(&self, rows: &[impl Borrow<Row>], bits: u32) -> Model {
        let mut state = State { values: vec![(0.0, 0.0); 1 << bits], bias: (0.0, 0.0) };
        for epoch in 0..self.epochs {
            for index in shuffled(rows.len(), epoch) {
                state.step(rows[index].borrow(), self);
            }
        }
        let values = state.values.iter().map(|(weight, _)| *weight as f32).collect();
        Model { bias: state.bias.0, scale: 1.0, values }
    }
}

/// Weights, each with the sum of its squared gradients.
struct State {
    values: Vec<(f64, f64)>,
    bias: (f64, f64),
}

impl State {
    fn step(&mut self, row: &Row, fit: &Fit) {
        let sum: f64 =
            row.features.iter().map(|(index, value)| self.values[*index as usize].0 * f64::from(*value)).sum();
        let error = (logistic(self.bias.0 + sum) - row.target) * row.weight;
        for (index, value) in &row.features {
            let cell = &mut self.values[*index as usize];
            descend(cell, error * f64::from(*value) + fit.decay * cell.0, fit.rate);
        }
        descend(&mut self.bias, error, fit.rate);
    }
}

fn descend(cell: &mut (f64, f64), gradient: f64, rate: f64) {
    cell.1 += gradient * gradient;
    if cell.1 > 0.0 {
        cell.0 -= rate * gradient / cell.1.sqrt();
    }
}

/// The numbers below `count` in an order of their own per epoch (Fisher and Yates, with a generator of
/// the SplitMix64 kind).
fn shuffled(count: usize, epoch: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut state = u64::from(epoch);
    for last in (1..count).rev() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        order.swap(last, ((word ^ (word >> 31)) % (last as u64 + 1)) as usize);
    }
    order
}

impl Model {
    /// The log-odds that a row is unwanted.
    pub fn log_odds(&self, row: &Row) -> f64 {
        self.bias + self.scale * self.sum(row)
    }

    /// The sum of the weights of a row's features, not scaled.
    pub(crate) fn sum(&self, row: &Row) -> f64 {
        row.features.iter().map(|(index, value)| f64::from(self.values[*index as usize]) * f64::from(*value)).sum()
    }

    /// Chooses bias and scale anew, by rows that it was not fitted on, so that its probabilities mean what
    /// they say.
    pub fn calibrate(&mut self, rows: &[Row]) {
        let sums: Vec<(f64, f64)> = rows.iter().map(|row| (self.sum(row), row.target)).collect();
        self.calibrate_by(&sums);
    }

    /// The same by sums that are known, each with its target.
    pub(crate) fn calibrate_by(&mut self, sums: &[(f64, f64)]) {
        let Sigmoid { bias, scale } = Sigmoid { bias: self.bias, scale: self.scale }.fitted(sums);
        (self.bias, self.scale) = (bias, scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows whose label is the first column, with noise in the others.
    fn rows() -> Vec<Row> {
        let row = |i: u32| {
            let spam = i.is_multiple_of(3);
            let features = vec![(u32::from(spam), 1.0), (2 + i % 50, 1.0)];
            Row { features, target: f64::from(u8::from(spam)), weight: 1.0 }
        };
        (0..600).map(row).collect()
    }

    const FIT: Fit = Fit { epochs: 5, rate: 0.1, decay: 1e-6 };

    #[test]
    fn what_can_be_learned_is_learned_and_the_same_each_time() {
        let rows = rows();
        let model = FIT.fit(&rows, 8);
        assert!(rows.iter().all(|row| (model.log_odds(row) > 0.0) == (row.target > 0.5)));
        assert_eq!(FIT.fit(&rows, 8), model);
    }

    #[test]
    fn an_order_is_a_permutation() {
        let mut order = shuffled(1000, 3);
        assert_ne!(order, shuffled(1000, 4));
        order.sort_unstable();
        assert!(order.into_iter().eq(0..1000));
    }

    #[test]
    fn calibration_finds_the_odds() {
        // Of those with the first feature one half is unwanted, of those with the second one in ten.
        let rows: Vec<Row> = (0..400)
            .map(|i| Row {
                features: vec![(i % 2, 1.0)],
                target: f64::from(u8::from(if i % 2 == 0 { i % 4 == 0 } else { i % 20 == 1 })),
                weight: 1.0,
            })
            .collect();
        let mut model = Model { bias: 3.0, scale: 1.0, values: vec![0.3, -0.2] };
        model.calibrate(&rows);
        let probability = |row: usize| logistic(model.log_odds(&rows[row]));
        assert!((probability(0) - 0.5).abs() < 1e-6, "{}", probability(0));
        assert!((probability(1) - 0.1).abs() < 1e-6, "{}", probability(1));
    }
}
