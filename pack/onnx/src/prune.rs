//! What of a graph its answer needs.

use std::collections::{HashMap, HashSet};

use tract_onnx::pb::{GraphProto, NodeProto};

use crate::attributes::{name_of, taken};
use crate::error::Error;
use crate::ml::CLASSIFIERS;

/// The labels that classifiers answer, and whose they are. The classifiers keep their scores alone.
pub(crate) struct Labels(HashMap<String, NodeProto>);

impl Labels {
    /// Takes them out of a graph.
    pub(crate) fn take(graph: &mut GraphProto) -> Self {
        let mut labels = HashMap::new();
        for node in graph.node.iter_mut().filter(|node| CLASSIFIERS.contains(&&*node.op_type)) {
            let whose = NodeProto { name: node.name.clone(), op_type: node.op_type.clone(), ..Default::default() };
            labels.extend(node.output.drain(..1.min(node.output.len())).map(|label| (label, whose.clone())));
        }
        Self(labels)
    }
}

/// Removes what a value does not need, and makes it the only output.
pub(crate) fn keep_only(graph: &mut GraphProto, value: &str, labels: &Labels) -> Result<(), Error> {
    let mut needed: HashSet<String> = HashSet::from([value.to_owned()]);
    let mut open = vec![value.to_owned()];
    let mut keep = vec![false; graph.node.len()];
    while let Some(value) = open.pop() {
        let Some((index, node)) = graph.node.iter().enumerate().find(|(_, node)| node.output.contains(&value)) else {
            continue;
        };
        keep[index] = true;
        open.extend(taken(node).into_iter().map(str::to_owned).filter(|value| needed.insert(value.clone())));
    }
    let mut kept = keep.into_iter();
    graph.node.retain(|_| kept.next() == Some(true));
    graph.initializer.retain(|tensor| needed.contains(&tensor.name));
    // Files of old versions list weights as inputs, too.
    let weights: HashSet<&str> = graph.initializer.iter().map(|tensor| &*tensor.name).collect();
    graph.input.retain(|input| needed.contains(&input.name) && !weights.contains(&*input.name));
    let made: HashSet<&str> = graph.node.iter().flat_map(|node| &node.output).map(String::as_str).collect();
    let is_there = |name: &str| {
        weights.contains(name) || made.contains(name) || graph.input.iter().any(|input| input.name == name)
    };
    if let Some(missing) = needed.iter().find(|name| !is_there(name)) {
        return Err(match labels.0.get(missing) {
            Some(classifier) => label_is_used(classifier),
            None => Error::NotOnnx(format!("nothing makes the value `{missing}`")),
        });
    }
    graph.output = vec![tract_onnx::pb::ValueInfoProto { name: value.to_owned(), ..Default::default() }];
    // They tell the shapes of many messages at once.
    graph.value_info.clear();
    Ok(())
}

fn label_is_used(node: &NodeProto) -> Error {
    let why = "the answer needs its label, and only its scores are known here; export the model with its probabilities"
        .to_owned();
    Error::Node { node: name_of(node).to_owned(), operator: node.op_type.clone(), why }
}
