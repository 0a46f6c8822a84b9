//! The normalizer of a `tokenizer.json`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use switchback_onnx_graph::{Normal, UnicodeForm};

/// A normalizer, as it is written.
#[derive(Deserialize)]
#[serde(tag = "type")]
enum Normalizer {
    Sequence {
        normalizers: Vec<serde_json::Value>,
    },
    #[serde(rename = "BertNormalizer")]
    Bert {
        #[serde(default = "yes")]
        clean_text: bool,
        #[serde(default = "yes")]
        handle_chinese_chars: bool,
        strip_accents: Option<bool>,
        #[serde(default = "yes")]
        lowercase: bool,
    },
    #[serde(rename = "NFC")]
    Nfc,
    #[serde(rename = "NFD")]
    Nfd,
    #[serde(rename = "NFKC")]
    Nfkc,
    #[serde(rename = "NFKD")]
    Nfkd,
    Lowercase,
    StripAccents,
    Strip {
        strip_left: bool,
        strip_right: bool,
    },
    Replace {
        pattern: Pattern,
        content: String,
    },
    Prepend {
        prepend: String,
    },
    Precompiled {
        precompiled_charsmap: String,
    },
}

fn yes() -> bool {
    true
}

/// What is looked for in a text.
#[derive(Debug, Deserialize)]
pub(super) enum Pattern {
    String(String),
    Regex(String),
}

/// Adds what a normalizer does with a text.
pub(super) fn read(normalizer: &serde_json::Value, to: &mut Vec<Normal>) -> Result<(), String> {
    if normalizer.is_null() {
        return Ok(());
    }
    let known = super::known(normalizer, "normalizer")?;
    to.push(match known {
        Normalizer::Sequence { normalizers } => {
            return normalizers.iter().try_for_each(|normalizer| read(normalizer, to));
        }
        Normalizer::Bert { clean_text, handle_chinese_chars, strip_accents, lowercase } => Normal::Bert {
            is_cleaned: clean_text,
            are_chinese_characters_words: handle_chinese_chars,
            are_accents_removed: strip_accents.unwrap_or(lowercase),
            is_lower_case: lowercase,
        },
        Normalizer::Nfc => Normal::Form(UnicodeForm::Nfc),
        Normalizer::Nfd => Normal::Form(UnicodeForm::Nfd),
        Normalizer::Nfkc => Normal::Form(UnicodeForm::Nfkc),
        Normalizer::Nfkd => Normal::Form(UnicodeForm::Nfkd),
        Normalizer::Lowercase => Normal::LowerCase,
        Normalizer::StripAccents => Normal::NoMarks,
        Normalizer::Strip { strip_left, strip_right } => Normal::Trimmed { start: strip_left, end: strip_right },
        Normalizer::Replace { pattern: Pattern::String(text), content } => Normal::Replaced { text, by: content },
        Normalizer::Replace { pattern: Pattern::Regex(expression), content } => {
            let count = spaces(&expression);
            let count =
                count.ok_or_else(|| format!("its normalizer replaces `{expression}`, and ` {{2,}}` is known"))?;
            Normal::Spaces { count, by: content }
        }
        Normalizer::Prepend { prepend } => Normal::Begun(prepend),
        Normalizer::Precompiled { precompiled_charsmap } => {
            let bytes = STANDARD.decode(precompiled_charsmap);
            Normal::Charsmap(bytes.map_err(|error| format!("its map of characters cannot be read: {error}"))?)
        }
    });
    Ok(())
}

/// How many spaces an expression matches at the least, if it matches nothing else.
fn spaces(expression: &str) -> Option<usize> {
    match expression.strip_prefix(' ')? {
        "+" => Some(1),
        more => more.strip_prefix('{')?.strip_suffix(",}")?.parse().ok().filter(|count| *count > 0),
    }
}
