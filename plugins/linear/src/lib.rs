//! An example model: logistic regression over hashed words.
//!
//! It reads four fields, the subject, the sender, the body and the links, and each is a vector of its own,
//! scaled to length one: the words that the host hashes for all models, or, in the releases before 1.2.0 and in 2.0.0, the words
//! and pairs of neighbouring words that the model finds and hashes by itself ([`Extractor`]). The weights say which ([`Inputs`]).
//! So a field counts the same however long it is, and who sends a message matters beside what a long
//! text says. With `n` features of which `i` runs over those present, a field adds
//!
//! ```text
//! scale * (sum of weight[i]) / sqrt(n)
//! ```
//!
//! to the log-odds, and the reasons `SUBJECT`, `SENDER`, `BODY`, `LINKS` and `BIAS` are these parts: they add up
//! to the score exactly. Weights come from a file ([`Weights`]) that `cargo xtask train` writes.
//!
//! **The category is a rule of thumb, not learned**: unwanted mail is called phish if the sender and the
//! links speak more loudly against it than the words do, else spam.
#![forbid(unsafe_code)]

mod extractor;
mod weights;

pub use extractor::{BODY_BYTES_MAX, Extractor, Fields, LINKS_MAX};
use switchback_guest::features::{self, FeatureKind};
use switchback_guest::{Category, Error, Message, Outcome, Score, Scorer};
pub use weights::{Inputs, Weights};

/// The model: weights, and the memory that features are extracted in, unless the host does.
#[derive(Debug)]
pub struct Linear {
    weights: Weights,
    extractor: Option<Extractor>,
}

switchback_guest::export!(Linear);

impl Scorer for Linear {
    fn prepare(data: &[u8]) -> Result<Self, Error> {
        let weights = Weights::parse(data)?;
        let extractor = (weights.inputs() == Inputs::Text).then(|| Extractor::new(weights.bits()));
        Ok(Self { weights, extractor })
    }

    fn score(&mut self, message: &Message) -> Result<Outcome, Error> {
        let weights = &self.weights;
        let [subject, sender, body, links] = match &mut self.extractor {
            Some(extractor) => extractor.extract(message).all().map(|indices| {
                let sum = features::sum(weights.values(), indices);
                contribution(weights, sum, indices.len())
            }),
            None => words(message).map(|features| contribution(weights, weights.sum(&features), features.len())),
        };

        let category = if sender + links > subject + body { Category::Phish } else { Category::Spam };
        let score = Score::log_odds()
            .reason("SUBJECT", subject, "")
            .reason("SENDER", sender, "")
            .reason("BODY", body, "")
            .reason("LINKS", links, "")
            .reason("BIAS", self.weights.bias(), "");
        Ok(score.category(category).into())
    }
}

/// The words of the subject, the sender, the body and the links, as the host hashes them. What a message is made of
/// (`message.structure()`) is not asked for: the mail that is learned from is twenty years old, and its structure says so.
pub fn words(message: &Message) -> [Vec<u32>; 4] {
    let words = message.features(FeatureKind::Words);
    [words.subject, words.sender, words.body, words.links]
}

