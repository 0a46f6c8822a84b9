//! In what two answers for one message differ.
//!
//! A model has no clock, no randomness and no memory of other messages, so they differ only if a host breaks its word, or if an
//! answer depends on time after all: on a deadline.

use switchback::Fault;
use switchback::verdict::{Assessment, Logged, Outcome, Reason};

/// What a call came to.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) answer: Result<&'a Outcome, &'a Fault>,
    pub(super) log: &'a Logged,
}

/// In what they differ; none if they are the same, bit for bit, or if a deadline ended one of them.
pub(super) fn difference(first: Said<'_>, second: Said<'_>) -> Option<String> {
    match (first.answer, second.answer) {
        (Err(Fault::Deadline(_)), _) | (_, Err(Fault::Deadline(_))) => return None,
        (Ok(first), Ok(second)) => of_outcomes(first, second),
        (Err(first), Err(second)) if first == second => None,
        (first, second) => Some(format!("{}, and then {}", words(first), words(second))),
    }
    .or_else(|| (first.log != second.log).then(|| "what it logged differs".to_owned()))
}

fn words(answer: Result<&Outcome, &Fault>) -> String {
    answer.map_or_else(|fault| fault.to_string(), |_| "it answered".to_owned())
}

fn of_outcomes(first: &Outcome, second: &Outcome) -> Option<String> {
    let (first, second) = match (first, second) {
        (Outcome::Scored(first), Outcome::Scored(second)) => (first, second),
        (Outcome::Abstained(first), Outcome::Abstained(second)) if first == second => return None,
        _ => return Some("whether it abstains, or why, differs".to_owned()),
    };
    if first.score.to_bits() != second.score.to_bits() {
        return Some(format!("its score was {}, and then {}", first.score, second.score));
    }
    if first.category != second.category {
        return Some(format!("its category was {}, and then {}", first.category, second.category));
    }
    (!are_reasons_equal(first, second)).then(|| "its reasons differ".to_owned())
}

fn are_reasons_equal(first: &Assessment, second: &Assessment) -> bool {
    let is_same = |one: &Reason, other: &Reason| {
        (&one.name, one.weight.to_bits(), &one.note) == (&other.name, other.weight.to_bits(), &other.note)
    };
    first.reasons.len() == second.reasons.len()
        && first.reasons.iter().zip(&second.reasons).all(|(one, other)| is_same(one, other))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use switchback::Category;
    use switchback::verdict::LogLevel;

    use super::*;

    fn scored(score: f64, category: Category, weight: f64) -> Outcome {
        Outcome::Scored(Assessment::new(score, category, vec![Reason::new("A", weight, "")]))
    }

    #[test]
    fn what_differs_in_a_bit_is_told() {
        let log = Logged::default();
        let differ = |first: &Outcome, second: &Outcome| {
            difference(Said { answer: Ok(first), log: &log }, Said { answer: Ok(second), log: &log })
        };
        let (ham, spam) = (Category::Ham, Category::Spam);
        let one = scored(0.25, ham, 0.25);
        assert_eq!(differ(&one, &one.clone()), None);
        let next = f64::from_bits(0.25_f64.to_bits() + 1);
        for (other, what) in [
            (scored(next, ham, 0.25), "its score was 0.25, and then 0.25000000000000006"),
            (scored(0.25, spam, 0.25), "its category was ham, and then spam"),
            (scored(0.25, ham, next), "its reasons differ"),
            (Outcome::Abstained("no".to_owned()), "whether it abstains, or why, differs"),
        ] {
            assert_eq!(differ(&one, &other).as_deref(), Some(what));
        }
        assert!(differ(&scored(0.0, ham, 0.0), &scored(0.0, ham, -0.0)).is_some(), "zeros of two signs");
    }

    #[test]
    fn failures_and_logs_are_compared_and_deadlines_are_not() {
        let (silent, mut loud) = (Logged::default(), Logged::default());
        loud.push(LogLevel::Debug, "here", 1);
        let one = scored(0.25, Category::Ham, 0.25);
        let said = |answer, log| Said { answer, log };
        let trap = Fault::Trap("unreachable".to_owned());
        let late = Fault::Deadline(Duration::from_secs(1));
        assert_eq!(
            difference(said(Ok(&one), &silent), said(Ok(&one), &loud)).as_deref(),
            Some("what it logged differs")
        );
        let differs = difference(said(Ok(&one), &silent), said(Err(&trap), &silent)).unwrap();
        assert_eq!(differs, "it answered, and then it trapped: unreachable");
        assert_eq!(difference(said(Err(&trap), &loud), said(Err(&trap), &loud)), None);
        assert_eq!(difference(said(Err(&late), &loud), said(Ok(&one), &silent)), None);
    }
}
