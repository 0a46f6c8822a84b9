//! Texts: what leads from an input of texts to counts of words is taken out of the graph, whose input the counts become.

use switchback_onnx_graph::{Case, Counting, Gram, Grams, Step, Words};
use tract_onnx::pb::{GraphProto, NodeProto};

use crate::attributes::{Attributes as _, name_of};
use crate::error::Error;

/// Counts of words that are an input of the graph now.
pub(crate) struct Counted {
    /// The name of the counts.
    pub(crate) name: String,
    /// The name of the input whose text they are of.
    pub(crate) text: String,
    /// How they are counted.
    pub(crate) words: Words,
}

/// Takes each `TfIdfVectorizer` out of the graph, with what is before it.
pub(crate) fn take_out(graph: &mut GraphProto) -> Result<Vec<Counted>, Error> {
    let (counting, others): (Vec<_>, Vec<_>) =
        std::mem::take(&mut graph.node).into_iter().partition(|node| node.op_type == "TfIdfVectorizer");
    graph.node = others;
    counting.iter().map(|node| counted(node, graph)).collect()
}

fn counted(node: &NodeProto, graph: &GraphProto) -> Result<Counted, Error> {
    let mut steps = Vec::new();
    let mut value = node.input.first().cloned().unwrap_or_default();
    while let Some(before) = graph.node.iter().find(|other| other.output.contains(&value)) {
        steps.extend(step(before)?);
        value = before.input.first().cloned().unwrap_or_default();
    }
    if graph.input.iter().all(|input| input.name != value) {
        return Err(refusal(node, "what it counts does not come from an input of texts"));
    }
    steps.reverse();
    for step in &steps {
        step.check().map_err(|error| refusal(node, &error.to_string()))?;
    }
    let name = node.output.first().cloned().unwrap_or_default();
    Ok(Counted { name, text: value, words: Words { steps, grams: grams(node)? } })
}

/// What an operator does with a text; nothing, if it only changes its shape.
fn step(node: &NodeProto) -> Result<Option<Step>, Error> {
    match &*node.op_type {
        "Identity" | "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" => Ok(None),
        "StringNormalizer" => Ok(Some(Step::Normalize {
            case: match &*node.text("case_change_action") {
                "" | "NONE" => Case::Keep,
                "LOWER" => Case::Lower,
                "UPPER" => Case::Upper,
                other => return Err(refusal(node, &format!("its case_change_action is {other}"))),
            },
            stop_words: node.texts("stopwords"),
            is_case_sensitive: node.integer("is_case_sensitive").unwrap_or(0) != 0,
        })),
        "Tokenizer" => tokenizer(node).map(Some),
        other => Err(refusal(node, &format!("{other} is between a text and what is counted of it"))),
    }
}

fn tokenizer(node: &NodeProto) -> Result<Step, Error> {
    if node.integer("mark").unwrap_or(0) != 0 {
        return Err(refusal(node, "it marks beginning and end (`mark`), which is not known here"));
    }
    let chars_min = usize::try_from(node.integer("mincharnum").unwrap_or(1)).unwrap_or(1);
    let (expression, separators) = (node.text("tokenexp"), node.texts("separators"));
    if !expression.is_empty() {
        return Ok(Step::Match { expression, chars_min });
    }
    match &*separators {
        [] => Err(refusal(node, "it has neither `tokenexp` nor `separators`")),
        [only] if only.is_empty() => Ok(Step::Characters),
        _ => Ok(Step::Split { separators, chars_min }),
    }
}

fn grams(node: &NodeProto) -> Result<Grams, Error> {
    let pool = node.texts("pool_strings");
    if pool.is_empty() {
        return Err(refusal(node, "it counts integers, and strings are known"));
    }
    let number = |name: &str| -> Result<usize, Error> {
        let number = node.integer(name).unwrap_or(0);
        usize::try_from(number).map_err(|_| refusal(node, &format!("its {name} is {number}")))
    };
    let (starts, places, weights) =
        (node.integers("ngram_counts"), node.integers("ngram_indexes"), node.floats("weights"));
    let mut vocabulary = pool.clone();
    vocabulary.sort_unstable();
    vocabulary.dedup();
    let mut grams = Vec::with_capacity(places.len());
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(pool.len() as i64);
        let part =
            usize::try_from(*start).ok().zip(usize::try_from(end).ok()).and_then(|(start, end)| pool.get(start..end));
        let part = part.ok_or_else(|| refusal(node, "its ngram_counts do not divide its pool_strings"))?;
        for strings in part.chunks_exact(index + 1) {
            let place = places.get(grams.len()).and_then(|place| u32::try_from(*place).ok());
            let place = place.ok_or_else(|| refusal(node, "it has not one of ngram_indexes for each n-gram"))?;
            let weight = weights.get(grams.len()).copied().unwrap_or(1.0);
            let id = |string: &String| vocabulary.binary_search(string).map_or(u32::MAX, |id| id as u32);
            grams.push(Gram { strings: strings.iter().map(id).collect(), place, weight });
        }
    }
    Ok(Grams {
        width: grams.iter().map(|gram| gram.place as usize + 1).max().unwrap_or(0),
        length_min: number("min_gram_length")?,
        length_max: number("max_gram_length")?,
        skip_max: number("max_skip_count")?,
        counting: match &*node.text("mode") {
            "TF" => Counting::Often,
            "IDF" => Counting::Weight,
            "TFIDF" => Counting::WeightedOften,
            other => return Err(refusal(node, &format!("its mode is {other}"))),
        },
        vocabulary,
        grams,
    })
}

fn refusal(node: &NodeProto, why: &str) -> Error {
    Error::Node { node: name_of(node).to_owned(), operator: node.op_type.clone(), why: why.to_owned() }
}
