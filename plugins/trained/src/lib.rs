//! The guest of models that `switchback train` makes: [`switchback_linear`] has what it computes.
//!
//! The reasons `SUBJECT`, `SENDER`, `BODY`, `LINKS`, `STRUCTURE` and `BIAS` add up to the log-odds exactly; their notes name the words
//! and header fields that weigh most in each, as far as the release has names for them.
//!
//! **The category is a rule of thumb, not learned**: unwanted mail is called phish if the sender and the links speak more loudly
//! against it than the words do, else spam.
#![forbid(unsafe_code)]

use switchback_guest::features::FeatureKind;
use switchback_guest::{Category, Error, Features, Message, Outcome, Score, Scorer};
use switchback_linear::{Kinds, Model};

/// The model.
#[derive(Debug)]
pub struct Trained(Model);

switchback_guest::export!(Trained);

impl Scorer for Trained {
    fn prepare(data: &[u8]) -> Result<Self, Error> {
        Model::parse(data).map(Self).map_err(|error| error.to_string().into())
    }

    fn score(&mut self, message: &Message) -> Result<Outcome, Error> {
        let model = &self.0;
        let words = message.features(FeatureKind::Words);
        let more: Vec<Features> = kinds(model.kinds()).map(|kind| message.features(kind)).collect();
        let fields: [fn(&Features) -> &Vec<u32>; 4] =
            [|all| &all.subject, |all| &all.sender, |all| &all.body, |all| &all.links];
        let [subject, sender, body, links] = fields.map(|of| {
            let features: Vec<&[u32]> = std::iter::once(&words).chain(&more).map(|kind| of(kind).as_slice()).collect();
            let adds = model.text(&features);
            (adds, model.text_names(&features, adds))
        });
        let parts = message.structure().features;
        let structure = model.structure(&parts);

        let category = if sender.0 + links.0 > subject.0 + body.0 { Category::Phish } else { Category::Spam };
        let score = Score::log_odds()
            .reason("SUBJECT", subject.0, subject.1)
            .reason("SENDER", sender.0, sender.1)
            .reason("BODY", body.0, body.1)
            .reason("LINKS", links.0, links.1)
            .reason("STRUCTURE", structure, model.structure_names(&parts, structure))
            .reason("BIAS", model.bias(), "");
        Ok(score.category(category).into())
    }
}

/// The kinds of features that a model reads besides words.
fn kinds(kinds: Kinds) -> impl Iterator<Item = FeatureKind> {
    let more = [(kinds.pairs(), FeatureKind::Pairs), (kinds.grams(), FeatureKind::Grams)];
    more.into_iter().filter(|(has, _)| *has).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_guest::Assessment;
    use switchback_linear::{Known, Names, Structure};

    /// A message, and a model to which what `loud` finds in another message speaks for spam.
    fn model(bias: f64, loud: &Message) -> Trained {
        let mut values = vec![0.0; 1 << 16];
        let words = loud.features(FeatureKind::Words);
        let pairs = loud.features(FeatureKind::Pairs);
        let texts = [&words.subject, &words.sender, &words.body, &words.links, &pairs.subject, &pairs.body];
        texts.into_iter().flatten().for_each(|feature| values[(feature >> 16) as usize] = 3.0);
        let structure = loud.structure().features;
        let known =
            structure.iter().map(|feature| Known { feature: *feature, weight: 1.0, name: "field:x-mailer".to_owned() });
        let model = Model::new(Kinds::PAIRS, bias, &values, Structure::new(known.collect()));
        Trained::prepare(&model.to_bytes()).unwrap()
    }

    fn assess(model: &mut Trained, message: &Message) -> Assessment {
        model.score(message).unwrap().into_assessment().unwrap()
    }

    fn reason<'a>(assessment: &'a Assessment, name: &str) -> (f64, &'a str) {
        let reason = assessment.reasons.iter().find(|reason| reason.name == name).unwrap();
        (reason.weight, &reason.note)
    }

    #[test]
    fn a_message_of_nothing_scores_the_bias() {
        let nothing = Message::builder().build();
        let assessment = assess(&mut model(0.0, &nothing), &nothing);
        assert_eq!((assessment.score, assessment.reasons.len()), (0.5, 6));
    }

    #[test]
    fn a_field_adds_its_weights_over_the_root_of_its_features() {
        let mut model = model(-1.0, &Message::builder().subject("pills").build());
        // "cheap", "pills", and two pairs: the start with "cheap" is another than with "pills".
        let assessment = assess(&mut model, &Message::builder().subject("Cheap PILLS").build());
        assert!((reason(&assessment, "SUBJECT").0 - 3.0 / 2.0).abs() < 1e-6, "{assessment:?}");
        assert_eq!(reason(&assessment, "BODY").0, 0.0);
        let log_odds: f64 = assessment.reasons.iter().map(|reason| reason.weight).sum();
        assert!((assessment.score - 1.0 / (1.0 + (-log_odds).exp())).abs() < 1e-15);
    }

    #[test]
    fn what_weighs_most_is_named() {
        let loud = Message::builder().subject("cheap pills").header("X-Mailer", "Mailer").build();
        let Trained(plain) = model(0.0, &loud);
        let pills = loud.features(FeatureKind::Words).subject[1];
        let mut named = Trained(plain.named(Names::new(vec![(pills, "pills".to_owned())])));
        let assessment = assess(&mut named, &loud);
        assert_eq!(reason(&assessment, "SUBJECT").1, "pills");
        assert_eq!(reason(&assessment, "STRUCTURE").1, "field:x-mailer");
        assert_eq!(reason(&assessment, "BODY").1, "");
    }

    #[test]
    fn a_suspicious_sender_makes_it_phish_and_suspicious_words_make_it_spam() {
        let sender = Message::builder().from("Your bank", "x@a.example").build();
        let text = Message::builder().text("pills").build();
        assert_eq!(assess(&mut model(0.0, &sender), &sender).category, Category::Phish);
        assert_eq!(assess(&mut model(0.0, &text), &text).category, Category::Spam);
    }
}
