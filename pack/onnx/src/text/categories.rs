//! Texts that are categories: a number for each, as `OneHotEncoder` and `LabelEncoder` have it.

use switchback_onnx_graph::{Counting, Gram, Grams};
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::type_proto::Value::TensorType;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto, ValueInfoProto};

use super::{Counted, Taken, refusal};
use crate::attributes::Attributes as _;
use crate::error::Error;
use crate::ml::Labels;
use crate::nodes::Making;

/// The most that an integer may be, to be a float.
const INTEGER_MAX: u64 = 1 << 24;

/// What an encoder of texts makes of them.
pub(super) enum Categories {
    /// For each, 1 where a text is it, else 0.
    Flags {
        texts: Vec<String>,
        /// Whether what is none of them is all zeros; else there is no answer.
        zeros: bool,
    },
    /// A number for each, and for all others.
    Numbers { texts: Vec<String>, numbers: Vec<f32>, default: f32, are_integers: bool },
}

impl Categories {
    /// Those of a node, if it is an encoder of texts.
    pub(super) fn of(node: &NodeProto) -> Result<Option<Self>, Error> {
        let flags = node.texts("cats_strings");
        if node.op_type == "OneHotEncoder" && !flags.is_empty() {
            return Ok(Some(Self::Flags { texts: flags, zeros: node.integer("zeros").unwrap_or(1) != 0 }));
        }
        if node.op_type != "LabelEncoder" {
            return Ok(None);
        }
        let refuse = |error: tract_onnx::prelude::TractError| refusal(node, &format!("{error:#}"));
        let Labels::Texts(texts) = Labels::of(node, "keys").map_err(refuse)? else { return Ok(None) };
        let values = Labels::of(node, "values").map_err(refuse)?;
        let default = values.default(node).map_err(refuse)?;
        let are_integers = matches!(values, Labels::Integers(_));
        let floats = |labels: Labels| match labels {
            Labels::Floats(numbers) => Ok(numbers),
            Labels::Integers(numbers) if numbers.iter().all(|number| number.unsigned_abs() <= INTEGER_MAX) => {
                Ok(numbers.into_iter().map(|number| number as f32).collect())
            }
            Labels::Integers(_) => Err(refusal(node, "one of its numbers is above 2 to the power of 24")),
            Labels::Texts(_) => Err(refusal(node, "it makes texts of texts: encode them as numbers")),
        };
        let (numbers, default) = (floats(values)?, floats(default)?);
        match *default {
            [default] if numbers.len() == texts.len() => {
                Ok(Some(Self::Numbers { texts, numbers, default, are_integers }))
            }
            _ => Err(refusal(node, "it has not one number for each of its texts")),
        }
    }

    /// Counts in the place of an encoder, and nodes that make of them what it makes.
    pub(super) fn take_out(
        self,
        node: &NodeProto,
        text: &Taken,
        constants: &mut Vec<TensorProto>,
    ) -> (Vec<Counted>, Vec<NodeProto>) {
        let name = node.output.first().map_or("", String::as_str);
        let mut making = Making::of(node, constants);
        let (counted, value, shape) = match self {
            Self::Flags { texts, zeros } => {
                let flags = format!("{name}.flags");
                let ones = vec![1.0; texts.len()];
                let shape = [&*vec![1; text.rank], &[texts.len() as i64]].concat();
                let counted = vec![text.counted(flags.clone(), whole_texts(&texts, &ones, |place| place))];
                let mut value = flags;
                if !zeros {
                    // 0 by 0 is no number, and what is made of it no answer.
                    let known = making.op("ReduceMax", &[&value], &[("keepdims", 1)]);
                    value = making.op("Div", &[&value, &known], &[]);
                }
                (counted, value, shape)
            }
            Self::Numbers { texts, numbers, default, are_integers } => {
                let [number, known] = ["number", "known"].map(|part| format!("{name}.{part}"));
                let ones = vec![1.0; texts.len()];
                let counted = vec![
                    text.counted(number.clone(), whole_texts(&texts, &numbers, |_| 0)),
                    text.counted(known.clone(), whole_texts(&texts, &ones, |_| 0)),
                ];
                let is_known = making.cast(&known, DataType::Bool);
                let default = making.float(default);
                let mut value = making.op("Where", &[&is_known, &number, &default], &[]);
                if are_integers {
                    value = making.cast(&value, DataType::Int64);
                }
                (counted, value, vec![1; text.rank])
            }
        };
        let shape = making.integers(&shape);
        let value = making.op("Reshape", &[&value, &shape], &[]);
        making.call(&value, name);
        (counted, making.nodes)
    }
}

/// Texts as a whole, each with a number at its place.
fn whole_texts(texts: &[String], numbers: &[f32], place: impl Fn(usize) -> usize) -> Grams {
    let mut vocabulary = texts.to_vec();
    vocabulary.sort_unstable();
    vocabulary.dedup();
    let gram = |(index, (text, weight)): (usize, (&String, &f32))| Gram {
        strings: vocabulary.binary_search(text).map(|id| id as u32).into_iter().collect(),
        place: place(index) as u32,
        weight: *weight,
    };
    let grams: Vec<Gram> = texts.iter().zip(numbers).enumerate().map(gram).collect();
    let width = grams.iter().map(|gram| gram.place as usize + 1).max().unwrap_or(0);
    Grams { vocabulary, grams, length_min: 1, length_max: 1, skip_max: 0, width, counting: Counting::Weight }
}

/// How many axes an input has.
pub(super) fn rank(input: &ValueInfoProto) -> usize {
    match input.r#type.as_ref().and_then(|declared| declared.value.as_ref()) {
        Some(TensorType(tensor)) => tensor.shape.as_ref().map_or(1, |shape| shape.dim.len()),
        None => 1,
    }
}

/// How many axes a text has behind an operator.
pub(super) fn rank_behind(node: &NodeProto, graph: &GraphProto, before: usize) -> usize {
    match &*node.op_type {
        "Flatten" => 2,
        "Squeeze" => before.saturating_sub(1),
        "Unsqueeze" => before + 1,
        "Reshape" => constant(node, graph).and_then(|shape| shape.dims.first()).map_or(before, |rank| *rank as usize),
        "Gather" => constant(node, graph).map_or(before, |places| before + places.dims.len() - before.min(1)),
        _ => before,
    }
}

/// Whether a node takes the first of an axis, and nothing else.
pub(super) fn takes_first(node: &NodeProto, graph: &GraphProto) -> bool {
    constant(node, graph).is_some_and(|places| {
        let is_first = |number: &i64| *number == 0;
        let of_raw = places.raw_data.iter().all(|byte| *byte == 0);
        places.dims.iter().product::<i64>() == 1 && places.int64_data.iter().all(is_first) && of_raw
    })
}

/// A node's second input, if it is constant.
fn constant<'a>(node: &NodeProto, graph: &'a GraphProto) -> Option<&'a TensorProto> {
    graph.initializer.iter().find(|constant| Some(&constant.name) == node.input.get(1))
}
