//! Inputs that a tokenizer makes of a text: its numbers, which of them count, and their types.

use std::fs;
use std::path::Path;

use switchback_onnx_graph::{Part, Source, Text, Tokenized};

use crate::binding::Bindings;
use crate::error::Error;
use crate::inputs::{Declared, Numbers};
use crate::limits::TEXT_BYTES_MAX;
use crate::tokenizer;

/// The file of a tokenizer, beside a model's, unless a binding says otherwise.
pub(crate) const TOKENIZER_FILE: &str = "tokenizer.json";

/// The inputs that a tokenizer makes.
#[derive(Debug)]
pub(crate) struct Tokens {
    /// Their names.
    parts: Vec<(String, Part)>,
    /// The name of the one that the text belongs to.
    pub(crate) input: String,
    /// The text.
    pub(crate) source: Source,
    /// The tokenizer; the number of its source is yet to be known.
    pub(crate) tokenized: Tokenized,
}

impl Tokens {
    /// Finds them by their usual names, if there is a tokenizer.
    pub(crate) fn find(
        declared: &[Declared],
        bindings: &Bindings,
        folder: Option<&Path>,
    ) -> Result<Option<Self>, Error> {
        let integers = declared.iter().filter(|input| input.numbers == Numbers::Integers);
        let parts: Vec<_> = integers.filter_map(|input| Some((input, part(&input.name)?))).collect();
        let Some((input, _)) = parts.iter().find(|(_, part)| *part == Part::Numbers) else { return Ok(None) };
        let bound = bindings.inputs.get(&input.name);
        let is_other = bound.is_some_and(|bound| bound.features.is_some() || bound.facts.is_some());
        let named = bound.and_then(|bound| bound.tokens.clone());
        let file = folder.map(|folder| folder.join(named.as_deref().unwrap_or(Path::new(TOKENIZER_FILE))));
        let Some(file) = file.filter(|file| !is_other && (named.is_some() || file.exists())) else { return Ok(None) };

        let json = fs::read(&file).map_err(|source| Error::Read { path: file.clone(), source })?;
        let fixed = input.length();
        if fixed.is_none() && parts.iter().all(|(_, part)| *part != Part::Mask) {
            let why = "texts are filled up to one length, and no input `attention_mask` says which numbers count: export it with a \
                       mask, or with a fixed length";
            return Err(input.refusal(why.to_owned()));
        }
        let refuse = |why: String| input.refusal(format!("the tokenizer {}: {why}", file.display()));
        let tokenizer = tokenizer::read(&json, fixed.or(bound.and_then(|bound| bound.max))).map_err(refuse)?;
        let fields = bound.and_then(|bound| bound.text.clone()).unwrap_or_else(|| vec![Text::Subject, Text::Body]);
        let bytes_max = bound.and_then(|bound| bound.bytes_max).unwrap_or(TEXT_BYTES_MAX);
        Ok(Some(Self {
            parts: parts.iter().map(|(input, part)| (input.name.clone(), *part)).collect(),
            input: input.name.clone(),
            source: Source::Text { fields, bytes_max },
            tokenized: Tokenized { source: 0, tokenizer },
        }))
    }

    /// What an input is of them, if it is one.
    pub(crate) fn part(&self, name: &str) -> Option<Part> {
        self.parts.iter().find(|(known, _)| known == name).map(|(_, part)| *part)
    }

    /// How many numbers there are.
    pub(crate) fn length(&self) -> usize {
        self.tokenized.tokenizer.length
    }
}

/// The part that an input of this name takes.
fn part(name: &str) -> Option<Part> {
    match name {
        "input_ids" => Some(Part::Numbers),
        "attention_mask" => Some(Part::Mask),
        "token_type_ids" => Some(Part::Types),
        _ => None,
    }
}
