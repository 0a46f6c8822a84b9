//! [`Model`]: a graph with what its inputs are made of and what its output means.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::graph::Graph;
use crate::network::Network;
use crate::source::{Given, Source};
use crate::tensor::Tensor;
use crate::tokens::{Encoder, Part, Tokenizer, Tokens};
use crate::words::{Counter, Words};

/// What a model's data begin with; the digits are the version of what follows.
const MAGIC: &[u8; 8] = b"SBONNX03";

/// How far beyond 0 and 1 a probability may be that was added up in 32 bits.
const ROUNDING: f32 = 1e-4;

/// What an ONNX file has become.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// What is taken of a message.
    pub sources: Vec<Source>,
    /// The tokenizer of one of them, a text.
    pub tokenized: Option<Tokenized>,
    /// What each input of the graph is made of.
    pub feeds: Vec<Feed>,
    /// What is computed.
    pub graph: Graph,
    /// What its loops compute in a step. The loops of each name only those before it.
    pub bodies: Vec<Graph>,
    /// What the answer means.
    pub output: Output,
}

/// A text that is made numbers by a tokenizer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tokenized {
    /// The source of the text.
    pub source: usize,
    /// The tokenizer.
    pub tokenizer: Tokenizer,
}

/// What an input of the graph is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Feed {
    /// The numbers of a source, in this shape, in which one length may be -1.
    Numbers {
        /// The source.
        source: usize,
        /// The shape.
        shape: Vec<i64>,
    },
    /// The counts of the words of a source's text.
    Words {
        /// The source.
        source: usize,
        /// How they are counted.
        words: Words,
    },
    /// What the tokenizer makes of its text: as many numbers as it says.
    Tokens(Part),
}

/// What a graph's answer means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// One number: the log-odds that a message is unwanted.
    LogOdds,
    /// Probabilities, one for each class: kinds of mail, by their names in the contract. A wanted one is `ham` or `bulk`.
    Classes(Vec<String>),
}

impl Model {
    /// The bytes that [`from_bytes`](Self::from_bytes) reads.
    ///
    /// # Errors
    /// [`Error::Format`], if the model is too large to be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let body = postcard::to_stdvec(self).map_err(|error| Error::Format(error.to_string()))?;
        Ok([&MAGIC[..], &*body].concat())
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`Error::Format`] for anything else: another version, a truncated or damaged file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let body = bytes.strip_prefix(MAGIC).ok_or_else(|| Error::Format("they begin otherwise".into()))?;
        let (model, rest) = postcard::take_from_bytes(body).map_err(|error| Error::Format(error.to_string()))?;
        if rest.is_empty() { Ok(model) } else { Err(Error::Format("something follows their end".into())) }
    }
}

/// A model at work.
#[derive(Debug)]
pub struct Ready {
    sources: Vec<Source>,
    tokenizer: Option<(usize, Encoder)>,
    feeds: Vec<Ingest>,
    network: Network,
    bodies: Vec<Network>,
    output: Output,
}

#[derive(Debug)]
enum Ingest {
    Numbers { source: usize, shape: Vec<i64> },
    Words { source: usize, counter: Counter },
    Tokens(Part),
}

impl Ready {
    /// Takes a model.
    ///
    /// # Errors
    /// If it is damaged.
    pub fn new(model: Model) -> Result<Self, Error> {
        let ingest = |feed| {
            Ok(match feed {
                Feed::Numbers { source, shape } => Ingest::Numbers { source, shape },
                Feed::Words { source, words } => Ingest::Words { source, counter: Counter::new(words)? },
                Feed::Tokens(part) => Ingest::Tokens(part),
            })
        };
        let feeds = model.feeds.into_iter().map(ingest).collect::<Result<_, Error>>()?;
        let encoder = |of: Tokenized| Ok::<_, Error>((of.source, Encoder::new(of.tokenizer)?));
        let tokenizer = model.tokenized.map(encoder).transpose()?;
        let bodies = model.bodies.into_iter().map(Network::new).collect::<Result<_, _>>()?;
        let network = Network::new(model.graph)?;
        Ok(Self { sources: model.sources, tokenizer, feeds, network, bodies, output: model.output })
    }

