//! Trains and measures the example models, on the machine that has the corpora.
//!
//! The corpora are no part of the repository: [`Corpora`] says where they are looked for. What is trained
//! on is read with the host's parser and turned into features by the plugins' own code or by the host's, run natively, so
//! what is learned is what the sandbox will see; [`guest_message`] is the bridge.
//!
//! * **What gives the label away is masked** ([`mask`]): the traces of the person who collected the mail.
//! * **Near-duplicates stay on one side** of the split ([`split`]), and the split depends on nothing but
//!   the messages' bytes.
//! * **The same corpora give the same weights**, bit for bit.
//! * **No figure is typed by hand**: [`card`] writes what was measured into the releases' model cards.

#![forbid(unsafe_code)]

pub mod card;
mod compare;
mod corpora;
mod cross;
mod dump;
mod example;
mod fit;
mod guest;
pub mod mask;
mod metrics;
mod recipe;
mod reenact;
mod releases;
mod rows;
pub mod split;

pub use compare::{collection, sides};
pub use corpora::{Corpora, Label, Raw};
pub use dump::dump_features;
pub use example::{Example, GeneratedExample, generated, masked, spam_assassin};
pub use fit::{Fit, Model};
pub use guest::guest_message;
pub use metrics::{Quality, roc_auc};
pub use recipe::{MODERN, RECIPES, Recipe, Share, modern_mail};
pub use reenact::{Reenactment, Replayed, reenact};
pub use releases::{Flagged, Measured, scores, train_release};
pub use rows::{Row, Rows};
