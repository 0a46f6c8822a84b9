//! What is done with a message, by its verdict.

use switchback::verdict::DecidedBy;

use super::scoring::Scored;
use crate::config::{DirectionConfig, FailureAnswer, Measure};
use crate::mail::{Direction, Transaction};

/// What is done with a message.
pub(super) fn measure(
    scored: &Scored,
    rules: &DirectionConfig,
    direction: Direction,
    transaction: &Transaction,
) -> Measure {
    let measure = match failure_answer(scored, rules) {
        Some(FailureAnswer::Tempfail) => Measure::Tempfail,
        Some(FailureAnswer::Quarantine) => rules.quarantine,
        Some(FailureAnswer::Previous | FailureAnswer::Neutral) | None => rules.measure(scored.verdict.action),
    };
    // Held here and delivered, too, it would be there twice.
    let measure = if measure == Measure::Held && transaction.is_advice { Measure::MtaQuarantine } else { measure };
    let is_refused = matches!(measure, Measure::Reject | Measure::Tempfail);
    let is_bounce = transaction.envelope.mail_from.as_deref() == Some("");
    // Nobody could be told: a mail server that refuses its own bounce has to drop it.
    if is_refused && is_bounce && direction == Direction::Outbound { Measure::Accept } else { measure }
}

/// The answer that the configuration has for a message that nobody scored.
fn failure_answer(scored: &Scored, rules: &DirectionConfig) -> Option<FailureAnswer> {
    if scored.verdict.decided_by != DecidedBy::Unscanned {
        return None;
    }
    if scored.is_store_away {
        return Some(rules.failure.store_away);
    }
    scored.verdict.cause.map(|cause| rules.failure.answer(cause))
}

#[cfg(test)]
mod tests {
    use switchback::route::Generation;
    use switchback::verdict::{Answer, Cause};
    use switchback::{Action, Envelope, Message, Verdict};

    use super::*;

    fn unscanned(cause: Cause, answer: Answer) -> Scored {
        let message = Message::parse("");
        let verdict =
            Verdict::unscanned(&message, Generation::default(), None, answer, (cause, "it failed".to_owned()));
        Scored { verdict, is_store_away: false }
    }

    fn measured(scored: &Scored, rules: &DirectionConfig) -> Measure {
        measure(scored, rules, Direction::Inbound, &Transaction::new())
    }

    #[test]
    fn each_cause_has_its_own_answer() {
        let mut rules = DirectionConfig::default();
        let causes = [Cause::Trap, Cause::Deadline, Cause::Overload, Cause::TooBig, Cause::NoRelease, Cause::BadInput];
        for cause in causes {
            rules.failure = crate::config::FailureAnswers::default();
            let failure = &mut rules.failure;
            *match cause {
                Cause::Trap => &mut failure.trap,
                Cause::Deadline => &mut failure.deadline,
                Cause::Overload => &mut failure.overload,
                Cause::TooBig => &mut failure.too_big,
                Cause::NoRelease => &mut failure.no_release,
                _ => &mut failure.parse,
            } = FailureAnswer::Quarantine;
            assert_eq!(measured(&unscanned(cause, Answer::Neutral), &rules), Measure::Held, "{cause:?}");
            for other in causes.into_iter().filter(|other| *other != cause) {
                let expected = if other == Cause::Overload { Measure::Tempfail } else { Measure::Accept };
                assert_eq!(measured(&unscanned(other, Answer::Neutral), &rules), expected, "{cause:?}, {other:?}");
            }
        }
        let mut away = unscanned(Cause::NoRelease, Answer::Neutral);
        away.is_store_away = true;
        assert_eq!(measured(&away, &rules), Measure::Tempfail);
    }

    #[test]
    fn what_a_rule_decides_is_no_failure() {
        let mut scored = unscanned(Cause::Overload, Answer::Act(Action::Quarantine));
        scored.verdict.decided_by = DecidedBy::Blocked { rule: 1 };
        assert_eq!(measured(&scored, &DirectionConfig::default()), Measure::Held);
    }

    #[test]
    fn what_cannot_be_forgotten_is_not_held() {
        let scored = unscanned(Cause::NoRelease, Answer::Act(Action::Quarantine));
        let mut rules = DirectionConfig::default();
        rules.failure.no_release = FailureAnswer::Quarantine;
        let mut transaction = Transaction::new();
        assert_eq!(measure(&scored, &rules, Direction::Inbound, &transaction), Measure::Held);
        transaction.is_advice = true;
        assert_eq!(measure(&scored, &rules, Direction::Inbound, &transaction), Measure::MtaQuarantine);
    }

    #[test]
    fn a_bounce_of_this_site_is_never_refused() {
        let scored = unscanned(Cause::Overload, Answer::Neutral);
        let mut transaction = Transaction::new();
        transaction.envelope = Envelope::new().mail_from("<>");
        let rules = DirectionConfig::default();
        assert_eq!(measure(&scored, &rules, Direction::Outbound, &transaction), Measure::Accept);
        assert_eq!(measure(&scored, &rules, Direction::Inbound, &transaction), Measure::Tempfail);
    }
}
