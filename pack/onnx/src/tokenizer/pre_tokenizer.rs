//! The pre-tokenizer of a `tokenizer.json`.

use serde::Deserialize;
use switchback_onnx_graph::{Cut, How, Prepend, What};

use super::normalizer::Pattern;

/// The expression that GPT-2 cuts texts by.
const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

/// A pre-tokenizer, as it is written.
#[derive(Deserialize)]
#[serde(tag = "type")]
enum PreTokenizer {
    Sequence {
        pretokenizers: Vec<serde_json::Value>,
    },
    #[serde(rename = "BertPreTokenizer")]
    Bert,
    ByteLevel {
        add_prefix_space: bool,
        #[serde(default = "yes")]
        use_regex: bool,
    },
    Whitespace,
    WhitespaceSplit,
    Metaspace {
        replacement: char,
        prepend_scheme: Option<Scheme>,
        add_prefix_space: Option<bool>,
        #[serde(default = "yes")]
        split: bool,
    },
    Punctuation {
        #[serde(default = "isolated")]
        behavior: Behavior,
    },
    Digits {
        individual_digits: bool,
    },
    Split {
        pattern: Pattern,
        behavior: Behavior,
        #[serde(default)]
        invert: bool,
    },
    CharDelimiterSplit {
        delimiter: char,
    },
}

fn yes() -> bool {
    true
}

fn isolated() -> Behavior {
    Behavior::Isolated
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scheme {
    Always,
    First,
    Never,
}

#[derive(Clone, Copy, Deserialize)]
enum Behavior {
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

impl From<Behavior> for How {
    fn from(behavior: Behavior) -> Self {
        match behavior {
            Behavior::Removed => Self::Removed,
            Behavior::Isolated => Self::Isolated,
            Behavior::MergedWithPrevious => Self::ToPrevious,
            Behavior::MergedWithNext => Self::ToNext,
            Behavior::Contiguous => Self::Contiguous,
        }
    }
}

/// Adds what a pre-tokenizer does with a text.
pub(super) fn read(pre_tokenizer: &serde_json::Value, to: &mut Vec<Cut>) -> Result<(), String> {
    if pre_tokenizer.is_null() {
        return Ok(());
    }
    match super::known(pre_tokenizer, "pre_tokenizer")? {
        PreTokenizer::Sequence { pretokenizers } => {
            return pretokenizers.iter().try_for_each(|pre_tokenizer| read(pre_tokenizer, to));
        }
        PreTokenizer::Bert => {
            to.extend([Cut::At(What::WhiteSpace, How::Removed), Cut::At(What::Punctuation, How::Isolated)]);
        }
        PreTokenizer::ByteLevel { add_prefix_space, use_regex } => {
            to.extend(add_prefix_space.then_some(Cut::Spaced));
            to.extend(use_regex.then_some(Cut::Gpt2));
            to.push(Cut::Bytes);
        }
        PreTokenizer::Whitespace => to.push(Cut::Words),
        PreTokenizer::WhitespaceSplit => to.push(Cut::At(What::WhiteSpace, How::Removed)),
        PreTokenizer::Metaspace { replacement: by, prepend_scheme, add_prefix_space, split } => {
            let prepend = match prepend_scheme {
                Some(Scheme::First) => Prepend::First,
                Some(Scheme::Never) => Prepend::None,
                // Files of before there were schemes.
                None if add_prefix_space == Some(false) => Prepend::None,
                Some(Scheme::Always) | None => Prepend::Each,
            };
            to.push(Cut::Spaces { by, prepend });
            to.extend(split.then(|| Cut::At(What::Text(by.into()), How::ToNext)));
        }
        PreTokenizer::Punctuation { behavior } => to.push(Cut::At(What::Punctuation, behavior.into())),
        PreTokenizer::Digits { individual_digits } => {
            let how = if individual_digits { How::Isolated } else { How::Contiguous };
            to.push(Cut::At(What::Digit, how));
        }
        PreTokenizer::Split { invert: true, .. } => {
            return Err("its pre_tokenizer keeps what it matches (`invert`), which is not known".to_owned());
        }
        // It matches everything.
        PreTokenizer::Split { pattern: Pattern::Regex(expression), behavior: Behavior::Isolated, .. }
            if expression == GPT2 =>
        {
            to.push(Cut::Gpt2);
        }
        PreTokenizer::Split { pattern, behavior, .. } => {
            let what = match pattern {
                Pattern::String(text) => What::Text(text),
                Pattern::Regex(expression) => What::Expression(expression),
            };
            to.push(Cut::At(what, behavior.into()));
        }
        PreTokenizer::CharDelimiterSplit { delimiter } => {
            to.push(Cut::At(What::Text(delimiter.into()), How::Removed));
        }
    }
    Ok(())
}
