//! Which operators there may be.

use std::collections::BTreeMap;
use std::fmt;

use tract_onnx::pb::{GraphProto, ModelProto, NodeProto};

use crate::attributes::{bodies, name_of};
use crate::error::Error;
use crate::limits::OPSETS;
use crate::ml;

/// The domain of classical machine learning.
pub(crate) const ML: &str = "ai.onnx.ml";

/// The domain of onnxruntime's own operators.
const MICROSOFT: &str = "com.microsoft";

/// ONNX's operators that what reads a file knows and the guest computes.
const STANDARD: [&str; 120] = [
    "Abs",
    "Add",
    "And",
    "ArgMax",
    "ArgMin",
    "ArrayFeatureExtractor",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "CastLike",
    "Ceil",
    "Celu",
    "Clip",
    "Concat",
    "Constant",
    "ConstantOfShape",
    "Conv",
    "ConvInteger",
    "Cos",
    "CumSum",
    "DequantizeLinear",
    "Div",
    "Dropout",
    "DynamicQuantizeLinear",
    "Einsum",
    "Elu",
    "Equal",
    "Erf",
    "Exp",
    "Expand",
    "EyeLike",
    "Flatten",
    "Floor",
    "GRU",
    "Gather",
    "GatherElements",
    "GatherND",
    "Gelu",
    "Gemm",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "Greater",
    "GreaterOrEqual",
    "HardSigmoid",
    "HardSwish",
    "Hardmax",
    "Identity",
    "InstanceNormalization",
    "IsNaN",
    "LSTM",
    "LayerNormalization",
    "LeakyRelu",
    "Less",
    "LessOrEqual",
    "Log",
    "LogSoftmax",
    "LpNormalization",
    "MatMul",
    "MatMulInteger",
    "Max",
    "MaxPool",
    "Mean",
    "Min",
    "Mish",
    "Mod",
    "Mul",
    "Neg",
    "Not",
    "OneHot",
    "Or",
    "PRelu",
    "Pad",
    "Pow",
    "QLinearConv",
    "QLinearMatMul",
    "QuantizeLinear",
    "RMSNormalization",
    "RNN",
    "Range",
    "Reciprocal",
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
    "Relu",
    "Reshape",
    "Round",
    "ScaledTanh",
    "Scan",
    "Selu",
    "Shape",
    "Shrink",
    "Sigmoid",
    "Sign",
    "Sin",
    "Size",
    "Slice",
    "Softmax",
    "Softplus",
    "Softsign",
    "Split",
    "Sqrt",
    "Squeeze",
    "Sub",
    "Sum",
    "Tanh",
    "ThresholdedRelu",
    "Tile",
    "TopK",
    "Transpose",
    "Trilu",
    "Unsqueeze",
    "Where",
    "Xor",
];

/// Operators on texts, which only the words of an input may go through.
const OF_TEXT: [&str; 3] = ["StringNormalizer", "TfIdfVectorizer", "Tokenizer"];

/// Those that onnxruntime's optimizer puts in the place of several.
const FUSED: [&str; 4] = ["BiasGelu", "FastGelu", "QuickGelu", "SkipLayerNormalization"];

/// An operator that a model here cannot have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsupported {
    /// The operator.
    pub operator: String,
    /// Its domain; empty for ONNX's own.
    pub domain: String,
    /// The version of the domain's operators that the file is of; 0 where it does not say.
    pub version: i64,
    /// The nodes that use it.
    pub nodes: Vec<String>,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = if self.domain.is_empty() { "ai.onnx" } else { &self.domain };
        write!(f, "{} ({domain} {}) in ", self.operator, self.version)?;
        for (index, node) in self.nodes.iter().take(NODES_SHOWN).enumerate() {
            write!(f, "{}`{node}`", if index == 0 { "" } else { ", " })?;
        }
        match self.nodes.len().saturating_sub(NODES_SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// As many nodes of an operator as a message names.
const NODES_SHOWN: usize = 5;

pub(crate) fn list(unsupported: &[Unsupported]) -> String {
    let listed: Vec<_> = unsupported.iter().map(Unsupported::to_string).collect();
    let mut text = listed.join("; ");
    if unsupported.iter().any(|one| one.operator.starts_with("Loop") || one.operator == "If") {
        text.push_str(
            "; a loop is known over the places of an axis, as LSTM, GRU, RNN or Scan: export the model with one of these, and with inputs of \
             a fixed shape, so that the exporter leaves out conditions",
        );
    }
    let is_window = |one: &Unsupported| {
        ["Conv", "MaxPool", "SumPool", "Pad", "CumSum"].iter().any(|name| one.operator.starts_with(name))
    };
    if unsupported.iter().any(is_window) {
        text.push_str(
            "; a window moves along axes whose lengths are known: export the model with inputs of a fixed length",
        );
    }
    text
}

/// Refuses a file with all operators that are not known, and one of another version.
pub(crate) fn check(model: &ModelProto) -> Result<(), Error> {
    let opset = version(model, "");
    if opset != 0 && !OPSETS.contains(&opset) {
        return Err(Error::Opset { version: opset });
    }
    let mut unknown: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for node in model.graph.iter().flat_map(nodes).filter(|node| !is_known(node)) {
        let key = (domain(node).to_owned(), node.op_type.clone());
        unknown.entry(key).or_default().push(name_of(node).to_owned());
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let unsupported = unknown.into_iter().map(|((domain, operator), nodes)| {
        let version = version(model, &domain);
        Unsupported { operator, domain, version, nodes }
    });
    Err(Error::Operators(unsupported.collect()))
}

/// The nodes of a graph, and of the bodies of these.
fn nodes(graph: &GraphProto) -> Vec<&NodeProto> {
    graph.node.iter().flat_map(|node| bodies(node).flat_map(nodes).chain([node])).collect()
}

/// The version of a domain's operators; 0 where the file does not say.
fn version(model: &ModelProto, domain: &str) -> i64 {
    let is_it = |known: &str| known == domain || (domain.is_empty() && known == "ai.onnx");
    model.opset_import.iter().find(|import| is_it(&import.domain)).map_or(0, |import| import.version)
}

/// A node's domain, by one name.
pub(crate) fn domain(node: &NodeProto) -> &str {
    if node.domain == "ai.onnx" { "" } else { &node.domain }
}

fn is_known(node: &NodeProto) -> bool {
    let operator = &*node.op_type;
    match domain(node) {
        "" => STANDARD.contains(&operator) || OF_TEXT.contains(&operator),
        ML => ml::OPERATORS.contains(&operator) || matches!(operator, "ArrayFeatureExtractor" | "ZipMap"),
        MICROSOFT => FUSED.contains(&operator) || matches!(operator, "CDist" | "Tokenizer"),
        _ => false,
    }
}
