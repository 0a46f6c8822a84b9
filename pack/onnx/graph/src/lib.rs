//! What Switchback makes of an ONNX file, and the loops that compute it.
//!
//! An ONNX file is read when a model is packed, by `switchback-onnx`, because what understands all of ONNX is large. What is
//! left are the operators of [`Operator`], which this crate computes: in the sandbox, where each message starts from the
//! memory that [`Ready::new`] left, and natively in tests.
//!
//! ```
//! use switchback_onnx_graph::{Feed, Given, Graph, Model, Node, Operator, Output, Ready, Source, Tensor};
//! use switchback_onnx_graph::{Function, Unary};
//!
//! // The log-odds are the logarithm of the message's size.
//! let input = Node { operator: Operator::Input(0), inputs: vec![] };
//! let logarithm = Node { operator: Operator::Unary(Unary::Plain(Function::Ln)), inputs: vec![0] };
//! let model = Model {
//!     sources: vec![Source::Facts(vec!["size".into()])],
//!     tokenized: None,
//!     feeds: vec![Feed::Numbers { source: 0, shape: vec![1, 1] }],
//!     graph: Graph { nodes: vec![input, logarithm], outputs: vec![1] },
//!     bodies: vec![],
//!     output: Output::LogOdds,
//! };
//! let model = Ready::new(Model::from_bytes(&model.to_bytes()?)?)?;
//! assert_eq!(model.answer(&[Given::Numbers(Tensor::floats(&[1], vec![1.0]))])?, [0.0]);
//! # Ok::<(), switchback_onnx_graph::Error>(())
//! ```
//!
//! # What holds
//! * **The same numbers on every machine**: sums are in a fixed order, without fused multiplication, and functions such as
//!   the exponential are computed in software.
//! * **Damaged data and tensors that do not fit are errors**, never a panic or an endless loop.
#![forbid(unsafe_code)]

mod error;
mod graph;
mod integers;
mod model;
mod network;
mod operators;
mod scan;
mod source;
mod tensor;
mod tokens;
mod trees;
mod walk;
mod words;

pub use error::Error;
pub use graph::{Activation, Binary, Function, Graph, Node, Operator, Reducer, Type, Unary, WindowAxis};
pub use integers::IntegerMatrix;
pub use model::{Feed, Model, Output, Ready, Tokenized};
pub use network::Network;
pub use scan::{Along, End, Scan, ScanInput, ScanOutput};
pub use source::{Field, Form, Given, Kind, Source, Text};
pub use tensor::{Tensor, Values};
pub use tokens::{
    Algorithm, Cut, Form as UnicodeForm, How, Merging, Normal, Part, Prepend, Tokenizer, Unigram, What, WordPiece,
};
pub use trees::{Aggregate, Mode, TreeNode, Trees, Weight};
pub use words::{Case, Counting, Gram, Grams, Step, Words};
