//! Texts: what leads from an input of texts to numbers is taken out of the graph, whose input the numbers become.

mod categories;

use switchback_onnx_graph::{Case, Counting, Gram, Grams, Step, Words};
use tract_onnx::pb::{GraphProto, NodeProto};

use crate::attributes::{Attributes as _, name_of};
use crate::error::Error;
use categories::Categories;

/// Counts of words that are an input of the graph now.
pub(crate) struct Counted {
    /// The name of the counts.
    pub(crate) name: String,
    /// The name of the input whose text they are of.
    pub(crate) text: String,
    /// How they are counted.
    pub(crate) words: Words,
}

/// Takes each `TfIdfVectorizer` out of the graph, and each encoder of texts, with what is before it.
pub(crate) fn take_out(graph: &mut GraphProto) -> Result<Vec<Counted>, Error> {
    let mut taken = Vec::new();
    let mut instead = Vec::new();
    for (place, node) in graph.node.iter().enumerate() {
        if node.op_type == "TfIdfVectorizer" {
            let name = node.output.first().cloned().unwrap_or_default();
            taken.push(Taken::of(node, graph)?.counted(name, grams(node)?));
            instead.push((place, None));
        } else if let Some(categories) = Categories::of(node)? {
            instead.push((place, Some((categories, Taken::of(node, graph)?))));
        }
    }
    let mut instead = instead.into_iter().peekable();
    let mut nodes = Vec::with_capacity(graph.node.len());
    for (place, node) in std::mem::take(&mut graph.node).into_iter().enumerate() {
        match instead.next_if(|(taken, _)| *taken == place) {
            Some((_, None)) => {}
            Some((_, Some((categories, text)))) => {
                let (counted, made) = categories.take_out(&node, &text, &mut graph.initializer);
                taken.extend(counted);
                nodes.extend(made);
            }
            None => nodes.push(node),
        }
    }
    graph.node = nodes;
    Ok(taken)
}

/// The text that a node takes.
struct Taken {
    /// The name of the input that it is of.
    input: String,
    steps: Vec<Step>,
    /// How many axes it has.
    rank: usize,
}

impl Taken {
    fn of(node: &NodeProto, graph: &GraphProto) -> Result<Self, Error> {
        let mut passed = Vec::new();
        let mut value = node.input.first().cloned().unwrap_or_default();
        while let Some(before) = graph.node.iter().find(|other| other.output.contains(&value)) {
            if passed.len() > graph.node.len() {
                return Err(refusal(node, "what it counts goes round"));
            }
            passed.push(before);
            value = before.input.first().cloned().unwrap_or_default();
        }
        let input = graph.input.iter().find(|input| input.name == value);
        let input = input.ok_or_else(|| refusal(node, "what it counts does not come from an input of texts"))?;
        let (mut steps, mut rank) = (Vec::new(), categories::rank(input));
        for before in passed.into_iter().rev() {
            steps.extend(step(before, graph)?);
            rank = categories::rank_behind(before, graph, rank);
        }
        for step in &steps {
            step.check().map_err(|error| refusal(node, &error.to_string()))?;
        }
        Ok(Self { input: value, steps, rank })
    }

    fn counted(&self, name: String, grams: Grams) -> Counted {
        Counted { name, text: self.input.clone(), words: Words { steps: self.steps.clone(), grams } }
    }
}

/// What an operator does with a text; nothing, if it only changes its shape.
fn step(node: &NodeProto, graph: &GraphProto) -> Result<Option<Step>, Error> {
    match &*node.op_type {
        "Identity" | "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" => Ok(None),
        // Of one text there is nothing else to take.
        "Concat" if node.input.len() == 1 => Ok(None),
        "Gather" if categories::takes_first(node, graph) => Ok(None),
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
