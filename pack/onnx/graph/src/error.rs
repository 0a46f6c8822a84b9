//! What can go wrong with a graph.

/// Why a graph could not be read or run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not a graph, or one of another version.
    #[error(
        "the model's data are not what this guest reads: {0}; convert the ONNX file again, with the version that packs it"
    )]
    Format(String),
    /// A tokenizer's expression is not known here.
    #[error("the expression `{expression}`: {why}")]
    Expression {
        /// The expression.
        expression: String,
        /// What is not known.
        why: String,
    },
    /// An operator was given tensors that do not fit together.
    #[error("{0}")]
    Shape(&'static str),
    /// An operator was given numbers of another type.
    #[error("an operator was given other numbers than {wanted}")]
    Type {
        /// What it takes.
        wanted: &'static str,
    },
    /// An index has no row in its table.
    #[error("index {index} is beyond the {rows} rows of its table")]
    Index {
        /// The index as it was given.
        index: i64,
        /// The rows of the table.
        rows: usize,
    },
    /// The answer is not what the output is said to be.
    #[error("the model answered {0}")]
    Answer(String),
}
