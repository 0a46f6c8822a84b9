//! [`Source`]: what a model takes of a message, and [`Given`]: what it was given.

use serde::{Deserialize, Serialize};

use crate::tensor::Tensor;

/// Something of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Source {
    /// What the host hashes.
    Features {
        /// Of which kinds, in order.
        kinds: Vec<Kind>,
        /// Of which fields, in order.
        fields: Vec<Field>,
        /// How many bits of each hash count.
        bits: u32,
        /// How they become numbers.
        form: Form,
    },
    /// Facts, by their names in the contract.
    Facts(Vec<String>),
    /// Texts, each on lines of its own.
    Text {
        /// Which.
        fields: Vec<Text>,
        /// The most bytes of each.
        bytes_max: u32,
    },
}

/// Kinds of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is the kind of that name")]
pub enum Kind {
    Words,
    Pairs,
    Grams,
}

/// Fields that features are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is the field of that name")]
pub enum Field {
    Subject,
    Sender,
    Body,
    Links,
}

/// How hashes become numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// A list of rows of a table: 0, which every message has, then each hash's bits and one; at most so many.
    Rows {
        /// The most of them.
        max: usize,
    },
    /// How many hashes have these bits, for each value of them.
    Counts,
    /// Whether one has: 1 or 0.
    Flags,
}

/// Texts of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Text {
    /// The subject.
    Subject,
    /// Name and address of each mailbox of `From`, on a line of its own.
    Sender,
    /// What a person reads.
    Body,
    /// The URL of each link, on a line of its own.
    Links,
    /// The names of attachments, each on a line of its own.
    Attachments,
}

/// What was taken of a message for a source.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// Numbers.
    Numbers(Tensor),
    /// A text.
    Text(String),
}

impl Given {
    /// What is taken of a message of nothing.
    pub fn nothing(of: &Source) -> Self {
        match of {
            Source::Features { form: Form::Rows { .. }, .. } => Self::Numbers(Tensor::integers(&[1], vec![0])),
            Source::Features { bits, .. } => Self::Numbers(Tensor::floats(&[1 << bits], vec![0.0; 1 << bits])),
            Source::Facts(names) => Self::Numbers(Tensor::floats(&[names.len()], vec![0.0; names.len()])),
            Source::Text { .. } => Self::Text(String::new()),
        }
    }

    /// As much as there can be of it in a message, of the usual kind.
    pub fn most(of: &Source) -> Self {
        match of {
            Source::Features { form: Form::Rows { max }, .. } => {
                Self::Numbers(Tensor::integers(&[*max], vec![0; *max]))
            }
            Source::Text { bytes_max, .. } => Self::Text("word ".repeat(*bytes_max as usize / 5)),
            Source::Features { .. } | Source::Facts(_) => Self::nothing(of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_of_a_source_is_as_much_as_it_says() {
        let rows = |form| Source::Features { kinds: vec![], fields: vec![], bits: 3, form };
        let length = |given: &Given| match given {
            Given::Numbers(tensor) => tensor.shape.iter().product(),
            Given::Text(text) => text.len(),
        };
        for (source, nothing, most) in [
            (rows(Form::Rows { max: 40 }), 1, 40),
            (rows(Form::Counts), 8, 8),
            (Source::Facts(vec!["size".into()]), 1, 1),
            (Source::Text { fields: vec![Text::Body], bytes_max: 100 }, 0, 100),
        ] {
            assert_eq!([Given::nothing(&source), Given::most(&source)].each_ref().map(length), [nothing, most]);
        }
    }
}
