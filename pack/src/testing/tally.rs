//! What all messages came to.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use switchback::release::{Manifest, SelfTest};
use switchback::verdict::{Assessment, Outcome, Timing};
use switchback::{Fault, Limits, Message, ScoreError, Scored};

use super::check::CheckName;
use super::findings::Findings;
use super::purity::{Said, difference};
use crate::answer::Changed;
use crate::error::PackError;
use crate::self_test;

/// Messages that are named because they took long.
const SLOW_MAX: usize = 3;

/// Bytes of a note that the host cut: the sign that there was more may end up to three bytes before the contract's 256.
const CUT_NOTE_BYTES: usize = 253;

/// A message that took long.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Slow {
    /// The message.
    pub message: String,
    /// Its size in bytes.
    pub bytes: usize,
    /// The time in the model, in microseconds: what its deadline counts. The shorter of two.
    pub guest_us: f64,
    /// The time in all, with parsing and a fresh instance, in microseconds. The longer of two: what is derived of a message is derived once.
    pub total_us: f64,
}

/// The most of something that a message had, and what there is.
#[derive(Debug, Default)]
pub(super) struct Most {
    pub(super) count: usize,
    pub(super) max: usize,
    pub(super) message: String,
}

/// What all messages came to.
pub(super) struct Tally<'m> {
    manifest: &'m Manifest,
    pub(super) messages: usize,
    pub(super) scored: usize,
    pub(super) abstained: usize,
    /// What is wrong, by the check that it fails.
    pub(super) faults: BTreeMap<CheckName, Findings>,
    /// Messages that it says it cannot score: a filter has a policy for that.
    pub(super) refused: Findings,
    pub(super) cut_notes: Findings,
    pub(super) reasons: Most,
    pub(super) log: Most,
    pub(super) slowest: Vec<Slow>,
    pub(super) deadline: Duration,
    /// Whether there were more messages, which a model that loops would have taken minutes for.
    pub(super) is_cut_short: bool,
}

impl<'m> Tally<'m> {
    pub(super) fn of(manifest: &'m Manifest) -> Self {
        let limits = Limits::default().of_release(&manifest.limits);
        Self {
            manifest,
            messages: 0,
            scored: 0,
            abstained: 0,
            faults: BTreeMap::new(),
            refused: Findings::default(),
            cut_notes: Findings::default(),
            reasons: Most { max: limits.reasons_max, ..Most::default() },
            log: Most { max: limits.log_lines_max, ..Most::default() },
            slowest: Vec::new(),
            deadline: limits.deadline,
            is_cut_short: false,
        }
    }

    /// Whether the model had an answer for any message: without one most checks have nothing to look at.
    pub(super) fn has_answers(&self) -> bool {
        self.scored + self.abstained > 0
    }

    /// Messages that fail this check.
    pub(super) fn failed_by(&self, check: CheckName) -> usize {
        self.faults.get(&check).map_or(0, Findings::messages)
    }

    /// Takes both answers for the next message.
    ///
    /// # Errors
    /// If the machine is to blame for one of them.
    pub(super) fn take(
        &mut self,
        name: &str,
        message: &Message,
        (first, second): (Result<Scored, ScoreError>, Result<Scored, ScoreError>),
    ) -> Result<(), PackError> {
        let theirs = [&first, &second].into_iter().filter_map(|answer| answer.as_ref().err());
        if let Some(error) = theirs.into_iter().find(|error| !error.is_guest_fault()) {
            return Err(PackError::Host { why: format!("`{name}` could not be scored: {}", error.fault) });
        }
        if let Some(difference) = difference(said(&first), said(&second)) {
            self.fault(CheckName::Purity, name, difference);
        }
        if let Some(test) = self.manifest.self_tests.get(self.messages) {
            self.take_self_test(test, &first);
        }
        self.messages += 1;
        self.log.take(said(&first).log.lines.len() + said(&first).log.dropped as usize, name);
        let answered = [&first, &second].into_iter().filter_map(|answer| answer.as_ref().ok());
        self.take_times(name, message.len(), &answered.map(|scored| scored.timing).collect::<Vec<_>>());
        match &first {
            Ok(scored) => self.take_outcome(name, &scored.outcome),
            Err(error) => self.take_fault(name, error),
        }
        Ok(())
    }

    fn take_self_test(&mut self, test: &SelfTest, answer: &Result<Scored, ScoreError>) {
        let wrong = match self_test::tested(test, answer.clone()) {
            Ok(tested) => Changed::of(test, Some(test.score), &tested).map(|changed| changed.what()),
            Err(PackError::SelfTest { why, .. }) => Some(why),
            Err(error) => Some(error.to_string()),
        };
        wrong.into_iter().for_each(|why| self.fault(CheckName::SelfTests, &test.name, why));
    }

