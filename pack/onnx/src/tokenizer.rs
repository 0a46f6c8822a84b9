//! `tokenizer.json`: what Hugging Face's `tokenizers` writes beside a model.

mod algorithm;
mod normalizer;
mod post_processor;
mod pre_tokenizer;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use switchback_onnx_graph::{Cut, Normal, Prepend, Tokenizer};

/// The longest text, in numbers, of a tokenizer that does not say: attention costs by its square.
const LENGTH: usize = 256;

/// What texts are filled up with, by the usual names, where the file does not say.
const FILLING: [&str; 2] = ["[PAD]", "<pad>"];

#[derive(Deserialize)]
struct File {
    truncation: Option<Truncation>,
    padding: Option<Padding>,
    #[serde(default)]
    added_tokens: Vec<Added>,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
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
    direction: Option<String>,
}

/// A piece that is found before any other.
#[derive(Deserialize)]
struct Added {
    id: u32,
    content: String,
    #[serde(default)]
    special: bool,
    #[serde(default)]
    normalized: bool,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
}

/// Reads a part of the file that has a type; one that is not known is refused by its name.
fn known<T: DeserializeOwned>(part: &Value, what: &str) -> Result<T, String> {
    T::deserialize(part).map_err(|error| {
        let kind = part.get("type").and_then(Value::as_str).unwrap_or("of no type");
        format!("its {what} is {kind}: {error}")
    })
}

/// Reads a tokenizer whose texts have so many numbers, if somebody says how many.
///
/// # Errors
/// What of it is not known, and what to do.
pub(crate) fn read(json: &[u8], length: Option<usize>) -> Result<Tokenizer, String> {
    let file: File = serde_json::from_slice(json).map_err(|error| format!("it cannot be read: {error}"))?;
    let (mut pieces, algorithm) = algorithm::read(file.model)?;
    let number = |token: &str| {
        let added = file.added_tokens.iter().find(|added| added.content == token).map(|added| added.id);
        let of_pieces = || pieces.iter().position(|piece| piece == token).and_then(|number| number.try_into().ok());
        added.or_else(of_pieces).ok_or(format!("its vocabulary has no {token}"))
    };
    let (mut before, mut after) = (Vec::new(), Vec::new());
    post_processor::read(&file.post_processor, &number, (&mut before, &mut after))?;
    let filling = FILLING.iter().find_map(|token| number(token).ok());
    let (mut normal, mut cuts) = (Vec::new(), Vec::new());
    normalizer::read(&file.normalizer, &mut normal)?;
    pre_tokenizer::read(&file.pre_tokenizer, &mut cuts)?;
    check_first(&normal, &cuts)?;
    if file.truncation.as_ref().is_some_and(|truncation| is_left(truncation.direction.as_ref())) {
        return Err("it cuts texts at their beginning, and at their end is known".to_owned());
    }
    let length = length.or(file.truncation.map(|truncation| truncation.max_length)).unwrap_or(LENGTH);
    if length <= before.len() + after.len() {
        return Err(format!("texts of {length} numbers have no room for any of their own"));
    }
    // Nobody who writes mail can write one of the special ones.
    for added in file.added_tokens.iter().filter(|added| added.special) {
        pieces.iter_mut().filter(|piece| **piece == added.content).for_each(String::clear);
    }
    let tokenizer = Tokenizer {
        added: added_pieces(&file.added_tokens, !normal.is_empty())?,
        normal,
        cuts,
        pieces,
        algorithm,
        before,
        after,
        length,
        filling: file.padding.as_ref().map(|padding| padding.pad_id).or(filling).unwrap_or(0),
        is_filled_before: file.padding.is_some_and(|padding| is_left(padding.direction.as_ref())),
    };
    tokenizer.check().map_err(|error| error.to_string())?;
    Ok(tokenizer)
}

fn is_left(direction: Option<&String>) -> bool {
    direction.is_some_and(|direction| direction == "Left")
}

