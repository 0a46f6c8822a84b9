//! Models that misbehave, for the sandbox's tests. Never promote one.
//!
//! There is one guest. The bytes given to `prepare` are the name of a case in ASCII, so each case is a
//! release of its own, on the scale `log-odds`: [`CASES`] has the names, [`Case`] says what each does. The
//! host is to answer each with a typed error (or, where a case says so, with a score), in time, and to go on
//! as if nothing had happened.
//!
//! A message with the subject [`SELF_TEST_SUBJECT`] gets even odds from every case: it behaves while it is
//! looked at, so that it can be loaded. The manifest has to declare `subject`, except for the case `empty`,
//! which reads nothing.

#![forbid(unsafe_code)]

mod answers;
mod case;
mod deeds;

pub use case::{CASES, Case};

use switchback_guest::{Error, Message, Outcome, Scorer};

/// The subject of the message that every case scores as it should.
pub const SELF_TEST_SUBJECT: &str = "self-test";

/// The model of every case.
#[derive(Debug)]
pub struct Hostile {
    case: Case,
    /// How many messages this instance has scored: more than one only if it is reused.
    scored: u32,
    /// What the case `forget` keeps of all that it allocates.
    kept: Vec<u8>,
}

impl Scorer for Hostile {
    fn prepare(data: &[u8]) -> Result<Self, Error> {
        let case = Case::named(data)?;
        match case {
            Case::PanicInPrepare => panic!("the hostile model panics in prepare"),
            Case::ErrorInPrepare => Err("the hostile model refuses to be prepared".into()),
            Case::LoopInPrepare => deeds::run_forever(),
            Case::Forget => Ok(Self { case, scored: 0, kept: deeds::forget() }),
            _ => Ok(Self { case, scored: 0, kept: Vec::new() }),
        }
    }

    fn score(&mut self, message: &Message) -> Result<Outcome, Error> {
        self.scored += 1;
        if self.case == Case::Empty || message.subject() == SELF_TEST_SUBJECT {
            return Ok(answers::even());
        }
        match self.case {
            Case::Trap => deeds::trap(),
            Case::Panic => panic!("the hostile model panics while scoring"),
            Case::ForgePanic => panic!("{}", answers::FORGED),
            Case::ForgeError => Err(answers::FORGED.into()),
            Case::Loop => deeds::run_forever(),
            Case::Recurse => Ok(answers::after(deeds::recurse(message, 0))),
            Case::RecurseMemory => Ok(answers::after(deeds::recurse_with_memory(0))),
            Case::Grow => deeds::fill_memory(),
            Case::LogFlood => deeds::flood_log(),
            Case::Print => Ok(deeds::print()),
            Case::PanicLate => deeds::panic_late(),
            Case::WeightInSdk => Ok(deeds::add_no_number()),
            Case::SumInSdk => Ok(deeds::sum_beyond_the_weights()),
            Case::Forget => Ok(answers::after(&self.kept)),
            Case::LongError => Err("größer".repeat(25_000).into()),
            Case::LongAbstain => Ok(Outcome::Abstain("größer".repeat(250))),
            Case::LogLong => Ok(deeds::log_long_line()),
            Case::Features => Ok(deeds::tell_features(message)),
            Case::ReadUndeclared => Ok(deeds::read_raw(message)),
            Case::Error => Err("the hostile model could not score".into()),
            Case::Stateful => Ok(answers::counted(self.scored)),
            case => Ok(answers::answer(case)),
        }
    }
}

switchback_guest::export!(Hostile);

#[cfg(test)]
mod tests {
    use super::*;

    fn hostile(case: &str) -> Hostile {
        Hostile::prepare(case.as_bytes()).unwrap()
    }

    #[test]
    fn a_name_that_is_no_case_is_an_error_that_lists_them() {
        let error = Hostile::prepare(b"polite").err().unwrap().to_string();
        assert!(error.contains("polite") && error.contains("huge-list"), "{error}");
    }

    #[test]
    fn a_reused_instance_shows() {
        let message = Message::builder().build();
        let mut model = hostile("stateful");
        let mut log_odds = || model.score(&message).unwrap().into_assessment().unwrap().reasons[0].weight;
        assert_eq!((log_odds(), log_odds(), log_odds()), (1.0, 2.0, 3.0));
    }

    #[test]
    fn every_case_that_can_be_packed_passes_a_self_test() {
        let message = Message::builder().subject(SELF_TEST_SUBJECT).build();
        for case in CASES.iter().filter(|case| !case.ends_with("-in-prepare")) {
            let assessment = hostile(case).score(&message).unwrap().into_assessment().unwrap();
            assert_eq!((assessment.score, assessment.reasons), (0.5, vec![]), "{case}");
        }
    }

    #[test]
    fn preparing_can_fail() {
        assert!(Hostile::prepare(b"error-in-prepare").is_err());
        let panic = std::panic::catch_unwind(|| Hostile::prepare(b"panic-in-prepare"));
        assert!(panic.is_err());
    }

    #[test]
    fn scoring_can_fail() {
        let message = Message::builder().build();
        assert!(hostile("error").score(&message).is_err());
        let panic = std::panic::catch_unwind(|| hostile("panic").score(&message).is_ok());
        assert!(panic.is_err());
    }
}
