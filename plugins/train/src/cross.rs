//! [`cross_fit`]: the mean of models that each have left out a part.

use rayon::prelude::*;

use crate::fit::{Fit, Model};
use crate::rows::Row;
use crate::split::FOLDS;

/// Fits a model for each fold on all other folds and on the rows that all have, and returns the mean of these models
/// (bagging: Breiman, 1996). It is calibrated by what each model makes of the fold that it has not seen: ten times as many
/// messages as in a part that is kept for it.
///
/// Of `rows` each has its fold.
pub(crate) fn cross_fit(fit: &Fit, bits: u32, rows: &[(Row, u8)], all_have: &[Row]) -> Model {
    let fitted = (0..FOLDS).into_par_iter().map(|fold| {
        let seen = rows.iter().filter(|(_, of)| *of != fold).map(|(row, _)| row);
        let model = fit.fit(&seen.chain(all_have).collect::<Vec<_>>(), bits);
        let unseen = rows.iter().filter(|(_, of)| *of == fold);
        let sums: Vec<_> = unseen.map(|(row, _)| (model.sum(row), row.target)).collect();
        (model, sums)
    });
    let (models, sums): (Vec<_>, Vec<_>) = fitted.collect::<Vec<_>>().into_iter().unzip();
    let mut mean = mean(&models);
    mean.calibrate_by(&sums.concat());
    mean
}

/// Weights and bias that are the means of those of some models.
fn mean(models: &[Model]) -> Model {
    let mean = |of: &dyn Fn(&Model) -> f64| models.iter().map(of).sum::<f64>() / models.len() as f64;
    let columns = models.first().map_or(0, |model| model.values.len());
    let values = (0..columns).map(|column| mean(&|model| f64::from(model.values[column])) as f32).collect();
    Model { bias: mean(&|model| model.bias), scale: 1.0, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIT: Fit = Fit { epochs: 5, rate: 0.1, decay: 1e-6 };

    fn row(features: &[u32], target: f64) -> Row {
        Row { features: features.iter().map(|index| (*index, 1.0)).collect(), target, weight: 1.0 }
    }

    #[test]
    fn the_mean_has_learned_what_its_models_have() {
        let rows: Vec<_> =
            (0..400).map(|i| (row(&[i % 2, 2 + i % 50], f64::from(i % 2)), (i / 2 % 10) as u8)).collect();
        let model = cross_fit(&FIT, 8, &rows, &[]);
        assert!(rows.iter().all(|(row, _)| (model.log_odds(row) > 0.0) == (row.target > 0.5)));
        assert_eq!(cross_fit(&FIT, 8, &rows, &[]), model);
    }

    #[test]
    fn a_fold_is_not_calibrated_by_the_model_that_has_seen_it() {
        // Each message has a feature of its own: what was seen is known by heart, and of the rest nothing is known.
        let rows: Vec<_> = (0..200).map(|i| (row(&[i], f64::from(i / 10 % 2)), (i % 10) as u8)).collect();
        let model = cross_fit(&FIT, 8, &rows, &[]);
        assert!(rows.iter().all(|(row, _)| model.log_odds(row).abs() < 0.7), "{} {}", model.bias, model.scale);
    }

    #[test]
    fn what_all_have_is_in_every_model() {
        let rows: Vec<_> = (0..100).map(|i| (row(&[i % 2], f64::from(i % 2)), (i / 2 % 10) as u8)).collect();
        let more: Vec<_> = (0..50).map(|i| row(&[10 + i % 2], f64::from(i % 2))).collect();
        let model = cross_fit(&FIT, 8, &rows, &more);
        assert!(model.values[11] > 0.1 && model.values[10] < -0.1, "{:?}", &model.values[..12]);
    }
}
