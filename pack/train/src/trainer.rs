//! [`Trainer`]: from a collection of examples to a model that was measured.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use switchback::Message;
use switchback_linear::{Known, Model, Structure};
use switchback_pack::Stop;

use crate::calibrate::{Sigmoid, log_odds_of};
use crate::collection::{Collection, Finished};
use crate::error::TrainError;
use crate::example::{TEXT_FIELDS, kinds_of};
use crate::fit::{Fit, Target, Weights};
use crate::label::Label;
use crate::limits::{BITS, CROSS_FIT_MAX, FOLDS, STRUCTURE_MAX};
use crate::measure::{Measuring, Scored};
use crate::naming::names;
use crate::quality::threshold;
use crate::report::{Judged, Report};
use crate::rows::{Row, Rows, Writing};
use crate::split::{Kept, Placed, Split, split};
use crate::vocabulary::Vocabulary;

/// How all models are fitted. The cost is the one of the best of 0.1 to 1,000 on mail of two decades, the epochs those after which
/// nothing changed there that one could measure.
const FIT: Fit = Fit { cost: 100.0, epochs: 12, tolerance: 0.05 };

/// What a training is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// It sorts the examples and looks for copies.
    Sorting,
    /// It writes them down in the order in which they are learned from.
    Preparing,
    /// It learns: so many rounds over the mail of at most so many are done.
    Learning {
        /// Rounds that are done.
        done: u32,
        /// The most that there are.
        of: u32,
    },
    /// It measures what came of it.
    Measuring,
}

/// Trains a linear model on a [`Collection`].
///
/// The same mail makes the same model, in whatever order it was added and however many threads there are.
#[derive(Clone, Debug)]
#[must_use = "a trainer does nothing until `train`"]
pub struct Trainer {
    max_false_positives: f64,
    split: Split,
    prior: Option<f64>,
    folder: PathBuf,
    stop: Stop,
}

impl Default for Trainer {
    fn default() -> Self {
        Self {
            max_false_positives: 0.001,
            split: Split::default(),
            prior: None,
            folder: std::env::temp_dir(),
            stop: Stop::new(),
        }
    }
}

/// A model that was measured.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trained {
    /// What the guest is given.
    pub model: Model,
    /// What it learned from, and how good it is.
    pub report: Report,
    /// Every message that it was measured on, in the order of their digests.
    pub held_out: Vec<Judged>,
}

impl Trained {
    /// The log-odds that a message is unwanted, of all that the release reads of it.
    pub fn log_odds(&self, message: &Message) -> f64 {
        let kinds: Vec<_> = kinds_of(self.model.kinds()).map(|kind| message.features(kind)).collect();
        let field =
            |field: usize| self.model.text(&kinds.iter().map(|kind| &*kind.fields()[field]).collect::<Vec<_>>());
        let text: f64 = (0..TEXT_FIELDS).map(field).sum();
        text + self.model.structure(message.structure().features()) + self.model.bias()
    }
}

impl Trainer {
    /// The share of wanted messages that may be flagged, for which a threshold is chosen: above 0 and below 1. Default 0.001.
    pub fn max_false_positives(mut self, share: f64) -> Self {
        self.max_false_positives = share;
        self
    }

    /// What is measured on. Default: a fifth of the campaigns.
    pub fn split(mut self, split: Split) -> Self {
        self.split = split;
        self
    }

    /// The share of unwanted mail where the model will be used, above 0 and below 1: all log-odds move by the same amount, and with
    /// them the threshold, so no message gets another verdict unless one of the two thresholds would be below 0.5. Default: the share
    /// in the mail that is learned from.
    pub fn prior(mut self, share: f64) -> Self {
        self.prior = Some(share);
        self
    }

