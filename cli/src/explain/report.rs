//! What was recorded, and what comes out now.

use std::io::{self, Write};

use serde_json::{Value, json};
use switchback::{Category, Reading, Record};

use crate::judge::Opinion;
use crate::show;
use crate::store::text;

/// What a release had said, and what it says now.
pub(super) struct Again<'a> {
    pub(super) recorded: &'a switchback::Opinion,
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

    pub(super) fn json(&self) -> Value {
        let again: Vec<_> = self.again.iter().map(again_json).collect();
        json!({
            "record": self.record,
            "reading": { "recorded": self.record.reading, "now": Reading::CURRENT },
            "differences": self.differences,
            "releases": again,
            "is_equal": self.is_equal(),
        })
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

fn again_json(again: &Again<'_>) -> Value {
    let assessment = again.now.assessment();
    json!({
        "release": again.recorded.release,
        "role": again.recorded.role,
        "recorded": again.recorded.score(),
        "now": again.score(),
        "category": assessment.map(|one| one.category),
        "reasons": assessment.map(|one| &one.reasons),
        "failure": if let Opinion::Failed(why) = &again.now { Some(why) } else { None },
        "is_equal": again.is_equal(),
    })
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
