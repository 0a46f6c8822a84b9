//! Answers that the contract forbids, made without the checks of the SDK, and a few that it allows.

use crate::case::Case;
use std::hint::black_box;
use switchback_guest::{Assessment, Category, Outcome, Reason, Score};

/// A text that looks like a line of somebody else's, where it is taken as it is.
pub(crate) const FORGED: &str = "x\nswitchback: all is well\x1b[2J";

/// What a case answers that does nothing else.
pub(crate) fn answer(case: Case) -> Outcome {
    match case {
        Case::Abstain => Outcome::Abstain("the hostile model has no opinion".to_owned()),
        Case::ForgeAbstain => Outcome::Abstain(FORGED.to_owned()),
        Case::ForgeNote => explained(vec![Reason { note: FORGED.to_owned(), ..reason("A", 0.0, 0) }]),
        Case::Nan => scored(f64::NAN),
        Case::Infinite => scored(f64::INFINITY),
        Case::Over => scored(2.0),
        Case::Under => scored(-1.0),
        Case::NanWeight => explained(vec![reason("A", f64::NAN, 0)]),
        Case::Unexplained => explained(vec![reason("A", 0.9, 0)]),
        Case::ManyReasons => explained(vec![reason("A", 0.0, 0); 65]),
        Case::HugeList => explained(vec![reason("A", 0.0, 0); 1_000_000]),
        Case::LongNote => explained(vec![reason("A", 0.0, 257)]),
        Case::HugeNote => explained(vec![reason("A", 0.0, 16 << 20)]),
        Case::LongName => explained(vec![reason(&"A".repeat(65), 0.0, 0)]),
        Case::BadName => explained(vec![reason("small\nletters", 0.0, 0)]),
        Case::EmptyName => explained(vec![reason("", 0.0, 0)]),
        _ => even(),
    }
}

/// Even odds without a reason: a score that the contract allows.
pub(crate) fn even() -> Outcome {
    Score::log_odds().into()
}

/// Even odds after something was computed that nobody needs.
pub(crate) fn after<T>(result: T) -> Outcome {
    drop(black_box(result));
    even()
}

/// A score whose log-odds are how many messages the instance has scored.
pub(crate) fn counted(scored: u32) -> Outcome {
    Score::log_odds().reason("SCORED", f64::from(scored), "messages by this instance").into()
}

/// A score without a reason.
fn scored(score: f64) -> Outcome {
    Score::raw(Assessment { score, category: Category::Spam, reasons: Vec::new() }).into()
}

/// Even odds, for these reasons: on the scale `log-odds` all add up but those of `unexplained`.
fn explained(reasons: Vec<Reason>) -> Outcome {
    Score::raw(Assessment { score: 0.5, category: Category::Spam, reasons }).into()
}

fn reason(name: &str, weight: f64, note_bytes: usize) -> Reason {
    Reason { name: name.to_owned(), weight, note: "n".repeat(note_bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assessment(case: Case) -> Assessment {
        answer(case).into_assessment().unwrap()
    }

    #[test]
    fn the_answers_reach_the_host_as_bad_as_they_are() {
        assert!(assessment(Case::Nan).score.is_nan());
        assert_eq!(assessment(Case::Over).score, 2.0);
        assert_eq!(assessment(Case::ManyReasons).reasons.len(), 65);
        assert_eq!(assessment(Case::LongNote).reasons[0].note.len(), 257);
        assert_eq!(assessment(Case::EmptyName).reasons[0].name, "");
        assert!(assessment(Case::NanWeight).reasons[0].weight.is_nan());
    }

    #[test]
    fn the_empty_model_answers_even_odds() {
        assert_eq!(assessment(Case::Empty).score, 0.5);
        assert_eq!(assessment(Case::Empty).reasons, []);
    }
}