/// Whether a piece is the first of a text is known only where nothing is removed before it.
fn check_first(normal: &[Normal], cuts: &[Cut]) -> Result<(), String> {
    let is_first = |cut: &Cut| matches!(cut, Cut::Spaces { prepend: Prepend::First, .. });
    let keeps = |step: &Normal| matches!(step, Normal::Form(_) | Normal::LowerCase | Normal::Begun(_));
    if cuts.iter().any(is_first) && !normal.iter().all(keeps) {
        return Err(
            "its pre_tokenizer begins the first word otherwise (`first`), and its normalizer may remove what is before"
                .into(),
        );
    }
    Ok(())
}

/// Pieces that are found before others, and are not special.
fn added_pieces(tokens: &[Added], is_normalized: bool) -> Result<Vec<(String, u32)>, String> {
    let usual = tokens.iter().filter(|added| !added.special);
    let added = usual.map(|added| {
        if added.single_word || added.lstrip || added.rstrip || (is_normalized && !added.normalized) {
            return Err(format!(
                "its added token `{}` is looked for in a way that is not known (single_word, lstrip, rstrip, or before the text is \
                 normalised)",
                added.content
            ));
        }
        Ok((added.content.clone(), added.id))
    });
    added.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use switchback_onnx_graph::{Algorithm, UnicodeForm, What};

    use super::*;

    fn bert() -> Value {
        json!({
            "truncation": {"direction": "Right", "max_length": 64},
            "padding": {"pad_id": 5},
            "added_tokens": [{"id": 1, "content": "[CLS]", "special": true}],
            "normalizer": {"type": "BertNormalizer", "lowercase": true, "strip_accents": null},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 1], "sep": ["[SEP]", 2]},
            "model": {
                "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2},
            },
        })
    }

    fn merging() -> Value {
        json!({
            "added_tokens": [{"id": 4, "content": "<pad>", "special": true}, {"id": 5, "content": "  ", "normalized": true}],
            "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Prepend", "prepend": "x"}]},
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true},
            "post_processor": {"type": "Sequence", "processors": [
                {"type": "ByteLevel", "trim_offsets": true},
                {"type": "RobertaProcessing", "cls": ["<s>", 7], "sep": ["</s>", 8]},
            ]},
            "model": {"type": "BPE", "dropout": null, "unk_token": null, "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]},
        })
    }

    fn of(file: &Value) -> Result<Tokenizer, String> {
        read(file.to_string().as_bytes(), None)
    }

    #[test]
    fn a_tokenizer_is_what_its_file_says() {
        let tokenizer = of(&bert()).unwrap();
        assert_eq!((tokenizer.length, tokenizer.filling), (64, 5));
        assert_eq!((&*tokenizer.before, &*tokenizer.after), (&[1][..], &[2][..]));
        let accents = |step: &Normal| matches!(step, Normal::Bert { are_accents_removed: true, .. });
        assert!(tokenizer.normal.iter().all(accents), "they go with the capitals unless it says otherwise");
        assert_eq!(tokenizer.pieces, ["[UNK]", "", "[SEP]"], "a special one is not found in a text");
        assert_eq!(read(bert().to_string().as_bytes(), Some(16)).unwrap().length, 16);
    }

    #[test]
    fn what_a_file_does_not_say_is_as_usual() {
        let mut file = bert();
        (file["truncation"], file["padding"]) = (Value::Null, json!({"pad_id": 5, "direction": "Left"}));
        let left = of(&file).unwrap();
        assert_eq!((left.length, left.filling, left.is_filled_before), (LENGTH, 5, true));
        file["padding"] = Value::Null;
        let untold = of(&file).unwrap();
        assert_eq!((untold.filling, untold.is_filled_before), (0, false), "it has no piece of the usual names");
    }

    #[test]
    fn merges_are_read_in_both_ways_of_writing_them() {
        let tokenizer = of(&merging()).unwrap();
        assert_eq!(tokenizer.normal, [Normal::Form(UnicodeForm::Nfc), Normal::Begun("x".into())]);
        assert_eq!(tokenizer.cuts, [Cut::Spaced, Cut::Gpt2, Cut::Bytes]);
        assert_eq!((&*tokenizer.before, &*tokenizer.after, tokenizer.filling), (&[7][..], &[8][..], 4));
        assert_eq!(tokenizer.added, [("  ".to_owned(), 5)]);
        let mut pairs = merging();
        *pairs.pointer_mut("/model/merges").unwrap() = json!([["a", "b"]]);
        assert_eq!(of(&pairs).unwrap(), tokenizer);
        let Algorithm::Merging(of) = tokenizer.algorithm else { unreachable!("its type is BPE") };
        assert_eq!(of.merges, [(0, 1, 2)]);
    }

    #[test]
    fn a_tokenizer_that_is_not_known_is_refused_with_what_is() {
        let first = json!({"type": "Metaspace", "replacement": "_", "prepend_scheme": "first"});
        for (file, place, value, expected) in [
            (
                bert(),
                "/model/type",
                json!("WordLevel"),
                "its model is WordLevel: unknown variant `WordLevel`, expected one of",
            ),
            (bert(), "/normalizer/type", json!("Nmt"), "its normalizer is Nmt: unknown variant"),
            (
                bert(),
                "/pre_tokenizer/type",
                json!("UnicodeScripts"),
                "its pre_tokenizer is UnicodeScripts: unknown variant",
            ),
            (bert(), "/post_processor/type", json!("Other"), "its post_processor is Other: unknown variant"),
            (bert(), "/truncation/direction", json!("Left"), "at their beginning"),
            (bert(), "/truncation/max_length", json!(2), "no room"),
            (bert(), "/model/unk_token", json!("<unk>"), "has no <unk>"),
            (bert(), "/pre_tokenizer", first, "its normalizer may remove what is before"),
            (merging(), "/model/merges", json!(["a c"]), "has no `c`"),
            (merging(), "/model/vocab/b", json!(1 << 20), "has the number 1048576"),
            (merging(), "/model/dropout", json!(0.1), "`dropout`"),
            (merging(), "/added_tokens/1/normalized", json!(false), "its added token `  `"),
            (
                merging(),
                "/pre_tokenizer",
                json!({"type": "Split", "pattern": {"Regex": r"\p{N}{1,3}"}, "behavior": "Isolated", "invert": false}),
                r"the expression `\p{N}{1,3}`: only characters",
            ),
            (
                merging(),
                "/normalizer",
                json!({"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "}),
                r"its normalizer replaces `\s+`",
            ),
        ] {
            let mut file = file;
            *file.pointer_mut(place).unwrap() = value;
            let why = of(&file).unwrap_err();
            assert!(why.contains(expected), "{place}: {why}");
        }
    }

    #[test]
    fn the_usual_expressions_are_known_without_a_language_of_expressions() {
        let mut file = merging();
        let pattern =
            |text: &str| json!({"type": "Split", "pattern": {"Regex": text}, "behavior": "Isolated", "invert": false});
        *file.pointer_mut("/pre_tokenizer").unwrap() =
            pattern(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+");
        assert_eq!(of(&file).unwrap().cuts, [Cut::Gpt2]);
        *file.pointer_mut("/pre_tokenizer").unwrap() = pattern("[-_]+");
        assert_eq!(
            of(&file).unwrap().cuts,
            [Cut::At(What::Expression("[-_]+".into()), switchback_onnx_graph::How::Isolated)]
        );
        *file.pointer_mut("/normalizer").unwrap() =
            json!({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "});
        assert_eq!(of(&file).unwrap().normal, [Normal::Spaces { count: 2, by: " ".into() }]);
    }
}
