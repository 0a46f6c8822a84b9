//! Why no model came of it.

use std::io;

use switchback_pack::PackError;

use crate::label::Label;

/// Why a training failed. Nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// There is no message of a label.
    #[error("there is no {} mail: name folders or files that have some", word(*.0))]
    Empty(Label),
    /// There is too little of a label to learn anything that could be measured.
    #[error(
        "{read} {} messages make {campaigns} different threads and campaigns to learn from, and 40 are needed: copies and answers to \
         one message count once, and mail after a date that parts it does not; add mail of that kind",
        word(*label)
    )]
    TooFew {
        /// The label.
        label: Label,
        /// Groups of messages that can be learned from.
        campaigns: u64,
        /// Messages that were read.
        read: u64,
    },
    /// The same mail was given for both labels.
    #[error("{both} of {read} messages are there as wanted and as unwanted mail: name two different sources")]
    SameMail {
        /// Messages that are there twice, with both labels.
        both: u64,
        /// Messages that were read.
        read: u64,
    },
    /// A label has nothing that could be measured on.
    #[error("no {} message is left to measure on: choose another date, or add mail that came after it", word(*.0))]
    NothingHeldOut(Label),
    /// Somebody asked for its end: [`Stop`](crate::Stop).
    #[error("the training was stopped")]
    Stopped,
    /// The file with the features cannot be written or read.
    #[error("the temporary file with the features")]
    Spill(#[from] io::Error),
    /// The model cannot be packed.
    #[error("the trained model cannot be packed")]
    Pack(#[from] PackError),
    /// The guest that this program contains is not whole.
    #[error("the trained model cannot be packed")]
    Guest(#[from] switchback_guests::DamagedGuest),
    /// A setting is out of its range.
    #[error("{0}")]
    Setting(String),
}

fn word(label: Label) -> &'static str {
    match label {
        Label::Ham => "wanted",
        Label::Spam => "unwanted",
    }
}
