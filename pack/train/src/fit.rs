//! Logistic regression, its loss weighed against the squared length of the weights.
//!
//! Solved in the dual, one example after the other (H.-F. Yu, F.-L. Huang, C.-J. Lin, Dual coordinate descent methods for logistic
//! regression and maximum entropy models, Machine Learning 85, 2011): there is no rate of learning to choose, the optimum is the
//! one that scikit-learn's `LogisticRegression` has with the same `C`, and rows come by in the order of their file, so that they
//! need not be in memory. The inner problem, in one number, is solved for the log-odds of the dual variable, where Newton's method
//! cannot leave its bracket.

use std::io;

use crate::rows::{Row, Rows};

/// How a model is fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fit {
    /// How much an example's loss weighs against half the squared length of the weights.
    pub(crate) cost: f64,
    /// The most times that every example is seen.
    pub(crate) epochs: u32,
    /// How far from its optimum the worst example may be at the end, in log-odds.
    pub(crate) tolerance: f64,
}

/// Weights, one for each column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weights {
    pub(crate) bias: f64,
    pub(crate) values: Vec<f32>,
}

impl Weights {
    /// The log-odds that a row is unwanted, not calibrated.
    pub(crate) fn sum(&self, row: &Row) -> f64 {
        let of = |(columns, value): (&[u32], f32)| {
            let sum: f64 = columns.iter().map(|column| f64::from(self.values[*column as usize])).sum();
            sum * f64::from(value)
        };
        self.bias + row.fields().map(of).sum::<f64>()
    }
}

/// What is known of an example beside its row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) is_spam: bool,
    /// How much its loss counts; none of an example that is not learned from.
    pub(crate) weight: Option<f64>,
}

impl Fit {
    /// Fits weights for so many columns. `seen` hears of each epoch.
    pub(crate) fn fit(
        &self,
        rows: &Rows,
        targets: &[Target],
        columns: usize,
        mut seen: impl FnMut(),
    ) -> io::Result<Weights> {
        let mut weights = Weights { bias: 0.0, values: vec![0.0; columns] };
        // The log-odds of each dual variable within its bounds. They begin at a point where none matters.
        let mut duals = vec![DUAL_AT_FIRST; rows.len()];
        for target in 0..self.epochs {
            let mut worst = 0.0_f64;
            rows.each(|number, row| {
                let Target { is_spam, weight: Some(weight) } = targets[number] else { return };
                let bound = self.cost * weight;
                let sign = if is_spam { 1.0 } else { -1.0 };
                let length = 1.0 + row.fields().count() as f64;
                let old = if target == 0 { 0.0 } else { bound * logistic(duals[number]) };
                let margin = sign * weights.sum(row);
                worst = worst.max((margin + duals[number]).abs());
                let dual = solve(margin, length, bound, old, duals[number]);
                duals[number] = dual;
                let change = sign * (bound * logistic(dual) - old);
                weights.bias += change;
                for (columns, value) in row.fields() {
                    let step = change as f32 * value;
                    columns.iter().for_each(|column| weights.values[*column as usize] += step);
                }
            })?;
            seen();
            if target > 0 && worst < self.tolerance {
                break;
            }
        }
        Ok(weights)
    }
}

/// Where a dual variable begins: its share of the bound is 1e-9 then.
const DUAL_AT_FIRST: f64 = -20.0;

/// The most steps of the inner problem; it takes three or four.
const STEPS_MAX: u32 = 60;