    /// Where files without a name are made: they need about 10 KB for each message. Default: the folder for temporary files.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// What ends trainings before they are done. Default: nothing does.
    pub fn stopped_by(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Trains and measures. `on_step` hears what it is doing, from whichever thread does it.
    ///
    /// # Errors
    /// [`TrainError`]: too little mail, the same for both labels, no room for the files.
    pub fn train(&self, mail: Collection, on_step: impl Fn(Step) + Sync) -> Result<Trained, TrainError> {
        let trained = self.trained(mail, on_step);
        // It was whatever was read next that failed.
        trained.map_err(|error| if self.stop.is_asked_for() { TrainError::Stopped } else { error })
    }

    fn trained(&self, mail: Collection, on_step: impl Fn(Step) + Sync) -> Result<Trained, TrainError> {
        is_share(self.max_false_positives, "wanted")?;
        self.prior.map_or(Ok(()), |share| is_share(share, "unwanted"))?;
        on_step(Step::Sorting);
        let mail = mail.finish(self.stop.clone())?;
        let (placed, kept) = split(&mail.index, self.split)?;
        on_step(Step::Preparing);
        let (known, telling) = Vocabulary::of(&mail, &structures(&mail, &placed)?);
        let part = |is_held_out: bool| placed.iter().copied().filter(|one| one.fold.is_none() == is_held_out).collect();
        let (learned, held_out): (Vec<Placed>, Vec<Placed>) = (part(false), part(true));
        let rows = write_rows(&self.folder, &mail, &learned, &known)?;
        let learning =
            Learning { mail: &mail, learned: &learned, rows: &rows, columns: (1 << BITS) + known.features().len() };
        let (weights, unseen) = learning.weights(&kept, &on_step)?;
        on_step(Step::Measuring);
        let probe = learning.age_probe()?;
        drop(rows);

        let sums: Vec<_> = unseen.iter().map(|one| (one.sum, one.label.is_spam())).collect();
        let learned_prior = kept.training_spam as f64 / (kept.training_ham + kept.training_spam) as f64;
        let prior = self.prior.unwrap_or(learned_prior);
        let sigmoid = Sigmoid::of(&sums).moved(log_odds_of(prior) - log_odds_of(learned_prior));
        // What is likelier to be wanted is not flagged for the sake of a share that may be.
        let limit = sigmoid.log_odds(threshold(&sums, self.max_false_positives)).max(0.0);
        let model = model_of(&mail, &weights, &known, sigmoid);
        let names = names(&mail, &learned, &model)?;
        let model = model.named(names);
        let unseen = unseen.into_iter().map(|one| Scored { sum: sigmoid.log_odds(one.sum), ..one }).collect();
        let measuring = Measuring {
            mail: &mail,
            kept,
            placed: &placed,
            held_out: &held_out,
            unseen,
            model: &model,
            limit,
            max_false_positives: self.max_false_positives,
            split: self.split,
            prior,
        };
        let (report, held_out) = measuring.report(telling, probe)?;
        Ok(Trained { model, report, held_out })
    }
}

fn is_share(share: f64, what: &str) -> Result<(), TrainError> {
    match share > 0.0 && share < 1.0 {
        true => Ok(()),
        false => Err(TrainError::Setting(format!("{share} is not a share of {what} mail above 0 and below 1"))),
    }
}

/// How many messages of the training part have each feature of the structure.
fn structures(mail: &Finished, placed: &[Placed]) -> io::Result<HashMap<u32, u32>> {
    let mut counts = HashMap::new();
    for one in placed.iter().filter(|one| one.fold.is_some()) {
        mail.read(one.at)?.structure.into_iter().for_each(|feature| *counts.entry(feature).or_default() += 1);
    }
    Ok(counts)
}

fn write_rows(folder: &Path, mail: &Finished, placed: &[Placed], known: &Vocabulary) -> io::Result<Rows> {
    let mut writing = Writing::begin(folder)?;
    for one in placed {
        let spilled = mail.read(one.at)?;
        let mut row = Row::default();
        let kinds = spilled.texts.len() / TEXT_FIELDS;
        for (field, texts) in spilled.texts.chunks(kinds).enumerate() {
            row.columns.extend(texts.iter().flatten().map(|feature| feature >> (u32::BITS - BITS)));
            row.ends[field] = row.columns.len() as u32;
        }
        row.columns.extend(
            spilled.structure.iter().filter_map(|feature| known.place(*feature)).map(|place| (1 << BITS) + place),
        );
        row.ends[TEXT_FIELDS] = row.columns.len() as u32;
        writing.add(&row)?;
    }
    writing.finish(mail.stop.clone())
}

/// What all fits of a training share.
pub(crate) struct Learning<'a> {
    pub(crate) mail: &'a Finished,
    pub(crate) learned: &'a [Placed],
    pub(crate) rows: &'a Rows,
    pub(crate) columns: usize,
}

impl Learning<'_> {
    /// The weights, and what models that have not seen them make of the messages: of each fold the sums by a model of the
    /// others.
    fn weights(&self, kept: &Kept, on_step: &(impl Fn(Step) + Sync)) -> io::Result<(Weights, Vec<Scored>)> {
        let labels = [kept.training_ham as f64, kept.training_spam as f64];
        // Both labels count as much.
        let weight = |label: Label| (labels[0] + labels[1]) / (2.0 * labels[label as usize]);
        let folds = if self.learned.len() > CROSS_FIT_MAX { 1 } else { FOLDS };
        let done = std::sync::atomic::AtomicU32::new(0);
        let of = FIT.epochs * (u32::from(folds) + 1);
        let seen = || {
            let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            on_step(Step::Learning { done: done.min(of), of });
        };
        let fit = |left_out: Option<u8>| {
            let target = |one: &Placed| {
                let label = self.mail.index[one.at].label;
                Target { is_spam: label.is_spam(), weight: (one.fold != left_out).then(|| weight(label)) }
            };
            FIT.fit(self.rows, &self.learned.iter().map(target).collect::<Vec<_>>(), self.columns, seen)
        };
        let all: Vec<_> = std::iter::once(None).chain((0..folds).map(Some)).collect();
        let fitted = all.into_par_iter().map(|left_out| Ok((left_out, fit(left_out)?)));
        let fitted = fitted.collect::<io::Result<Vec<_>>>()?;
        let mut weights = None;
        let mut unseen = Vec::new();
        for (left_out, fitted) in fitted {
            match left_out {
                None => weights = Some(fitted),
                Some(_) => self.rows.each(|number, row| {
                    let one = self.learned[number];
                    if one.fold == left_out {
                        let label = self.mail.index[one.at].label;
                        unseen.push(Scored { at: one.at, label, sum: fitted.sum(row) });
                    }
                })?,
            }
        }
        unseen.sort_by_key(|one| self.mail.index[one.at].traits.sha256);
        let weights = weights.unwrap_or(Weights { bias: 0.0, values: Vec::new() });
        Ok((weights, unseen))
    }
}

/// The model: weights, rounded as a release has them, with the calibration in them.
fn model_of(mail: &Finished, weights: &Weights, known: &Vocabulary, sigmoid: Sigmoid) -> Model {
    let (text, structure) = weights.values.split_at(1 << BITS);
    let name = |feature: &u32| mail.fields.get(feature).map(|(name, _)| format!("field:{name}")).unwrap_or_default();
    let known = known.features().iter().zip(structure);
    let known = known.map(|(feature, weight)| Known { feature: *feature, weight: *weight, name: name(feature) });
    let structure = Structure::new(known.collect());
    Model::new(mail.kinds(), weights.bias, text, structure).calibrated(sigmoid.scale, sigmoid.bias)
}

const _: () = assert!(STRUCTURE_MAX <= u16::MAX as usize, "the model's file counts known features in two bytes");
