//! Two releases that are asked about the same messages.

use switchback_model::compare::{MessageName, Pair, Side};
use switchback_model::message::Message;
use switchback_model::release::ReleaseId;
use switchback_model::verdict::{Said, Thresholds};
use switchback_sandbox::ScoreError;

use super::handle::Runtime;
use super::stopwatch::Stopwatch;

impl Runtime {
    /// What a loaded release makes of a message, as a comparison counts it; and the error, where it did not answer. One that took
    /// too long is asked again ([`ScoreError::unless_busy`]).
    pub fn side(&self, release: &ReleaseId, message: &Message, thresholds: &Thresholds) -> (Side, Option<ScoreError>) {
        let mut watch = Stopwatch::start();
        let scored = ScoreError::unless_busy(|| {
            watch = Stopwatch::start();
            self.score_with(release, message)
        });
        let took_us = u32::try_from(watch.took().as_micros()).unwrap_or(u32::MAX);
        match scored {
            Ok(scored) => (Side::new(Said::of(&scored.outcome, thresholds), took_us), None),
            Err(error) => (Side::new(Said::Failed(error.fault.cause()), took_us), Some(error)),
        }
    }
}

/// Two loaded releases that are asked about the same messages, for a [`Comparison`](crate::compare::Comparison).
///
/// # Examples
///
/// ```no_run
/// use switchback::compare::{Comparison, ComparisonSettings, SideBySide};
/// use switchback::{Message, Runtime, Thresholds};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let runtime = Runtime::builder().build()?;
/// let releases = [runtime.load("linear-1.1.0.wasm")?, runtime.load("linear-2.0.0.wasm")?];
/// let both = SideBySide::new(&runtime, releases, Thresholds::default());
/// let mut comparison = Comparison::new(ComparisonSettings::default());
/// let message = Message::parse(std::fs::read("message.eml")?);
/// let answered = both.ask(&message);
/// comparison.add(&answered.pair(&message), || answered.name("message.eml", &message));
/// let [before, after] = both.releases().clone();
/// println!("{} flips", comparison.report(before, after, 10).flips.flips());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SideBySide {
    runtime: Runtime,
    releases: [ReleaseId; 2],
    thresholds: Thresholds,
}

/// What both made of one message.
#[derive(Debug)]
#[non_exhaustive]
pub struct Answered {
    /// What each made of it, in their order.
    pub sides: [Side; 2],
    /// What went wrong.
    pub failures: Vec<ScoreError>,
}

/// Characters of a subject that a comparison keeps.
const SUBJECT_CHARS_MAX: usize = 200;

impl SideBySide {
    /// Both, with the thresholds that make actions of their scores.
    pub fn new(runtime: &Runtime, releases: [ReleaseId; 2], thresholds: Thresholds) -> Self {
        Self { runtime: runtime.clone(), releases, thresholds }
    }

    /// Which they are.
    pub fn releases(&self) -> &[ReleaseId; 2] {
        &self.releases
    }

    /// Asks both, from any number of threads.
    pub fn ask(&self, message: &Message) -> Answered {
        let mut failures = Vec::new();
        let sides = self.releases.each_ref().map(|release| {
            let (side, failure) = self.runtime.side(release, message, &self.thresholds);
            failures.extend(failure);
            side
        });
        Answered { sides, failures }
    }
}

impl Answered {
    /// The pair to be compared, with the sender of the message that it is about.
    pub fn pair<'a>(&self, message: &'a Message) -> Pair<'a> {
        let [before, after] = self.sides;
        let pair = Pair::new(before, after).sender_domain(message.sender_domain());
        pair.is_authenticated(message.is_sender_authenticated())
    }

    /// What finds the message again: what its source calls it, and the beginning of its subject.
    pub fn name(&self, called: impl Into<String>, message: &Message) -> MessageName {
        MessageName::new(called).subject(message.subject().chars().take(SUBJECT_CHARS_MAX).collect::<String>())
    }
}
