//! An example model: a text classifier that comes as an ONNX file and is run by tract.
//!
//! Words of the sender, the subject, the links and the text, as the host hashes them, are rows of an embedding; their
//! sum goes through a small network. `switchback-onnx-prepare` has turned the ONNX file into `graph.bin`,
//! which tract's core can build its model from without knowing ONNX; that happens once, when the release
//! is packed.
#![forbid(unsafe_code)]

mod error;
pub mod graph;
mod network;

pub use error::Error;
pub use network::Network;

use graph::Graph;
use switchback_guest::{Message, Outcome, Score, Scorer};
use switchback_plugin_onnx_hot::{BIAS, Indices};

/// The model.
#[derive(Debug)]
pub struct Onnx {
    indices: Indices,
    network: Network,
    /// The log-odds of a message that has no feature at all.
    bias: f64,
}

impl Scorer for Onnx {
    fn prepare(data: &[u8]) -> Result<Self, switchback_guest::Error> {
        let graph = Graph::from_bytes(data).map_err(describe)?;
        let mut network = Network::new(&graph).map_err(describe)?;
        // A first run also makes what tract only makes when it is first needed.
        let bias = network.log_odds(&[BIAS]).map_err(describe)?;
        Ok(Self { indices: Indices::new(), network, bias })
    }

    fn score(&mut self, message: &Message) -> Result<Outcome, switchback_guest::Error> {
        let indices = self.indices.of(message);
        let log_odds = self.network.log_odds(indices).map_err(describe)?;
        let score = Score::log_odds().reason("BIAS", self.bias, "a message without a word").reason(
            "NETWORK",
            log_odds - self.bias,
            "what the words of this one change",
        );
        Ok(score.into())
    }
}

fn describe(error: Error) -> switchback_guest::Error {
    error.to_string().into()
}

switchback_guest::export!(Onnx);

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_guest::Assessment;

    fn model() -> Onnx {
        let graph = concat!(env!("CARGO_MANIFEST_DIR"), "/graph.bin");
        Onnx::prepare(&std::fs::read(graph).unwrap()).unwrap()
    }

    fn assess(model: &mut Onnx, message: &Message) -> Assessment {
        model.score(message).unwrap().into_assessment().unwrap()
    }

    fn message(text: &str) -> Message {
        Message::builder().subject("About the text").from("Ann", "ann@a.example").text(text).build()
    }

    #[test]
    fn a_message_of_nothing_scores_the_bias() {
        let assessment = assess(&mut model(), &Message::builder().build());
        assert_eq!(assessment.reasons[1].weight, 0.0);
        let odds = (-assessment.reasons[0].weight).exp();
        assert!((assessment.score - 1.0 / (1.0 + odds)).abs() < 1e-15);
    }

    #[test]
    fn the_words_of_a_message_change_its_score() {
        let mut model = model();
        let spam = assess(&mut model, &message("Click here to claim your FREE money, 100% guaranteed! Unsubscribe"));
        let ham = assess(&mut model, &message("The patch compiles here, but the test of the parser fails on my box."));
        assert!(spam.score > 0.5 && ham.score < 0.5, "{} and {}", spam.score, ham.score);
    }

    #[test]
    fn a_score_does_not_depend_on_the_messages_before() {
        let mut used = model();
        let messages = [message("one"), message(&"many words ".repeat(5000)), message("")];
        messages.iter().for_each(|message| drop(assess(&mut used, message)));
        for message in &messages {
            assert_eq!(assess(&mut used, message), assess(&mut model(), message));
        }
    }

    #[test]
    fn data_that_is_no_graph_is_refused_with_the_reason() {
        let error = Onnx::prepare(b"not a graph of any kind").unwrap_err();
        assert!(error.to_string().contains("switchback-onnx-prepare"), "{error}");
    }
}