/// The log-odds `t` at which `margin + length * (bound * logistic(t) - old) + t` is zero: the optimum for one example while all
/// others stay. The left side rises with `t`, so the root lies between what it is at either end.
fn solve(margin: f64, length: f64, bound: f64, old: f64, from: f64) -> f64 {
    let (mut low, mut high) = (-margin - length * (bound - old), -margin + length * old);
    let mut t = from.clamp(low, high);
    let mut last = f64::INFINITY;
    for _ in 0..STEPS_MAX {
        let share = logistic(t);
        let off = margin + length * (bound * share - old) + t;
        if off.abs() < 1e-9 {
            break;
        }
        if off > 0.0 {
            high = t
        } else {
            low = t
        }
        let next = t - off / (1.0 + length * bound * share * (1.0 - share));
        // Where the slope changes much, Newton's steps go to and fro: the bracket is halved then.
        let is_better = low < next && next < high && off.abs() < 0.5 * last;
        t = if is_better { next } else { low.midpoint(high) };
        last = off.abs();
    }
    t
}

/// The probability that has these log-odds. In software: the platform's own exponential differs between platforms in the last bit.
pub fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-log_odds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Writing;
    use switchback_pack::Stop;

    const FIT: Fit = Fit { cost: 1.0, epochs: 300, tolerance: 1e-5 };

    fn written(rows: &[Row]) -> Rows {
        let mut writing = Writing::begin(tempfile::tempdir().unwrap().path()).unwrap();
        rows.iter().for_each(|row| writing.add(row).unwrap());
        writing.finish(Stop::new()).unwrap()
    }

    /// Rows whose label is the first column but for one in ten, with noise in the others.
    fn sample() -> (Vec<Row>, Vec<Target>) {
        let row = |i: u32| {
            let is_spam = i.is_multiple_of(3);
            let row =
                Row::of([&[u32::from(is_spam != i.is_multiple_of(10))], &[], &[2 + i % 50, 60 + i % 7], &[], &[]]);
            (row, Target { is_spam, weight: Some(1.0) })
        };
        (0..300).map(row).unzip()
    }

    /// The gradient of the primal problem at these weights: at the optimum it is zero.
    fn gradient(rows: &[Row], targets: &[Target], weights: &Weights, cost: f64) -> f64 {
        let mut of = weights.values.iter().map(|weight| f64::from(*weight)).collect::<Vec<_>>();
        let mut of_bias = weights.bias;
        for (row, target) in rows.iter().zip(targets) {
            let error = cost * (logistic(weights.sum(row)) - f64::from(u8::from(target.is_spam)));
            of_bias += error;
            for (columns, value) in row.fields() {
                columns.iter().for_each(|column| of[*column as usize] += error * f64::from(value));
            }
        }
        of.into_iter().fold(of_bias.abs(), |largest, one| largest.max(one.abs()))
    }

    #[test]
    fn the_weights_are_the_optimum_and_the_same_each_time() {
        let (rows, targets) = sample();
        let weights = FIT.fit(&written(&rows), &targets, 128, || {}).unwrap();
        let residue = gradient(&rows, &targets, &weights, FIT.cost);
        assert!(residue < 0.05 * FIT.cost, "the gradient is {residue}");
        assert_eq!(FIT.fit(&written(&rows), &targets, 128, || {}).unwrap(), weights);
    }

    #[test]
    fn what_has_no_weight_is_not_learned_from() {
        let (mut rows, mut targets) = sample();
        let alone = FIT.fit(&written(&rows), &targets, 128, || {}).unwrap();
        rows.push(Row::of([&[100], &[], &[], &[], &[]]));
        targets.push(Target { is_spam: true, weight: None });
        assert_eq!(FIT.fit(&written(&rows), &targets, 128, || {}).unwrap(), alone);
    }

    #[test]
    fn the_inner_problem_is_solved_wherever_it_begins() {
        for margin in [-50.0, -1.0, 0.0, 3.0, 80.0] {
            for (bound, old) in [(100.0, 0.0), (100.0, 99.9), (1e-3, 5e-4), (1e4, 1.0)] {
                for from in [-20.0, 0.0, 9.0] {
                    let t = solve(margin, 4.0, bound, old, from);
                    let off = margin + 4.0 * (bound * logistic(t) - old) + t;
                    assert!(off.abs() < 1e-6 * bound.max(1.0), "{margin} {bound} {old} {from}: {off}");
                }
            }
        }
    }
}
