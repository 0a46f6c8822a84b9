//! Which of a file's values is the answer, and what it means.

use switchback_model::verdict::Category;
use switchback_onnx_graph as graph;
use switchback_onnx_graph::{Function, Graph, Node, Operator, Unary};
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::type_proto::Value::TensorType;
use tract_onnx::pb::{GraphProto, NodeProto, ValueInfoProto};

use crate::attributes::Attributes as _;
use crate::binding::{Meaning, Output};
use crate::error::Error;
use crate::ml::CLASSIFIERS;

/// What to do with classifiers that answer none of what is known.
pub(crate) const MARGINS: &str = "distances from a boundary (LinearSVC, RidgeClassifier, Perceptron, SGDClassifier with its default loss) are no \
    probabilities: train the classifier in a CalibratedClassifierCV; nor is what a regression predicts: train a classifier";

/// The value that is the answer.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// Its name in the graph.
    pub(crate) value: String,
    /// Whether the file hands it out as probabilities by the names of classes.
    is_mapped: bool,
    /// The name under which the file hands it out.
    name: String,
}

/// Chooses the answer. A map of classes' names to their probabilities counts as these.
pub(crate) fn choose(graph: &GraphProto, bound: &Output) -> Result<Chosen, Error> {
    let all = || graph.output.iter().map(|output| format!("`{}`", output.name)).collect::<Vec<_>>().join(", ");
    let mut candidates: Vec<&ValueInfoProto> = match &bound.name {
        Some(name) => graph.output.iter().filter(|output| output.name == *name).collect(),
        None => {
            graph.output.iter().filter(|output| zip_map(graph, &output.name).is_some() || is_float(output)).collect()
        }
    };
    if candidates.len() > 1 && candidates.iter().any(|output| says_probability(&output.name)) {
        candidates.retain(|output| says_probability(&output.name));
    }
    let [output] = &*candidates else {
        let why = match (&bound.name, candidates.len()) {
            (Some(name), _) => &format!("none of them is called `{name}`, as `name` under [onnx.output] says"),
            (None, 0) => "none of them has floats of 32 bits, as probabilities have: export it with such an output",
            (None, _) => "several of them could have the probabilities; say which: `name` under [onnx.output]",
        };
        return Err(Error::Output(format!("the file has {}, and {why}", all())));
    };
    let name = output.name.clone();
    Ok(match zip_map(graph, &name) {
        Some(map) => Chosen { value: map.input.first().cloned().unwrap_or_default(), is_mapped: true, name },
        None => Chosen { value: name.clone(), is_mapped: false, name },
    })
}

fn zip_map<'a>(graph: &'a GraphProto, name: &str) -> Option<&'a NodeProto> {
    graph.node.iter().find(|node| node.op_type == "ZipMap" && node.output.iter().any(|output| output == name))
}

/// Whether an output may have floats; one without a type may.
fn is_float(output: &ValueInfoProto) -> bool {
    match output.r#type.as_ref().and_then(|declared| declared.value.as_ref()) {
        Some(TensorType(tensor)) => {
            matches!(DataType::try_from(tensor.elem_type), Ok(DataType::Float | DataType::Undefined))
        }
        None => true,
    }
}

fn says_probability(name: &str) -> bool {
    name.to_lowercase().contains("prob")
}

/// What the numbers of the chosen value are, as bound or as the operators before it say.
pub(crate) fn meaning(graph: &GraphProto, chosen: &Chosen, bound: &Output) -> Result<Meaning, Error> {
    let of_operators = || {
        let maker = maker(graph, &chosen.value)?;
        match &*maker.op_type {
            "Softmax" | "Sigmoid" => Some(Meaning::Probabilities),
            classifier if CLASSIFIERS.contains(&classifier) => {
                let is_raw = matches!(&*maker.text("post_transform"), "" | "NONE");
                let are_shares = match classifier {
                    "LinearClassifier" => false,
                    "SVMClassifier" => !maker.floats("prob_a").is_empty(),
                    _ => maker.floats("class_weights").iter().all(|weight| *weight >= 0.0),
                };
                (!is_raw || are_shares).then_some(Meaning::Probabilities)
            }
            _ => says_probability(&chosen.name).then_some(Meaning::Probabilities),
        }
    };
    let of_map = chosen.is_mapped.then_some(Meaning::Probabilities);
    bound.is.or(of_map).or_else(of_operators).ok_or_else(|| {
        Error::Output(format!(
            "what the numbers of `{}` are cannot be told from the file; say so in switchback.toml: \
             `is = \"probabilities\"`, `\"logits\"` or `\"log-odds\"` under [onnx.output]; {MARGINS}",
            chosen.name
        ))
    })
}

