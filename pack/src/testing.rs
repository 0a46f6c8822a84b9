//! Whether a release does what its author expects of it, on its self-tests and on mail, and which messages to look at.

mod check;
mod checks;
mod findings;
mod purity;
mod tally;

use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;
use switchback::release::Verified;
use switchback::{Fault, Message, ReleaseId, Runtime, ScoreError, Scored};

pub use self::check::{Check, CheckName, CheckResult};
pub use self::tally::Slow;

use self::tally::Tally;
use crate::error::PackError;
use crate::inspect::bounded;
use crate::measure::{Measured, Measuring};
use crate::progress::Progress;
use crate::self_test;

/// Messages that are kept in memory: they are scored in their order, and then again from the last to the first.
const BATCH: usize = 64;

/// Messages that all take longer than their deadline, before anything is answered, for it to be known that a model loops: each takes nine
/// times its deadline, so a model that loops on all mail would take minutes to say the same.
const LATE_MAX: usize = 5;

/// What testing a release came to.
///
/// Each message is scored twice, in fresh instances and in two orders, and once more by a copy of the release that tells what
/// of stack and memory it takes ([`Measured`]).
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TestReport {
    /// The release.
    pub id: ReleaseId,
    /// Messages, self-tests included.
    pub messages: usize,
    /// Those of them that are self-tests.
    pub self_tests: usize,
    /// Messages with a score.
    pub scored: usize,
    /// Messages for which the model had no opinion.
    pub abstained: usize,
    /// Messages for which it failed.
    pub failed: usize,
    /// What was looked at, in the order of [`CheckName::ALL`].
    pub checks: Vec<Check>,
    /// The messages that took longest, the slowest first; at most three.
    pub slowest: Vec<Slow>,
    /// What calls took of stack and memory, and for which message most; none where that cannot be measured.
    pub measured: Option<Measured>,
    /// How long all of it took. No part of the JSON.
    #[serde(skip)]
    pub took: Duration,
}

impl TestReport {
    /// As [`of`](Self::of), for a file.
    ///
    /// # Errors
    /// As [`of`](Self::of), or if it cannot be read, or is larger than 64 MiB, twice what a host loads by default.
    pub fn of_file(
        path: impl AsRef<Path>,
        messages: impl Iterator<Item = (String, Message)>,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Self, PackError> {
        let path = path.as_ref();
        Self::of(&bounded(path).map_err(PackError::read(path))?, messages, on_progress)
    }

    /// Tests a release's bytes on its self-tests, and then on these messages, each with its name. `on_progress` hears how many are done.
    ///
    /// A message takes three calls of the model, and two looks at its whole memory.
    ///
    /// # Errors
    /// If a host with default limits does not accept the release, it does not compile, or the machine cannot run it. What a
    /// check finds is no error.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use switchback::Message;
    /// use switchback_pack::TestReport;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mail = [("a.eml".to_owned(), Message::parse(std::fs::read("a.eml")?))];
    /// let report = TestReport::of(&std::fs::read("newsletters.wasm")?, mail.into_iter(), &mut |_| {})?;
    /// assert!(report.is_passed(), "{:#?}", report.checks);
    /// # Ok(())
    /// # }
    /// ```
    pub fn of(
        release: &[u8],
        messages: impl Iterator<Item = (String, Message)>,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Self, PackError> {
        let start = Instant::now();
        let verified = self_test::verified(release)?;
        let (id, manifest) = (verified.id().clone(), verified.manifest().clone());
        let (score, _runtime) = scorer(&verified)?;
        let mut measuring = Measuring::start(&verified);
        let mut tally = Tally::of(&manifest);
        let self_tests = manifest.self_tests.iter().map(|test| (test.name.clone(), test.to_message()));
        let measure = |name: &str, message: &Message| {
            measuring.iter_mut().for_each(|measuring| measuring.take(name, message));
        };
        go_through(self_tests.chain(messages), &score, measure, &mut tally, on_progress)?;
        let measured = measuring.map(Measuring::end);
        let checks = checks::all(release, &manifest, &tally, measured.as_ref());
        Ok(Self {
            id,
            messages: tally.messages,
            self_tests: manifest.self_tests.len(),
            scored: tally.scored,
            abstained: tally.abstained,
            failed: tally.messages - tally.scored - tally.abstained,
            checks,
            slowest: tally.slowest,
            measured: measured.ok(),
            took: start.elapsed(),
        })
    }

    /// Whether no check failed. What is remarked on is no failure.
    pub fn is_passed(&self) -> bool {
        self.count(CheckResult::Failed) == 0
    }

    /// How many checks came to this.
    pub fn count(&self, result: CheckResult) -> usize {
        self.checks.iter().filter(|check| check.result == result).count()
    }
}

type Score = Box<dyn Fn(&Message) -> Result<Scored, ScoreError>>;

/// What scores with the release, and the runtime without which no deadline would end a call.
fn scorer(release: &Verified) -> Result<(Score, Runtime), PackError> {
    let host = |why: String| PackError::Host { why };
    let runtime = Runtime::builder().instances(1).build().map_err(|error| host(error.to_string()))?;
    let score = runtime.scorer(release.clone()).map_err(|error| host(error.fault.to_string()))?;
    Ok((Box::new(score), runtime.into()))
}

/// Scores every message twice. The self-tests come first, so that it is known which are theirs.
fn go_through(
    messages: impl Iterator<Item = (String, Message)>,
    score: &dyn Fn(&Message) -> Result<Scored, ScoreError>,
    mut measure: impl FnMut(&str, &Message),
    tally: &mut Tally<'_>,
    on_progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), PackError> {
    let mut messages = messages.peekable();
    while messages.peek().is_some() && !tally.is_cut_short {
        let (mut batch, mut first) = (Vec::new(), Vec::new());
        while batch.len() < BATCH && !tally.is_cut_short {
            let Some((name, message)) = messages.next() else { break };
            first.push(score(&message));
            batch.push((name, message));
            let is_late_so_far = tally.messages == 0 && first.len() == LATE_MAX && first.iter().all(is_late);
            tally.is_cut_short = is_late_so_far && messages.peek().is_some();
        }
        let mut second: Vec<_> = batch.iter().rev().map(|(_, message)| score(message)).collect();
        second.reverse();
        for ((name, message), both) in batch.iter().zip(first.into_iter().zip(second)) {
            measure(name, message);
            tally.take(name, message, both)?;
        }
        on_progress(Progress::Scored(tally.messages));
    }
    Ok(())
}

fn is_late(answer: &Result<Scored, ScoreError>) -> bool {
    matches!(answer, Err(ScoreError { fault: Fault::Deadline(_), .. }))
}

#[cfg(test)]
mod tests;