    fn take_outcome(&mut self, name: &str, outcome: &Outcome) {
        match outcome {
            Outcome::Abstained(_) => self.abstained += 1,
            Outcome::Scored(Assessment { reasons, .. }) => {
                self.scored += 1;
                self.reasons.take(reasons.len(), name);
                if let Some(reason) = reasons.iter().find(|reason| is_cut(&reason.note)) {
                    self.cut_notes.add(name, format!("the note of reason {} is cut: 256 bytes are kept", reason.name));
                }
            }
        }
    }

    fn take_fault(&mut self, name: &str, error: &ScoreError) {
        let why = format!("{}{}", error.fault, self_test::said(error));
        let check = match &error.fault {
            Fault::CannotScore(_) => return self.refused.add(name, why),
            Fault::Undeclared(_) => CheckName::Reads,
            Fault::BadResult(_) => CheckName::Contract,
            Fault::Stack => CheckName::Stack,
            Fault::Memory(_) | Fault::Table(_) => CheckName::Memory,
            Fault::Deadline(_) => CheckName::Time,
            Fault::LogFlood(_) => CheckName::Log,
            _ => CheckName::Answers,
        };
        self.fault(check, name, why);
    }

    fn fault(&mut self, check: CheckName, message: &str, why: String) {
        self.faults.entry(check).or_default().add(message, why);
    }

    /// Keeps the shorter time of two in the model, as the machine may have been busy with something else, and the longer one in all:
    /// what is derived of a message is derived once.
    fn take_times(&mut self, name: &str, bytes: usize, times: &[Timing]) {
        let Some(guest) = times.iter().map(|timing| timing.guest).min() else { return };
        let total = times.iter().map(|timing| timing.total).max().unwrap_or(guest);
        let [guest_us, total_us] = [guest, total].map(|time| time.as_nanos() as f64 / 1e3);
        self.slowest.push(Slow { message: name.to_owned(), bytes, guest_us, total_us });
        self.slowest.sort_by(|a, b| b.guest_us.total_cmp(&a.guest_us));
        self.slowest.truncate(SLOW_MAX);
    }
}

impl Most {
    fn take(&mut self, count: usize, message: &str) {
        if count > self.count || self.message.is_empty() {
            (self.count, self.message) = (count, message.to_owned());
        }
    }
}

fn is_cut(note: &str) -> bool {
    note.ends_with('…') && note.len() >= CUT_NOTE_BYTES
}

fn said(answer: &Result<Scored, ScoreError>) -> Said<'_> {
    match answer {
        Ok(scored) => Said { answer: Ok(&scored.outcome), log: &scored.log },
        Err(error) => Said { answer: Err(&error.fault), log: &error.log },
    }
}

#[cfg(test)]
mod tests {
    use switchback::release::{Reads, Scale};

    use super::*;

    #[test]
    fn the_shorter_time_in_the_model_and_the_longer_one_in_all_count_and_three_messages_are_named() {
        let manifest =
            Manifest::new("tiny".parse().unwrap(), "1.0.0".parse().unwrap(), Scale::LogOdds, Reads::default());
        let mut tally = Tally::of(&manifest);
        let timing = |guest, total| {
            let mut timing = Timing::default();
            (timing.guest, timing.total) = (Duration::from_micros(guest), Duration::from_micros(total));
            timing
        };
        for (name, both) in [
            ("a", [timing(5, 90), timing(3, 70)]),
            ("b", [timing(4, 20), timing(9, 30)]),
            ("c", [timing(1, 2), timing(1, 2)]),
            ("d", [timing(2, 3), timing(2, 3)]),
        ] {
            tally.take_times(name, 1, &both);
        }
        tally.take_times("e", 1, &[]);
        let slowest: Vec<_> = tally.slowest.iter().map(|slow| (&*slow.message, slow.guest_us, slow.total_us)).collect();
        assert_eq!(slowest, [("b", 4.0, 30.0), ("a", 3.0, 90.0), ("d", 2.0, 3.0)]);
    }

    #[test]
    fn a_note_that_its_author_ends_with_dots_is_not_cut() {
        let cut = |letters: usize| is_cut(&format!("{}…", "x".repeat(letters)));
        assert!(cut(253) && cut(250) && !cut(249) && !is_cut(&"x".repeat(256)));
    }

    #[test]
    fn of_those_with_the_most_the_first_is_named() {
        let mut most = Most::default();
        for (count, message) in [(0, "a"), (2, "b"), (2, "c"), (1, "d")] {
            most.take(count, message);
        }
        assert_eq!((most.count, &*most.message), (2, "b"));
    }
}
