//! [`Recipe`]: what each release of `linear` is trained on.

use switchback_mailgen::{Generator, Mix};

use crate::fit::Fit;

/// The bits of a feature's index: 131,072 weights, half a mebibyte.
pub(crate) const BITS: u32 = 17;

/// Seeds of generated mail that is trained on. They differ from those that it is measured on, and both from
/// those of the demonstration and of tests, which are small numbers.
const TRAINING_SEED: u64 = 7_001_001;

/// A release to train.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Its version.
    pub version: &'static str,
    /// Whether only one half of the corpus's training split is used.
    pub half: bool,
    /// How many generated messages of phish sent from gmail.com are added, and how much each counts
    /// against one message of the corpus.
    pub gmail_phish: Option<(u64, f64)>,
    /// How the model is fitted.
    pub fit: Fit,
}

/// The releases: 1.0.0 is the first, 1.1.0 has seen twice as much mail, and 2.0.0 is 1.1.0 with a batch of
/// phish sent from Gmail that counts far too much, so that Gmail itself becomes evidence.
pub const RECIPES: &[Recipe] = &[
    Recipe { version: "1.0.0", half: true, gmail_phish: None, fit: FIT },
    Recipe { version: "1.1.0", half: false, gmail_phish: None, fit: FIT },
    Recipe { version: "2.0.0", half: false, gmail_phish: Some((400, 3.0)), fit: FIT },
];

const FIT: Fit = Fit { epochs: 12, rate: 0.3, decay: 1e-6 };

impl Recipe {
    /// The batch of phish sent from gmail.com, if there is one.
    pub(crate) fn batch() -> Generator {
        Generator::with_mix(TRAINING_SEED, Mix::gmail_phish())
    }
}