/// What one field adds to the log-odds: the sum of its weights over the root of how many there are.
fn contribution(weights: &Weights, sum: f64, count: usize) -> f64 {
    if count == 0 {
        return 0.0;
    }
    weights.scale() * sum / (count as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_guest::Assessment;
    use switchback_guest::features::{FeatureSet, Namespace, Text};

    /// A model of 16 bits in which the words of `text` in a namespace weigh `weight`.
    fn model(bias: f64, scale: f64, known: &[(&str, Namespace, f32)]) -> Linear {
        let mut values = vec![0.0; 1 << 16];
        let mut text = Text::new();
        for (word, namespace, weight) in known {
            let mut set = FeatureSet::new(16);
            text.normalise(word);
            set.add_words(&text, *namespace);
            set.indices().iter().for_each(|index| values[*index as usize] = *weight);
        }
        Linear::prepare(&Weights::new(Inputs::Text, bias, scale, &values).to_bytes()).unwrap()
    }

    fn assess(model: &mut Linear, message: &Message) -> Assessment {
        model.score(message).unwrap().into_assessment().unwrap()
    }

    fn weight(assessment: &Assessment, name: &str) -> f64 {
        assessment.reasons.iter().find(|reason| reason.name == name).unwrap().weight
    }

    #[test]
    fn a_message_of_nothing_scores_the_bias() {
        let assessment = assess(&mut model(0.0, 1.0, &[]), &Message::builder().build());
        assert_eq!(assessment.score, 0.5);
        assert_eq!(assessment.reasons.len(), 5);
    }

    #[test]
    fn a_field_adds_its_weights_over_the_root_of_its_features() {
        let mut model = model(-1.0, 2.0, &[("pills", Namespace::BODY, 3.0)]);
        // "cheap", "pills" and two pairs: four features.
        let assessment = assess(&mut model, &Message::builder().text("Cheap PILLS").build());
        assert_eq!(weight(&assessment, "BODY"), 2.0 * 3.0 / 2.0);
        assert_eq!(weight(&assessment, "BIAS"), -1.0);
        let log_odds: f64 = assessment.reasons.iter().map(|reason| reason.weight).sum();
        assert!((assessment.score - 1.0 / (1.0 + (-log_odds).exp())).abs() < 1e-15);
    }

    #[test]
    fn a_word_that_is_repeated_counts_once() {
        let mut model = model(0.0, 1.0, &[("pills", Namespace::BODY, 3.0)]);
        let once = assess(&mut model, &Message::builder().text("buy pills buy pills").build());
        let often = assess(&mut model, &Message::builder().text("buy pills buy pills buy pills").build());
        assert_eq!(once, often);
    }

    #[test]
    fn the_same_word_means_another_thing_in_another_field() {
        let mut model = model(0.0, 1.0, &[("pills", Namespace::SUBJECT, 3.0)]);
        let assessment = assess(&mut model, &Message::builder().subject("pills").text("pills").build());
        assert!(weight(&assessment, "SUBJECT") > 0.0);
        assert_eq!(weight(&assessment, "BODY"), 0.0);
    }

    #[test]
    fn of_the_hosts_words_each_field_has_its_own() {
        let message = Message::builder().subject("cheap pills").text("pills").build();
        let words = message.features(FeatureKind::Words);
        let mut values = vec![0.0; 1 << 16];
        for feature in &words.subject[1..] {
            values[(feature >> 16) as usize] = 3.0;
        }
        let weights = Weights::new(Inputs::Words, -1.0, 2.0, &values);
        let assessment = assess(&mut Linear::prepare(&weights.to_bytes()).unwrap(), &message);
        assert!((weight(&assessment, "SUBJECT") - 2.0 * 3.0 / 2.0_f64.sqrt()).abs() < 1e-12);
        let others: f64 = ["SENDER", "BODY", "LINKS"].iter().map(|name| weight(&assessment, name)).sum();
        assert_eq!((others, weight(&assessment, "BIAS")), (0.0, -1.0));
    }

    #[test]
    fn a_suspicious_sender_makes_it_phish_and_suspicious_words_make_it_spam() {
        let known = [("bank", Namespace::SENDER, 4.0), ("pills", Namespace::BODY, 4.0)];
        let mut model = model(0.0, 1.0, &known);
        let phish = Message::builder().from("Your bank", "x@a.example").build();
        let spam = Message::builder().text("pills").build();
        assert_eq!(assess(&mut model, &phish).category, Category::Phish);
        assert_eq!(assess(&mut model, &spam).category, Category::Spam);
        assert_eq!(assess(&mut model, &Message::builder().build()).category, Category::Spam, "even odds");
    }

    #[test]
    fn a_message_leaves_nothing_behind_for_the_next() {
        let mut model = model(0.0, 1.0, &[("pills", Namespace::BODY, 3.0), ("links", Namespace::LINK, 1.0)]);
        let short = Message::builder().text("hello").build();
        let before = assess(&mut model, &short);
        let long = Message::builder().text(&"pills and more pills ".repeat(2000));
        assess(&mut model, &long.subject("pills").link("https://links.example/", "").build());
        assert_eq!(assess(&mut model, &short), before);
    }
}
