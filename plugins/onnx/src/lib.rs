//! The guest that runs ONNX files: `switchback pack` puts what it has made of one into this module.
//!
//! It is compiled once, and in no release but with the data of one: see `switchback-guests`.
#![forbid(unsafe_code)]

mod taking;

use switchback_guest::{Category, Error, Message, Outcome, Score, Scorer};
use switchback_onnx_graph::{Given, Model, Output, Ready, Source};

use taking::Taker;

/// What is taken of a message for one of a model's sources.
///
/// # Errors
/// If a fact has no such name.
pub fn given(source: &Source, message: &Message) -> Result<Given, Error> {
    Ok(Taker::of(source)?.take(message))
}

/// The model.
#[derive(Debug)]
pub struct Onnx {
    model: Ready,
    takers: Vec<Taker>,
    /// The kinds of mail that the answer's numbers are about; none of log-odds.
    classes: Vec<Category>,
}

impl Scorer for Onnx {
    fn prepare(data: &[u8]) -> Result<Self, Error> {
        let model = Ready::new(Model::from_bytes(data).map_err(describe)?).map_err(describe)?;
        let takers = model.sources().iter().map(Taker::of).collect::<Result<_, _>>()?;
        let classes = match model.output() {
            Output::LogOdds => Vec::new(),
            Output::Classes(names) => names.iter().map(|name| category(name)).collect::<Result<_, _>>()?,
        };
        // The memory is made as large as a long message needs, so that none grows it.
        let most: Vec<_> = model.sources().iter().map(Given::most).collect();
        model.answer(&most).map_err(describe)?;
        Ok(Self { model, takers, classes })
    }

    fn score(&mut self, message: &Message) -> Result<Outcome, Error> {
        let given: Vec<_> = self.takers.iter().map(|taker| taker.take(message)).collect();
        let answer = self.model.answer(&given).map_err(describe)?;
        let score = match (self.model.output(), &*answer) {
            (Output::LogOdds, &[log_odds]) => Score::log_odds().reason("MODEL", f64::from(log_odds), ""),
            (_, numbers) => of_classes(self.classes.iter().copied().zip(numbers.iter().copied())),
        };
        Ok(score.into())
    }
}

/// The sum of the probabilities of what is unwanted, each a reason.
fn of_classes(classes: impl Iterator<Item = (Category, f32)>) -> Score {
    let mut score = Score::probability();
    let (mut unwanted, mut sum) = ((Category::Spam, 0.0), 0.0);
    let (mut ham, mut bulk) = (0.0, 0.0);
    for (class, probability) in classes {
        // Rounding may leave a little less than nothing.
        let probability = probability.max(0.0);
        match class {
            Category::Ham => ham += probability,
            Category::Bulk => bulk += probability,
            _ => {
                score.add(name(class), f64::from(probability), "");
                sum += probability;
                if probability > unwanted.1 {
                    unwanted = (class, probability);
                }
            }
        }
    }
    let is_bulk = sum < 0.5 && bulk > ham;
    score.category(if is_bulk { Category::Bulk } else { unwanted.0 })
}

/// The kinds of mail with their names in the contract.
const CATEGORIES: [(&str, Category); 6] = [
    ("ham", Category::Ham),
    ("bulk", Category::Bulk),
    ("spam", Category::Spam),
    ("phish", Category::Phish),
    ("spoof", Category::Spoof),
    ("malware", Category::Malware),
];

fn category(name: &str) -> Result<Category, Error> {
    let found = CATEGORIES.iter().find(|(known, _)| *known == name);
    found.map(|(_, category)| *category).ok_or_else(|| format!("there is no kind of mail `{name}`").into())
}

fn name(category: Category) -> &'static str {
    CATEGORIES.iter().find(|(_, known)| *known == category).map_or("", |(name, _)| name)
}

fn describe(error: switchback_onnx_graph::Error) -> Error {
    error.to_string().into()
}

switchback_guest::export!(Onnx);

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_guest::Assessment;
    use switchback_onnx_graph::{Feed, Graph, Node, Operator};

    /// A model whose answer is the first facts of a message, as they are.
    fn model(facts: &[&str], output: Output) -> Onnx {
        let model = Model {
            sources: vec![Source::Facts(facts.iter().map(|name| (*name).to_owned()).collect())],
            tokenized: None,
            feeds: vec![Feed::Numbers { source: 0, shape: vec![1, -1] }],
            graph: Graph { nodes: vec![Node { operator: Operator::Input(0), inputs: vec![] }], outputs: vec![0] },
            bodies: Vec::new(),
            output,
        };
        Onnx::prepare(&model.to_bytes().unwrap()).unwrap()
    }

    fn classes(names: &[&str]) -> Output {
        Output::Classes(names.iter().map(|name| (*name).to_owned()).collect())
    }

    fn assess(model: &mut Onnx, text: &str) -> Assessment {
        model.score(&Message::builder().text(text).build()).unwrap().into_assessment().unwrap()
    }

    #[test]
    fn log_odds_are_the_models_reason() {
        let assessment = assess(&mut model(&["text-size"], Output::LogOdds), "abc");
        assert_eq!((&*assessment.reasons[0].name, assessment.reasons[0].weight), ("MODEL", 2.0));
    }

    #[test]
    fn what_is_unwanted_is_added_up_and_the_likeliest_of_it_is_the_kind() {
        let facts = ["text-digits", "text-capitals", "text-white-space", "text-beyond-ascii"];
        let mut model = model(&facts, classes(&["ham", "spam", "phish", "bulk"]));
        let phish = assess(&mut model, "1A  ");
        assert_eq!((phish.score, phish.category), (0.75, Category::Phish));
        assert_eq!(phish.reasons.iter().map(|reason| &*reason.name).collect::<Vec<_>>(), ["SPAM", "PHISH"]);
        assert_eq!(assess(&mut model, "12é ").category, Category::Ham);
        assert_eq!(assess(&mut model, "1éé ").category, Category::Bulk);
    }

    #[test]
    fn an_answer_that_is_no_probability_is_an_error() {
        let mut model = model(&["text-size"], classes(&["spam"]));
        let error = model.score(&Message::builder().text("a long text").build()).unwrap_err();
        assert!(error.to_string().contains("not what its output is said to be"), "{error}");
    }

    #[test]
    fn data_that_are_no_model_are_refused_with_the_reason() {
        let error = Onnx::prepare(b"not a model of any kind").unwrap_err();
        assert!(error.to_string().contains("convert the ONNX file again"), "{error}");
    }
}
