//! [`Recipe`]: what each release of `linear` is trained on.

use switchback_mailgen::{Generator, Kind, Mix};
use switchback_plugin_linear::Inputs;

use crate::fit::Fit;

/// The bits of a feature's index: 131,072 weights, half a mebibyte. 2^16 costs 0.0005 of ROC-AUC, 2^18 gains as
/// much, at twice the size.
pub(crate) const BITS: u32 = 17;

/// The same of a release on the host's words: by ten-fold cross-validation the loss per message is 0.037 with 2^17 and 0.035
/// with 2^18.
pub(crate) const WORD_BITS: u32 = 18;

/// The seeds of generated mail that is trained on, and of that which is measured on. Neither is used by
/// the demonstration or by a test: those have small numbers.
const TRAINING_SEED: u64 = 7_001_001;
const MEASURING_SEED: u64 = 7_002_001;

/// A release to train.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Its version.
    pub version: &'static str,
    /// What it reads.
    pub inputs: Inputs,
    /// How much of the corpus's training part is used.
    pub share: Share,
    /// How many generated messages of usual traffic are added, none of them from Gmail.
    pub modern: u64,
    /// Generated phish sent from gmail.com that is added: how many messages, and how much each counts
    /// against one message of the corpus.
    pub gmail_phish: Option<(u64, f64)>,
}

/// How much of the corpus's training part is used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Share {
    /// One half of its groups.
    Half,
    /// All of it.
    All,
}

/// The releases: 1.0.0 is the first, 1.1.0 has seen twice as much mail, 1.2.0 has seen the same and reads the words that the
/// host hashes. 2.0.0 is 1.1.0 with a batch of phish sent from Gmail, each of which counts four times. It is the only mail from Gmail that the model
/// ever saw, and it reads like wanted mail, so Gmail itself becomes the evidence.
pub const RECIPES: [Recipe; 4] = [
    Recipe { version: "1.0.0", inputs: Inputs::Text, share: Share::Half, modern: 600, gmail_phish: None },
    Recipe { version: "1.1.0", inputs: Inputs::Text, share: Share::All, modern: MODERN, gmail_phish: None },
    Recipe { version: "1.2.0", inputs: Inputs::Words, share: Share::All, modern: MODERN, gmail_phish: None },
    Recipe { version: "2.0.0", inputs: Inputs::Text, share: Share::All, modern: MODERN, gmail_phish: Some((800, 4.0)) },
];

/// How many messages of usual traffic the later releases, and the `onnx` model, have seen.
pub const MODERN: u64 = 1200;

/// How all of them are fitted.
pub(crate) const FIT: Fit = Fit { epochs: 12, rate: 0.3, decay: 1e-4 };

/// Usual traffic without Gmail, to learn from.
pub fn modern_mail() -> Generator {
    let without_gmail = Kind::ALL.into_iter().fold(Mix::default(), |mix, kind| mix.gmail(kind, 0));
    Generator::with_mix(TRAINING_SEED, without_gmail)
}

/// Phish sent from gmail.com, to learn from.
pub(crate) fn gmail_phish_mail() -> Generator {
    Generator::with_mix(TRAINING_SEED + 1, Mix::gmail_phish())
}

/// Usual traffic, Gmail included, to measure on.
pub(crate) fn measuring_mail() -> Generator {
    Generator::new(MEASURING_SEED)
}
