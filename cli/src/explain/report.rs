//! What was recorded, and what comes out now.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use switchback::journal::Record;
use switchback::message::Reading;
use switchback::verdict::{Reason, Role};
use switchback::{Category, ReleaseId};

use crate::judge::Opinion;
use crate::show;
use crate::store::text;

/// What a release had said, and what it says now.
pub(super) struct Again<'a> {
    pub(super) recorded: &'a switchback::verdict::Opinion,
    pub(super) now: Opinion,
}

impl Again<'_> {
    fn score(&self) -> Option<f64> {
        self.now.assessment().map(|assessment| assessment.score)
    }

    /// Bit for bit.
    fn is_equal(&self) -> bool {
        self.score().map(f64::to_bits) == self.recorded.score().map(f64::to_bits)
    }
}

pub(super) struct Report<'a> {
    record: &'a Record,
    differences: Vec<String>,
    again: Vec<Again<'a>>,
}

impl<'a> Report<'a> {
    pub(super) fn new(record: &'a Record, differences: Vec<String>, again: Vec<Again<'a>>) -> Self {
        Self { record, differences, again }
    }

    /// The category that was recorded, and the one that comes out now, if the two can be compared.
    fn categories(&self) -> Option<(Category, Category)> {
        let first = self.again.first()?;
        let is_first = self.record.release() == Some(&first.recorded.release);
        self.record.category.zip(first.now.assessment().map(|one| one.category)).filter(|_| is_first)
    }

    pub(super) fn is_equal(&self) -> bool {
        self.again.iter().all(Again::is_equal) && self.categories().is_none_or(|(recorded, now)| recorded == now)
    }

    pub(super) fn json(&self) -> Explained<'_> {
        Explained {
            record: self.record,
            reading: Readings { recorded: self.record.reading, now: Reading::CURRENT },
            differences: &self.differences,
            releases: self.again.iter().map(ScoredAgain::of).collect(),
            is_equal: self.is_equal(),
        }
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let record = self.record;
        let (at, action, by) = (text::instant(record.at), record.action, record.decided_by);
        writeln!(out, "{at}, slot {}, generation {}: {action}, decided by {by}", record.slot, record.generation)?;
        for difference in &self.differences {
            writeln!(out, "{}", show::wrapped(difference, 110).join("\n"))?;
        }
        for again in &self.again {
            write_again(again, out)?;
        }
        if let Some((recorded, now)) = self.categories().filter(|(recorded, now)| recorded != now) {
            writeln!(out, "the category was {recorded}, and is {now} now")?;
        }
        let line = match (self.is_equal(), self.differences.is_empty()) {
            (true, _) => "equal, bit for bit",
            (false, false) => "not equal; what is said above can be why",
            (false, true) => {
                "not equal, although release, message and context are: if the filter does not let this model see recipients in clear, \
                 which this command never does, please report it"
            }
        };
        writeln!(out, "\n{line}")
    }
}

/// All of it as JSON.
#[derive(JsonSchema, Serialize)]
pub(super) struct Explained<'a> {
    record: &'a Record,
    reading: Readings,
    /// In what the message differs from the recorded one, as sentences.
    differences: &'a [String],
    /// Each release that had scored the message.
    releases: Vec<ScoredAgain<'a>>,
    /// Whether every one gives the same score again, bit for bit, and the first one the same category.
    is_equal: bool,
}

/// How the message was read, and how it is read now.
#[derive(JsonSchema, Serialize)]
struct Readings {
    recorded: Reading,
    now: Reading,
}

/// What one release had said, and what it says now.
#[derive(JsonSchema, Serialize)]
struct ScoredAgain<'a> {
    release: &'a ReleaseId,
    role: Role,
    /// The score that was recorded.
    recorded: Option<f64>,
    /// The score that comes out now.
    now: Option<f64>,
    category: Option<Category>,
    reasons: Option<&'a [Reason]>,
    /// Why there is no answer now.
    failure: Option<&'a str>,
    is_equal: bool,
}

impl<'a> ScoredAgain<'a> {
    fn of(again: &'a Again<'_>) -> Self {
        let assessment = again.now.assessment();
        let failure = match &again.now {
            Opinion::Failed(why) => Some(why.as_str()),
            _ => None,
        };
        Self {
            release: &again.recorded.release,
            role: again.recorded.role,
            recorded: again.recorded.score(),
            now: again.score(),
            category: assessment.map(|one| one.category),
            reasons: assessment.map(|one| one.reasons.as_slice()),
            failure,
            is_equal: again.is_equal(),
        }
    }
}

fn write_again(again: &Again<'_>, out: &mut impl Write) -> io::Result<()> {
    let exact = |score: Option<f64>| score.map_or_else(|| "-".to_owned(), |score| format!("{score:?}"));
    let (recorded, now) = (exact(again.recorded.score()), exact(again.score()));
    writeln!(out, "\n{} ({})", again.recorded.release, again.recorded.role)?;
    writeln!(out, "  recorded  {recorded}\n  now       {now}")?;
    match &again.now {
        Opinion::Scored(assessment) => show::reasons(&assessment.reasons, out),
        Opinion::Abstained(why) => writeln!(out, "  it abstains: {}", show::printable(why, 256)),
        Opinion::Failed(why) => writeln!(out, "  it failed: {}", show::printable(why, 500)),
    }
}
