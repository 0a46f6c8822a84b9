//! [`Scorer`]: what a model implements.

use crate::error::Error;
use crate::message::Message;
use crate::score::{Assessment, Score};

/// A model.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "it has to implement `switchback_guest::Scorer`"
)]
pub trait Scorer: Sized + 'static {
    /// Builds the model. It runs once, when the release is packed, and never while mail is served: parse,
    /// optimise and allocate all that can be done without a message. `data` is the file that the manifest
    /// names under `[build] data`, or empty.
    ///
    /// # Errors
    /// What is wrong with the data, of which 1,024 bytes are kept. The release is not packed then.
    fn prepare(data: &[u8]) -> Result<Self, Error>;

    /// Scores one message. In the sandbox every call finds the model as `prepare` left it; natively it
    /// finds what the last call left, so clear the buffers that you reuse.
    ///
    /// # Errors
    /// For a message that the model should have been able to score and could not; 1,024 bytes are kept. The host then does what
    /// the operator chose for that case. A message that the model is not made for is no error:
    /// [`Outcome::Abstain`].
    fn score(&mut self, message: &Message) -> Result<Outcome, Error>;
}

/// What scoring a message came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The model has an opinion.
    Scored(Score),
    /// The model has none, and says why in 256 bytes, which are kept: an unsupported language, say.
    Abstain(String),
}

impl Outcome {
    /// What the host will be told; none if the model abstained. For tests.
    pub fn into_assessment(self) -> Option<Assessment> {
        match self {
            Self::Scored(score) => Some(score.into_assessment()),
            Self::Abstain(_) => None,
        }
    }
}

impl From<Score> for Outcome {
    fn from(score: Score) -> Self {
        Self::Scored(score)
    }
}
