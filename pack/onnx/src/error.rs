//! Why an ONNX file cannot be a model here.

use std::io;
use std::path::PathBuf;

use crate::limits::{FILE_BYTES_MAX, OPSETS};
use crate::operators::Unsupported;

/// Why an ONNX file cannot be a model here. Each message says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is larger than a model can be.
    #[error(
        "{} has {bytes} bytes, and an ONNX file that is packed has at most {FILE_BYTES_MAX} ({} MiB): its weights have to fit into the \
         memory of a sandbox; train a smaller model, or quantise its weights to bytes", path.display(), FILE_BYTES_MAX >> 20
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How large it is.
        bytes: u64,
    },
    /// The bytes are not an ONNX file, or one that was cut.
    #[error("this is not a whole ONNX file: {0}; export or copy it again")]
    NotOnnx(String),
    /// It is a file of another kind, which is often given in its place.
    #[error("this is not an ONNX file: {0}")]
    OtherFormat(&'static str),
    /// Weights are in a file of their own that is not taken.
    #[error("the weights `{tensor}` are in the file `{location}`, {why}")]
    ExternalData {
        /// The weights.
        tensor: String,
        /// The file as the ONNX file names it.
        location: String,
        /// Why it is not taken, and what to do.
        why: String,
    },
    /// The file is of a version of ONNX's operators that is not known here.
    #[error(
        "the file is of opset {version}, and {} to {} are known: export it with `target_opset={}`, or use `onnx.version_converter`",
        OPSETS.start(), OPSETS.end(), OPSETS.end()
    )]
    Opset {
        /// Which.
        version: i64,
    },
    /// The file needs operators that the guest does not have.
    #[error("the file needs operators that a model here cannot have: {}", crate::operators::list(.0))]
    Operators(Vec<Unsupported>),
    /// An operator is used in a way that is not known here.
    #[error("the node `{node}` ({operator}): {why}")]
    Node {
        /// The node.
        node: String,
        /// Its operator.
        operator: String,
        /// What is not known, and what to do.
        why: String,
    },
    /// An input is bound to nothing, or to what it cannot take.
    #[error("the input `{input}` ({form}): {why}")]
    Input {
        /// The input.
        input: String,
        /// Its type and shape.
        form: String,
        /// What is wrong, and what to write.
        why: String,
    },
    /// The output is none that a score can be made of.
    #[error("the output: {0}")]
    Output(String),
    /// tract, which reads and simplifies the file, refuses it.
    #[error("tract cannot read the file: {0}")]
    Tract(String),
    /// What reads the file came upon what it took for impossible.
    #[error(
        "the file is damaged, or built in a way that was never tried ({0}); see whether onnxruntime runs it, and export it again"
    )]
    Panicked(String),
    /// The model cannot be run.
    #[error("the model cannot be run: {0}; see whether onnxruntime runs the file and, if it does not, export it again")]
    Graph(#[from] switchback_onnx_graph::Error),
}

impl From<tract_onnx::prelude::TractError> for Error {
    fn from(error: tract_onnx::prelude::TractError) -> Self {
        Self::Tract(format!("{error:#}"))
    }
}