    /// What it takes of a message, in the order in which [`answer`](Self::answer) takes it.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// What its answers mean.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Computes the answer, as many finite numbers as [`output`](Self::output) says.
    ///
    /// # Errors
    /// If something given is of another kind or shape than the model takes, or the answer is none.
    pub fn answer(&self, given: &[Given]) -> Result<Vec<f32>, Error> {
        let tokens = match &self.tokenizer {
            Some((source, tokenizer)) => Some(tokenizer.tokens(text(given, *source)?)),
            None => None,
        };
        let inputs = self.feeds.iter().map(|feed| feed.tensor(given, tokens.as_ref()));
        let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
        let answers = self.network.run(&inputs.iter().collect::<Vec<_>>(), &self.bodies)?;
        let [answer] = &*answers else { return Err(Error::Answer(format!("{} tensors, not one", answers.len()))) };
        let numbers = answer.as_floats()?;
        let expected = match &self.output {
            Output::LogOdds => 1,
            Output::Classes(classes) => classes.len(),
        };
        if numbers.len() != expected {
            return Err(Error::Answer(format!("{} numbers, not {expected}", numbers.len())));
        }
        let is_answer = |number: &f32| match &self.output {
            Output::LogOdds => number.is_finite(),
            Output::Classes(_) => (-ROUNDING..=1.0 + ROUNDING).contains(number),
        };
        match numbers.iter().find(|number| !is_answer(number)) {
            Some(number) => Err(Error::Answer(format!("{number}, which is not what its output is said to be"))),
            None => Ok(numbers.to_vec()),
        }
    }
}

impl Ingest {
    fn tensor(&self, given: &[Given], tokens: Option<&Tokens>) -> Result<Tensor, Error> {
        match self {
            Self::Numbers { source, shape } => match given.get(*source) {
                Some(Given::Numbers(tensor)) => tensor.reshaped(shape),
                _ => Err(Error::Type { wanted: "those of its source" }),
            },
            Self::Words { source, counter } => {
                let counts = counter.count(text(given, *source)?);
                Ok(Tensor::floats(&[1, counts.len()], counts))
            }
            Self::Tokens(part) => {
                let numbers = tokens.ok_or(Error::Type { wanted: "those of a tokenizer" })?.part(*part);
                Ok(Tensor::integers(&[1, numbers.len()], numbers))
            }
        }
    }
}

/// The text that was taken for a source.
fn text(given: &[Given], source: usize) -> Result<&str, Error> {
    match given.get(source) {
        Some(Given::Text(text)) => Ok(text),
        _ => Err(Error::Type { wanted: "those of its text" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Node, Operator};

    /// A model that answers the same whatever it is given.
    fn model(answer: &[f32], output: Output) -> Model {
        let answer = Operator::Constant(Tensor::floats(&[answer.len()], answer.to_vec()));
        let graph = Graph { nodes: vec![Node { operator: answer, inputs: vec![] }], outputs: vec![0] };
        Model { sources: vec![], tokenized: None, feeds: vec![], graph, bodies: vec![], output }
    }

    #[test]
    fn an_answer_is_what_the_output_is_said_to_be() {
        let classes = |count: usize| Output::Classes(vec!["spam".into(); count]);
        for (answer, output, is_one) in [
            (&[3.5][..], Output::LogOdds, true),
            (&[f32::INFINITY], Output::LogOdds, false),
            (&[f32::NAN], Output::LogOdds, false),
            (&[1.0, 2.0], Output::LogOdds, false),
            (&[0.0, 1.0], classes(2), true),
            (&[1.000_05, -0.000_05], classes(2), true),
            (&[1.01], classes(1), false),
            (&[-0.01], classes(1), false),
            (&[f32::NAN], classes(1), false),
            (&[0.5], classes(2), false),
        ] {
            let found = Ready::new(model(answer, output.clone())).unwrap().answer(&[]);
            assert_eq!(found.as_deref().ok(), Some(answer).filter(|_| is_one), "{answer:?} as {output:?}: {found:?}");
        }
    }

    #[test]
    fn bytes_are_a_whole_model_or_none() {
        let model = model(&[0.5], Output::LogOdds);
        let bytes = model.to_bytes().unwrap();
        assert_eq!(Model::from_bytes(&bytes).unwrap(), model);
        let other_version = [&b"SBONNX01"[..], &bytes[MAGIC.len()..]].concat();
        for damaged in [&bytes[..bytes.len() - 1], &[&*bytes, &[0]].concat(), &other_version, b""] {
            assert!(matches!(Model::from_bytes(damaged), Err(Error::Format(_))), "{} bytes", damaged.len());
        }
    }
}
