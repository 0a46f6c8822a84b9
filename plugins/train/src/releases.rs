//! [`train_release`]: from a recipe to weights and measured figures.

use switchback_guest::Message;
use switchback_mailgen::{Generator, Provider};
use switchback_plugin_linear::Weights;

use crate::corpora::Label;
use crate::example::{Example, GeneratedExample, generated};
use crate::fit::Model;
use crate::metrics::Quality;
use crate::recipe::{BITS, Recipe};
use crate::rows::{Row, Rows};
use crate::split::Split;

/// The seed and the number of generated messages that every release is measured on.
const MEASURING_SEED: u64 = 7_002_001;
const MEASURED_COUNT: u64 = 6000;

/// A trained release with what was measured.
#[derive(Debug)]
pub struct Measured {
    /// What it is worth on the part of the corpus that was never trained on.
    pub held_out: Quality,
    /// What it does to generated mail.
    pub generated: Generalisation,
    /// How many messages it was trained on.
    pub trained_on: usize,
    /// The weight file.
    pub weights: Weights,
}

/// How a model trained on old mail behaves on generated modern mail: shares flagged.
#[derive(Clone, Copy, Debug)]
pub struct Generalisation {
    /// Of wanted mail from Gmail.
    pub gmail_ham_flagged: f64,
    /// Of other wanted mail between people.
    pub other_ham_flagged: f64,
    /// Of wanted bulk mail: receipts, notifications, newsletters.
    pub bulk_flagged: f64,
    /// Of unwanted mail.
    pub unwanted_flagged: f64,
    /// Of all that does not come from Gmail, wanted or not.
    pub other_flagged: f64,
    /// Of everything.
    pub flagged: f64,
}

/// Trains a recipe on the examples' training part, calibrates it on the validation part and measures it on
/// the held-out part.
pub fn train_release(recipe: &Recipe, examples: &[Example]) -> Measured {
    let mut rows = Rows::new(BITS);
    let mut training = of_split(&mut rows, examples, Split::Train, recipe.half);
    if let Some((count, weight)) = recipe.gmail_phish {
        let batch = generated(&Recipe::batch(), count);
        training.extend(batch.iter().map(|one| rows.row(&one.message, Label::Spam, weight)));
    }
    let mut model = recipe.fit.fit(&training, BITS);
    model.calibrate(&of_split(&mut rows, examples, Split::Validation, false));
    Measured {
        held_out: Quality::of(&scores(&model, &of_split(&mut rows, examples, Split::Test, false))),
        generated: generalisation(&model, &mut rows),
        trained_on: training.len(),
        weights: Weights::new(model.bias, model.scale, model.values),
    }
}

fn of_split(rows: &mut Rows, examples: &[Example], split: Split, half: bool) -> Vec<Row> {
    let chosen = examples.iter().filter(|one| one.place.split == split && (!half || one.place.first_half));
    chosen.map(|one| rows.row(&one.message, one.label, 1.0)).collect()
}

fn scores(model: &Model, rows: &[Row]) -> Vec<(f64, bool)> {
    rows.iter().map(|row| (model.log_odds(row), row.target > 0.5)).collect()
}

fn generalisation(model: &Model, rows: &mut Rows) -> Generalisation {
    let mail = generated(&Generator::new(MEASURING_SEED), MEASURED_COUNT);
    let mut flagged = |message: &Message| model.log_odds(&rows.row(message, Label::Ham, 1.0)) >= 0.0;
    let verdicts: Vec<(&GeneratedExample, bool)> = mail.iter().map(|one| (one, flagged(&one.message))).collect();
    let share = |wanted: &dyn Fn(&GeneratedExample) -> bool| {
        let chosen: Vec<bool> = verdicts.iter().filter(|(one, _)| wanted(one)).map(|(_, flagged)| *flagged).collect();
        chosen.iter().filter(|flagged| **flagged).count() as f64 / chosen.len() as f64
    };
    let ham = |one: &GeneratedExample| !one.kind.is_unwanted();
    let gmail = |one: &GeneratedExample| one.provider == Provider::Gmail;
    let bulk = |one: &GeneratedExample| one.kind.is_bulk();
    Generalisation {
        gmail_ham_flagged: share(&|one| ham(one) && gmail(one)),
        other_ham_flagged: share(&|one| ham(one) && !gmail(one) && !bulk(one)),
        bulk_flagged: share(&bulk),
        unwanted_flagged: share(&|one| !ham(one)),
        other_flagged: share(&|one| !gmail(one)),
        flagged: share(&|_| true),
    }
}
