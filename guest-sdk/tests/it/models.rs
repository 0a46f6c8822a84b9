//! Models as an author writes and tests them, natively.

use switchback_guest::features::{FeatureSet, Namespace, Text, sum};
use switchback_guest::{Category, Error, Message, Outcome, Score, Scorer};

/// A linear model over the words of the subject, whose data are its weights.
struct Linear {
    weights: Vec<i8>,
    text: Text,
    features: FeatureSet,
}

impl Scorer for Linear {
    fn prepare(data: &[u8]) -> Result<Self, Error> {
        if data.len() != 1 << 10 {
            return Err(format!("1,024 weights are needed, not {}", data.len()).into());
        }
        let weights = data.iter().map(|byte| byte.cast_signed()).collect();
        Ok(Self { weights, text: Text::new(), features: FeatureSet::new(10) })
    }

    fn score(&mut self, message: &Message) -> Result<Outcome, Error> {
        let subject = message.subject();
        if subject.is_empty() {
            return Ok(Outcome::Abstain("there is no subject".to_owned()));
        }
        self.features.clear();
        self.text.normalise(&subject);
        self.features.add_words(&self.text, Namespace::SUBJECT);
        let words = sum(&self.weights, self.features.indices());
        Ok(Score::log_odds().reason("WORDS", words, "the words of the subject").category(Category::Spam).into())
    }
}

switchback_guest::export!(Linear);

fn subject(subject: &str) -> Message {
    Message::builder().subject(subject).build()
}

#[test]
fn a_model_scores_messages_that_a_test_built() {
    let mut model = Linear::prepare(&[1; 1 << 10]).unwrap();
    let outcome = model.score(&subject("three words here")).unwrap();
    let assessment = outcome.into_assessment().unwrap();
    assert_eq!(assessment.reasons[0].weight, 3.0);
    assert_eq!(assessment.category, Category::Spam);
}

#[test]
fn a_model_that_clears_its_buffers_forgets_the_last_message() {
    let mut model = Linear::prepare(&[1; 1 << 10]).unwrap();
    let first = model.score(&subject("one two")).unwrap();
    model.score(&subject("something else entirely")).unwrap();
    assert_eq!(model.score(&subject("one two")).unwrap(), first);
}

#[test]
fn a_model_may_have_no_opinion() {
    let mut model = Linear::prepare(&[0; 1 << 10]).unwrap();
    let outcome = model.score(&subject("")).unwrap();
    assert_eq!(outcome, Outcome::Abstain("there is no subject".to_owned()));
}

#[test]
fn bad_data_are_an_error_with_words() {
    let error = Linear::prepare(&[]).err().unwrap();
    assert_eq!(error.to_string(), "1,024 weights are needed, not 0");
}
