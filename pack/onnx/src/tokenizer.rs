//! `tokenizer.json`: what Hugging Face's `tokenizers` writes beside a model.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use switchback_onnx_graph::WordPiece;

/// The longest text, in numbers, of a tokenizer that does not say: attention costs by its square.
const LENGTH: usize = 256;

#[derive(Deserialize)]
struct File {
    truncation: Option<Truncation>,
    padding: Option<Padding>,
    normalizer: Option<Normalizer>,
    pre_tokenizer: Option<Typed>,
    post_processor: Option<Value>,
    model: Value,
}

#[derive(Deserialize)]
struct Truncation {
    max_length: usize,
    direction: Option<String>,
}

#[derive(Deserialize)]
struct Padding {
    pad_id: u32,
}

#[derive(Deserialize)]
struct Normalizer {
    r#type: String,
    #[serde(default = "yes")]
    clean_text: bool,
    #[serde(default = "yes")]
    handle_chinese_chars: bool,
    strip_accents: Option<bool>,
    #[serde(default = "yes")]
    lowercase: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct Typed {
    r#type: String,
}

#[derive(Deserialize)]
struct Model {
    unk_token: String,
    continuing_subword_prefix: String,
    max_input_chars_per_word: usize,
    vocab: HashMap<String, u32>,
}

/// Reads a tokenizer whose texts have so many numbers, if somebody says how many.
///
/// # Errors
/// What of it is not known, and what to do.
pub(crate) fn read(json: &[u8], length: Option<usize>) -> Result<WordPiece, String> {
    let file: File = serde_json::from_slice(json).map_err(|error| format!("it cannot be read: {error}"))?;
    let kind = file.model.get("type").and_then(Value::as_str).unwrap_or("WordPiece").to_owned();
    if kind != "WordPiece" {
        return Err(format!("its model is {kind}, and WordPiece is known: that of BERT and its like"));
    }
    let model: Model =
        serde_json::from_value(file.model).map_err(|error| format!("its model cannot be read: {error}"))?;
    let normalizer = file.normalizer.filter(|normalizer| normalizer.r#type == "BertNormalizer");
    let normalizer = normalizer.ok_or("its normalizer is none of BERT's (BertNormalizer)")?;
    if file.pre_tokenizer.is_none_or(|before| before.r#type != "BertPreTokenizer") {
        return Err("its pre_tokenizer is none of BERT's (BertPreTokenizer)".to_owned());
    }
    let mut pieces = vec![String::new(); model.vocab.values().max().map_or(0, |last| *last as usize + 1)];
    let number = |token: &str| model.vocab.get(token).copied().ok_or(format!("its vocabulary has no {token}"));
    let (before, after) = around(file.post_processor.as_ref(), number)?;
    let unknown = number(&model.unk_token)?;
    for (piece, number) in &model.vocab {
        pieces[*number as usize].clone_from(piece);
    }
    let direction = file.truncation.as_ref().and_then(|truncation| truncation.direction.clone());
    if direction.is_some_and(|direction| direction != "Right") {
        return Err("it cuts texts at their beginning, and at their end is known".to_owned());
    }
    let length = length.or(file.truncation.map(|truncation| truncation.max_length)).unwrap_or(LENGTH);
    if length <= before.len() + after.len() {
        return Err(format!("texts of {length} numbers have no room for any of their own"));
    }
    Ok(WordPiece {
        pieces,
        prefix: model.continuing_subword_prefix,
        unknown,
        word_chars_max: model.max_input_chars_per_word,
        is_cleaned: normalizer.clean_text,
        are_chinese_characters_words: normalizer.handle_chinese_chars,
        are_accents_removed: normalizer.strip_accents.unwrap_or(normalizer.lowercase),
        is_lower_case: normalizer.lowercase,
        before,
        after,
        length,
        filling: file.padding.map_or(0, |padding| padding.pad_id),
    })
}

/// The numbers before and behind each text.
fn around(
    processor: Option<&Value>,
    number: impl Fn(&str) -> Result<u32, String>,
) -> Result<(Vec<u32>, Vec<u32>), String> {
    let Some(processor) = processor.filter(|processor| !processor.is_null()) else { return Ok(Default::default()) };
    let unknown = || "its post_processor is neither TemplateProcessing nor BertProcessing".to_owned();
    match processor.get("type").and_then(Value::as_str) {
        Some("BertProcessing") => {
            let of = |key: &str| {
                processor[key][1].as_u64().and_then(|number| u32::try_from(number).ok()).ok_or_else(unknown)
            };
            Ok((vec![of("cls")?], vec![of("sep")?]))
        }
        Some("TemplateProcessing") => {
            let (mut before, mut after, mut is_behind) = (Vec::new(), Vec::new(), false);
            for part in processor["single"].as_array().ok_or_else(unknown)? {
                match part["SpecialToken"]["id"].as_str() {
                    Some(token) if is_behind => after.push(number(token)?),
                    Some(token) => before.push(number(token)?),
                    None => is_behind = true,
                }
            }
            Ok((before, after))
        }
        _ => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bert() -> Value {
        json!({
            "truncation": {"direction": "Right", "max_length": 64},
            "padding": {"pad_id": 5},
            "normalizer": {"type": "BertNormalizer", "lowercase": true, "strip_accents": null},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 1], "sep": ["[SEP]", 2]},
            "model": {
                "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2},
            },
        })
    }

    #[test]
    fn a_tokenizer_is_what_its_file_says() {
        let read = |length| read(bert().to_string().as_bytes(), length).unwrap();
        let tokenizer = read(None);
        assert_eq!((tokenizer.length, tokenizer.filling, tokenizer.unknown), (64, 5, 0));
        assert_eq!((&*tokenizer.before, &*tokenizer.after), (&[1][..], &[2][..]));
        assert!(tokenizer.are_accents_removed, "they go with the capitals unless it says otherwise");
        assert_eq!(read(Some(16)).length, 16);
    }

    #[test]
    fn a_tokenizer_that_is_not_known_is_refused_with_what_is() {
        for (place, value, expected) in [
            ("/model/type", json!("BPE"), "its model is BPE, and WordPiece is known"),
            ("/normalizer/type", json!("NFC"), "BertNormalizer"),
            ("/pre_tokenizer/type", json!("Whitespace"), "BertPreTokenizer"),
            ("/post_processor/type", json!("RobertaProcessing"), "TemplateProcessing"),
            ("/truncation/direction", json!("Left"), "at their beginning"),
            ("/truncation/max_length", json!(2), "no room"),
            ("/model/unk_token", json!("<unk>"), "has no <unk>"),
        ] {
            let mut file = bert();
            *file.pointer_mut(place).unwrap() = value;
            let why = read(file.to_string().as_bytes(), None).unwrap_err();
            assert!(why.contains(expected), "{place}: {why}");
        }
    }
}
