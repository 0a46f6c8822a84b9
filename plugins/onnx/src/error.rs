//! What can go wrong with a graph.

/// Why a graph could not be read, built or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not a graph, or one of another version.
    #[error("graph.bin: {0}; write it with switchback-onnx-prepare of the same version")]
    Format(String),
    /// tract refused the graph, or failed to run it.
    #[error("tract: {0}")]
    Tract(String),
    /// The graph's answer is not one finite number.
    #[error("the graph answered {0}, not one finite number")]
    Answer(String),
}

impl From<tract_core::internal::TractError> for Error {
    fn from(error: tract_core::internal::TractError) -> Self {
        Self::Tract(format!("{error:#}"))
    }
}
