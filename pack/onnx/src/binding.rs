//! What inputs and the output are bound to: the table `[onnx]` of `switchback.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use switchback_model::verdict::Category;
use switchback_onnx_graph::{Field, Kind, Text};

use crate::tokens::TOKENIZER_FILE;

/// What an ONNX file's inputs are made of and what its output means. What it does not say is found by names and shapes, as
/// the crate's documentation tells.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Bindings {
    /// The ONNX file, relative to the folder of what names it. Default: `model.onnx`.
    pub model: Option<PathBuf>,
    /// The inputs by their names.
    pub inputs: BTreeMap<String, Input>,
    /// The output.
    pub output: Output,
}

impl Bindings {
    /// The files of tokenizers, relative to the folder of the ONNX file. Where none is named, one may be there under its usual name.
    pub fn tokenizers(&self) -> impl Iterator<Item = &Path> {
        let named = self.inputs.values().filter_map(|input| input.tokens.as_deref());
        let usual = self.inputs.values().all(|input| input.tokens.is_none()).then_some(Path::new(TOKENIZER_FILE));
        named.chain(usual)
    }
}

/// What an input is made of: exactly one of `features`, `facts` and `text`, or, of `input_ids`, `tokens`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Input {
    /// What the host hashes, of these kinds.
    pub features: Option<Vec<Kind>>,
    /// Of these fields. Default: `["subject", "sender", "links", "body"]`.
    pub fields: Option<Vec<Field>>,
    /// How many bits of each hash count, 1 to 24. Default: as the input's length says, where it has one.
    pub bits: Option<u32>,
    /// How hashes become numbers. Default: `rows` of an input of integers, `counts` of one of floats.
    pub form: Option<Form>,
    /// The most rows. Default: 2,048.
    pub max: Option<usize>,
    /// Facts, by their names in the contract.
    pub facts: Option<Facts>,
    /// Texts, each on lines of its own.
    pub text: Option<Vec<Text>>,
    /// Of `input_ids`: the tokenizer that makes numbers of the text, relative to the folder of the ONNX file. Default:
    /// `tokenizer.json`, if there is one. `max` is then the most numbers, and the text is subject and body by default.
    pub tokens: Option<PathBuf>,
    /// The most bytes of each text, up to 262,144. Default: 32,768.
    pub bytes_max: Option<u32>,
}

/// How hashes become numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Form {
    /// Rows of a table: 0, which every message has, then each hash's bits and one.
    Rows,
    /// How many hashes have these bits, for each value of them.
    Counts,
    /// Whether one has: 1 or 0.
    Flags,
}

/// Facts of a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Facts {
    /// The word `all`: all of them, in the contract's order.
    All(All),
    /// Some, in this order.
    Some(Vec<String>),
}

/// The word `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "it is the word")]
pub enum All {
    All,
}

/// What the output means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Output {
    /// Its name. Default: the one that has floats.
    pub name: Option<String>,
    /// What its numbers are. Default: as the operators before it say.
    pub is: Option<Meaning>,
    /// The kind of mail that each number is about. Default: `["spam"]` for one, `["ham", "spam"]` for two, and for more the
    /// names of the classes in the file, if they are such kinds.
    pub classes: Option<Vec<Category>>,
}

/// What the numbers of an output are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Meaning {
    /// The probability of each class.
    Probabilities,
    /// What the softmax function makes probabilities of.
    Logits,
    /// One number: the log-odds that a message is unwanted.
    LogOdds,
}
