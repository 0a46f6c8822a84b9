//! [`train_release`]: from a recipe to weights and measured figures.

use std::fmt;

use switchback_guest::{Message, Scorer};
use switchback_mailgen::Provider;
use switchback_plugin_linear::{Inputs, Linear, Weights};

use crate::corpora::Label;
use crate::cross::cross_fit;
use crate::example::{Example, GeneratedExample, generated};
use crate::metrics::Quality;
use crate::recipe::{BITS, FIT, Recipe, Share, WORD_BITS, gmail_phish_mail, measuring_mail, modern_mail};
use crate::rows::{Row, Rows};
use crate::split::Split;

/// The number of generated messages that every release is measured on.
const MEASURED_COUNT: u64 = 6000;

/// Trains a recipe on the examples' training part and calibrates it on the validation part; one that reads the host's words,
/// on both parts.
pub fn train_release(recipe: &Recipe, examples: &[Example]) -> Weights {
    let bits = match recipe.inputs {
        Inputs::Text => BITS,
        Inputs::Words => WORD_BITS,
    };
    let mut rows = Rows::new(recipe.inputs, bits);
    let half = recipe.share == Share::Half;
    let learned =
        of_split(&mut rows, examples, |one| one.place.split == Split::Train && (!half || one.place.first_half));
    let validation = of_split(&mut rows, examples, |one| one.place.split == Split::Validation);
    let generated = generated_rows(&mut rows, recipe);

    let model = match recipe.inputs {
        Inputs::Text => {
            let learned: Vec<_> = learned.iter().map(|(row, _)| row).chain(&generated).collect();
            let mut model = FIT.fit(&learned, bits);
            model.calibrate(&validation.into_iter().map(|(row, _)| row).collect::<Vec<_>>());
            model
        }
        Inputs::Words => cross_fit(&FIT, bits, &[learned, validation].concat(), &generated),
    };
    Weights::new(recipe.inputs, model.bias, model.scale, &model.values)
}

/// The rows of some examples, each with its fold.
fn of_split(rows: &mut Rows, examples: &[Example], wanted: impl Fn(&Example) -> bool) -> Vec<(Row, u8)> {
    let chosen = examples.iter().filter(|one| wanted(one));
    chosen.map(|one| (rows.row(&one.message, one.label, 1.0), one.place.fold)).collect()
}

/// The rows of the generated mail that a recipe adds.
fn generated_rows(rows: &mut Rows, recipe: &Recipe) -> Vec<Row> {
    let modern = generated(&modern_mail(), recipe.modern);
    let mut all: Vec<_> = modern.iter().map(|one| rows.row(&one.message, one.label(), 1.0)).collect();
    if let Some((count, weight)) = recipe.gmail_phish {
        let batch = generated(&gmail_phish_mail(), count);
        all.extend(batch.iter().map(|one| rows.row(&one.message, Label::Spam, weight)));
    }
    all
}

/// What was measured of a release, by the plugin's own scoring.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// On the part of the corpus that was never trained on.
    pub held_out: Quality,
    /// On generated mail: how much is flagged of each cohort.
    pub flagged: Flagged,
}

/// Shares of generated mail that are flagged, 0 to 1.
#[derive(Clone, Copy, Debug)]
pub struct Flagged {
    /// Of wanted mail from Gmail.
    pub gmail_ham: f64,
    /// Of other wanted mail, bulk included.
    pub other_ham: f64,
    /// Of unwanted mail.
    pub unwanted: f64,
    /// Of all that does not come from Gmail, wanted or not.
    pub other: f64,
    /// Of everything.
    pub all: f64,
}

impl Measured {
    /// Measures weights on the examples' held-out part and on generated mail.
    ///
    /// # Errors
    /// If the plugin does not take the weights.
    pub fn of(weights: &Weights, examples: &[Example]) -> Result<Self, switchback_guest::Error> {
        let mut model = Linear::prepare(&weights.to_bytes())?;
        let held_out = examples.iter().filter(|one| one.place.split == Split::Test);
        let held_out = Quality::of(&scores(&mut model, held_out)?);
        Ok(Self { held_out, flagged: Flagged::by(&mut model)? })
    }

    /// The figures as a model card names them.
    pub fn figures(&self) -> Vec<(String, f64)> {
        let (held_out, flagged) = (&self.held_out, &self.flagged);
        let figures = [
            ("held_out_messages", held_out.count as f64),
            ("precision", held_out.precision),
            ("recall", held_out.recall),
            ("false_positive_rate", held_out.false_positive_rate),
            ("roc_auc", held_out.roc_auc),
            ("generated_gmail_ham_flagged", flagged.gmail_ham),
            ("generated_other_ham_flagged", flagged.other_ham),
            ("generated_unwanted_flagged", flagged.unwanted),
            ("generated_without_gmail_flagged", flagged.other),
            ("generated_all_flagged", flagged.all),
        ];
        figures.into_iter().map(|(name, figure)| (name.to_owned(), figure)).collect()
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.figures().into_iter().try_for_each(|(name, figure)| writeln!(f, "  {name:<32} {figure:.4}"))
    }
}

/// The log-odds and the truth of examples.
///
/// # Errors
/// If the model fails.
pub fn scores<'a>(
    model: &mut Linear,
    examples: impl Iterator<Item = &'a Example>,
) -> Result<Vec<(f64, bool)>, switchback_guest::Error> {
    examples.map(|one| Ok((log_odds(model, &one.message)?, one.label == Label::Spam))).collect()
}

fn log_odds(model: &mut Linear, message: &Message) -> Result<f64, switchback_guest::Error> {
    let assessment = model.score(message)?.into_assessment().ok_or("the model abstained")?;
    Ok(assessment.reasons.iter().map(|reason| reason.weight).sum())
}

impl Flagged {
    fn by(model: &mut Linear) -> Result<Self, switchback_guest::Error> {
        let mut verdicts = Vec::new();
        for one in generated(&measuring_mail(), MEASURED_COUNT) {
            let flagged = log_odds(model, &one.message)? >= 0.0;
            verdicts.push((one, flagged));
        }
        let share = |cohort: fn(&GeneratedExample) -> bool| {
            let chosen = verdicts.iter().filter(|(one, _)| cohort(one));
            let (count, flagged) = chosen.fold((0, 0), |(n, k), (_, flagged)| (n + 1, k + usize::from(*flagged)));
            flagged as f64 / f64::from(count)
        };
        Ok(Self {
            gmail_ham: share(|one| one.label() == Label::Ham && one.provider == Provider::Gmail),
            other_ham: share(|one| one.label() == Label::Ham && one.provider != Provider::Gmail),
            unwanted: share(|one| one.label() == Label::Spam),
            other: share(|one| one.provider != Provider::Gmail),
            all: share(|_| true),
        })
    }
}
