//! A model of readable rules: each looks at one thing, and adds its weight if it finds it.
//!
//! The weights are on the scale of log-odds: +0.7 doubles the odds that a message is unwanted, +2.3
//! multiplies them by ten, and what speaks for a message is negative. To make it yours, copy the crate,
//! change the tables under `rules/`, and look at what the rules find in your own mail with
//! `switchback score`.
//!
//! * [`Mail`] is a message, read once: what the rules look at.
//! * [`Phrases`] finds all phrases in one pass over the text.
//! * [`Rule`] is a row of a table, [`RULES`] are the tables.

#![forbid(unsafe_code)]

mod domains;
mod mail;
mod phrases;
mod rule;
mod rules;
mod tags;

pub use mail::Mail;
pub use phrases::{Phrases, Topic};
pub use rule::Rule;
pub use rules::RULES;

use switchback_guest::{Category, Error, Message, Outcome, Score, Scorer};

/// What a message has before any rule is asked: odds of one to twelve. Most mail that reaches a filter
/// behind its block lists is wanted.
const BIAS: f64 = -2.5;

/// The model.
#[derive(Debug)]
pub struct Rules {
    phrases: Phrases,
}

impl Scorer for Rules {
    fn prepare(_data: &[u8]) -> Result<Self, Error> {
        Ok(Self { phrases: Phrases::new()? })
    }

    fn score(&mut self, message: &Message) -> Result<Outcome, Error> {
        let mail = Mail::read(message, &mut self.phrases);
        let mut score = Score::log_odds().reason("BIAS", BIAS, "before any rule");
        let mut tally = Tally::default();
        for rule in RULES.iter().copied().flatten().filter(|rule| (rule.applies)(&mail)) {
            score.add(rule.name, rule.weight, rule.note);
            tally.add(rule);
        }
        Ok(score.category(tally.heaviest()).into())
    }
}

switchback_guest::export!(Rules);

/// The weights found so far, by category.
#[derive(Debug, Default)]
struct Tally(Vec<(Category, f64)>);

impl Tally {
    fn add(&mut self, rule: &Rule) {
        match self.0.iter_mut().find(|(category, _)| *category == rule.category) {
            Some((_, weight)) => *weight += rule.weight,
            None => self.0.push((rule.category, rule.weight)),
        }
    }

    /// The category that most of the weight speaks for.
    fn heaviest(self) -> Category {
        let suspicious = self.0.into_iter().filter(|(category, _)| *category != Category::Ham);
        suspicious.max_by(|a, b| a.1.total_cmp(&b.1)).map_or(Category::Spam, |(category, _)| category)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_guest::{Assessment, AuthResult, Authentication, MessageBuilder};

    fn assess(message: MessageBuilder) -> Assessment {
        let outcome = Rules::prepare(&[]).unwrap().score(&message.build()).unwrap();
        outcome.into_assessment().unwrap()
    }

    /// A message that no rule objects to.
    fn clean() -> MessageBuilder {
        clean_from("Ada Lovelace", "ada@example.org")
    }

    fn clean_from(name: &str, address: &str) -> MessageBuilder {
        Message::builder()
            .from(name, address)
            .subject("Lunch on Thursday?")
            .date(1_700_000_000)
            .header("Message-ID", "<20231114.1@example.org>")
            .text("Shall we meet at noon? The menu is at https://canteen.example.org/menu")
            .link("https://canteen.example.org/menu", "https://canteen.example.org/menu")
    }

    #[test]
    fn a_clean_message_has_nothing_but_the_bias() {
        let assessment = assess(clean());
        assert_eq!(assessment.reasons.len(), 1, "{:?}", assessment.reasons);
        assert_eq!(assessment.category, Category::Ham);
        assert!(assessment.score < 0.1);
    }

    #[test]
    fn gtube_is_spam_beyond_doubt() {
        let text = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";
        let assessment = assess(clean().text(text));
        assert!(assessment.score > 0.999_999);
        assert_eq!(assessment.category, Category::Spam);
    }

    #[test]
    fn a_forged_sender_weighs_more_with_every_sign() {
        let forged = Authentication { dmarc: AuthResult::Fail, ..Authentication::default() };
        let brand = || clean_from("PayPal", "security@paypal-support.example");
        let one = assess(brand()).score;
        let two = assess(brand().authentication(forged)).score;
        assert!(one < 0.5 && two > 0.8, "{one}, {two}");
    }

    #[test]
    fn the_category_is_that_of_the_heaviest_rules() {
        let mail = clean().subject("Your account is suspended").link("http://192.0.2.1/x", "https://www.paypal.com");
        assert_eq!(assess(mail).category, Category::Phish);
    }

    #[test]
    fn every_rule_is_named_once_and_says_what_it_found() {
        let mut names: Vec<_> = RULES.iter().copied().flatten().map(|rule| rule.name).collect();
        let count = names.len();
        assert!(RULES.iter().copied().flatten().all(|rule| !rule.note.is_empty() && rule.weight.is_finite()));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