/// The operator that a value comes from, but for those that only pass it on.
fn maker<'a>(graph: &'a GraphProto, value: &str) -> Option<&'a NodeProto> {
    let node = graph.node.iter().find(|node| node.output.iter().any(|output| output == value))?;
    let passes = ["Identity", "Cast", "Mul", "Normalizer", "Reshape", "ArrayFeatureExtractor", "Squeeze", "Flatten"];
    match node.input.first() {
        Some(input) if passes.contains(&&*node.op_type) => maker(graph, input).or(Some(node)),
        _ => Some(node),
    }
}

/// The names of the classes in the file, if it has some.
pub(crate) fn class_names(graph: &GraphProto) -> Vec<String> {
    let names = graph.node.iter().map(|node| node.texts("classlabels_strings"));
    names.into_iter().find(|names| !names.is_empty()).unwrap_or_default()
}

/// Makes a graph's answer the numbers that the guest takes: log-odds or probabilities.
pub(crate) fn finish(
    graph: &mut Graph,
    shape: &[i64],
    meaning: Meaning,
    bound: &Output,
    names: &[String],
) -> Result<graph::Output, Error> {
    let count = shape.iter().product::<i64>();
    let Some(count) = usize::try_from(count).ok().filter(|count| *count > 0 && !shape.contains(&-1)) else {
        return Err(Error::Output(format!(
            "its shape is {shape:?} for one message, and it has to have a fixed length"
        )));
    };
    match (meaning, count) {
        (Meaning::LogOdds | Meaning::Logits, 1) => return Ok(graph::Output::LogOdds),
        (Meaning::LogOdds, _) => {
            return Err(Error::Output(format!("log-odds are one number, and there are {count}; several are `logits`")));
        }
        (Meaning::Logits, _) => {
            let axes = vec![shape.len() - 1];
            let softmax = Operator::Softmax { axes, logarithm: false };
            graph.nodes.push(Node { operator: softmax, inputs: graph.outputs.clone() });
            graph.outputs = vec![graph.nodes.len() - 1];
        }
        (Meaning::Probabilities, 1) if bound.classes.is_none() => {
            // What goes into a last sigmoid is log-odds, which say more about a message that is almost certain than a
            // probability of 32 bits does.
            let last = graph.outputs.first().map(|output| &graph.nodes[*output]);
            if let Some(Node { operator: Operator::Unary(Unary::Plain(Function::Sigmoid)), inputs }) = last {
                graph.outputs = inputs.clone();
                return Ok(graph::Output::LogOdds);
            }
        }
        (Meaning::Probabilities, _) => {}
    }
    Ok(graph::Output::Classes(classes(count, bound, names)?.into_iter().map(|class| class.name().to_owned()).collect()))
}

fn classes(count: usize, bound: &Output, names: &[String]) -> Result<Vec<Category>, Error> {
    const HOW: &str = "say which kind of mail each of them is, in their order: `classes = [\"ham\", \"spam\", \"phish\"]` under \
        [onnx.output], of ham, bulk, spam, phish, spoof and malware";
    if let Some(classes) = &bound.classes {
        let has_unwanted = classes.iter().any(|class| !matches!(class, Category::Ham | Category::Bulk));
        return match classes.len() == count && has_unwanted {
            true => Ok(classes.clone()),
            false => Err(Error::Output(format!(
                "it has {count} numbers, and `classes` names {}, of which at least one has to be unwanted",
                classes.len()
            ))),
        };
    }
    if names.len() == count {
        let known = names.iter().map(|name| category(&name.to_lowercase())).collect::<Option<Vec<_>>>();
        return known.ok_or_else(|| Error::Output(format!("its classes are {}; {HOW}", names.join(", "))));
    }
    match count {
        1 => Ok(vec![Category::Spam]),
        2 => Ok(vec![Category::Ham, Category::Spam]),
        _ => Err(Error::Output(format!("it has {count} numbers; {HOW}"))),
    }
}

fn category(name: &str) -> Option<Category> {
    [Category::Ham, Category::Bulk, Category::Spam, Category::Phish, Category::Spoof, Category::Malware]
        .into_iter()
        .find(|category| category.name() == name)
}
