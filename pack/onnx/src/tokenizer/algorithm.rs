//! The model of a `tokenizer.json`: its vocabulary, and how words become pieces.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use switchback_onnx_graph::{Algorithm, Merging, Unigram, WordPiece};

use crate::limits::PIECES_MAX;

/// What the score of a character without a piece is below the lowest of all.
const UNKNOWN: f64 = 10.0;

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Model {
    WordPiece {
        unk_token: String,
        continuing_subword_prefix: String,
        max_input_chars_per_word: usize,
        vocab: HashMap<String, u32>,
    },
    #[serde(rename = "BPE")]
    Bpe(Bpe),
    Unigram {
        unk_id: Option<u32>,
        vocab: Vec<(String, f64)>,
        #[serde(default)]
        byte_fallback: bool,
    },
}

#[derive(Deserialize)]
struct Bpe {
    dropout: Option<f32>,
    unk_token: Option<String>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
    #[serde(default)]
    fuse_unk: bool,
    #[serde(default)]
    byte_fallback: bool,
    #[serde(default)]
    ignore_merges: bool,
    vocab: HashMap<String, u32>,
    merges: Vec<Merge>,
}

/// Two pieces, as they are written: in one text, as older files have it, or in two.
#[derive(Deserialize)]
#[serde(untagged)]
enum Merge {
    Text(String),
    Pair(String, String),
}

impl Merge {
    fn pair(&self) -> Option<(&str, &str)> {
        match self {
            Self::Text(text) => text.split_once(' '),
            Self::Pair(left, right) => Some((left, right)),
        }
    }
}

/// The pieces by their numbers, and how words become pieces.
pub(super) fn read(mut model: Value) -> Result<(Vec<String>, Algorithm), String> {
    if let Some(fields) = model.as_object_mut().filter(|fields| !fields.contains_key("type")) {
        let kind = if fields.contains_key("merges") {
            "BPE"
        } else if fields.contains_key("unk_id") {
            "Unigram"
        } else {
            "WordPiece"
        };
        fields.insert("type".into(), kind.into());
    }
    match super::known(&model, "model")? {
        Model::WordPiece { unk_token, continuing_subword_prefix, max_input_chars_per_word, vocab } => {
            let unknown = vocab.get(&unk_token).ok_or(format!("its vocabulary has no {unk_token}"))?;
            let algorithm = WordPiece {
                prefix: continuing_subword_prefix,
                unknown: *unknown,
                word_chars_max: max_input_chars_per_word,
            };
            Ok((by_number(&vocab)?, Algorithm::WordPiece(algorithm)))
        }
        Model::Bpe(bpe) => Ok((by_number(&bpe.vocab)?, Algorithm::Merging(merging(&bpe)?))),
        Model::Unigram { unk_id, vocab, byte_fallback } => {
            let (pieces, scores): (Vec<_>, Vec<_>) = vocab.into_iter().unzip();
            let unknown = unk_id.ok_or("it has no piece for characters that are in none (`unk_id`)")?;
            let lowest = scores.iter().copied().fold(f64::INFINITY, f64::min);
            let unknown_score = lowest - UNKNOWN;
            let algorithm = Unigram { scores, unknown_score, unknown, are_bytes_known: byte_fallback };
            Ok((pieces, Algorithm::Unigram(algorithm)))
        }
    }
}

fn by_number(vocabulary: &HashMap<String, u32>) -> Result<Vec<String>, String> {
    let count = vocabulary.values().max().map_or(0, |last| *last as usize + 1);
    if count > PIECES_MAX {
        return Err(format!("a piece of its vocabulary has the number {}, and {PIECES_MAX} are the most", count - 1));
    }
    let mut pieces = vec![String::new(); count];
    for (piece, number) in vocabulary {
        pieces[*number as usize].clone_from(piece);
    }
    Ok(pieces)
}

fn merging(bpe: &Bpe) -> Result<Merging, String> {
    if bpe.dropout.is_some_and(|dropout| dropout > 0.0) {
        return Err("it leaves out merges by chance (`dropout`): save it without".to_owned());
    }
    let number = |piece: &str| {
        bpe.vocab.get(piece).copied().ok_or_else(|| format!("its vocabulary has no `{piece}`, which it merges or uses"))
    };
    let prefix = bpe.continuing_subword_prefix.clone().unwrap_or_default();
    let merge = |merge: &Merge| {
        let (left, right) = merge.pair().ok_or("one of its merges is not of two pieces")?;
        let made = [left, right.get(prefix.len()..).unwrap_or_default()].concat();
        Ok::<_, String>((number(left)?, number(right)?, number(&made)?))
    };
    Ok(Merging {
        merges: bpe.merges.iter().map(merge).collect::<Result<_, _>>()?,
        unknown: bpe.unk_token.as_deref().map(number).transpose()?,
        is_unknown_fused: bpe.fuse_unk,
        are_bytes_known: bpe.byte_fallback,
        suffix: bpe.end_of_word_suffix.clone().unwrap_or_default(),
        are_words_whole: bpe.ignore_merges,
        prefix,
    })
}
