//! What is looked at, and what came of it.

use std::fmt;

use serde::Serialize;

/// Something that is looked at when a release is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CheckName {
    /// The self-tests have the scores and categories that the manifest expects, bit for bit.
    SelfTests,
    /// Every message is answered: the model neither traps nor says that it cannot score; one without any answer fails.
    Answers,
    /// What it answers is within the contract: the score's range, reasons that add up to it on the manifest's scale, their names.
    Contract,
    /// The same message has the same answer and the same log, whatever was scored before it.
    Purity,
    /// It reads what its manifest declares, and declares what it reads.
    Reads,
    /// How near it comes to the end of its stack.
    Stack,
    /// How near it comes to its limit of memory, and whether memory grows while a message waits.
    Memory,
    /// How near it comes to its deadline. The shorter time of two counts.
    Time,
    /// How many lines it logs, of those that are kept.
    Log,
    /// How many reasons it gives, of those that it may, and whether notes are cut.
    Reasons,
}

impl CheckName {
    /// Every check, in the order of a report.
    pub const ALL: [Self; 10] = [
        Self::SelfTests,
        Self::Answers,
        Self::Contract,
        Self::Purity,
        Self::Reads,
        Self::Stack,
        Self::Memory,
        Self::Time,
        Self::Log,
        Self::Reasons,
    ];

    /// Its name, as in every text and record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SelfTests => "self-tests",
            Self::Answers => "answers",
            Self::Contract => "contract",
            Self::Purity => "purity",
            Self::Reads => "reads",
            Self::Stack => "stack",
            Self::Memory => "memory",
            Self::Time => "time",
            Self::Log => "log",
            Self::Reasons => "reasons",
        }
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CheckResult {
    /// All is as it should be.
    Passed,
    /// Nothing failed, and its author should know something.
    Remarked,
    /// Something is wrong.
    Failed,
}

/// A check, and what it found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Check {
    /// What was looked at.
    pub name: CheckName,
    /// How it ended.
    pub result: CheckResult,
    /// What was seen, with figures.
    pub seen: String,
    /// What is wrong or remarkable, and for which message; at most ten causes, the first message of each.
    pub details: Vec<String>,
}
