//! What was compared, and on what.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::Thresholds;
use switchback::compare;

use crate::corpus::Missed;
use crate::store::text::instant;
use crate::window::Window;

/// Characters kept of a subject.
pub(super) const SUBJECT_CHARS_MAX: usize = 200;

/// How two releases differ, and on which messages.
#[derive(JsonSchema, Serialize)]
pub(super) struct Report {
    /// How they differ.
    #[serde(flatten)]
    pub(super) releases: compare::Report,
    /// On which messages.
    pub(super) source: Source,
    /// What made actions of scores; none where the records say.
    pub(super) thresholds: Option<Thresholds>,
}

/// Where the messages come from.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Source {
    /// Both scored them for this comparison.
    Corpus {
        /// As on the command line.
        inputs: Vec<String>,
        /// What could not be read, or was no message.
        #[serde(flatten)]
        missed: Missed,
    },
    /// Both scored them when they came.
    Live(Live),
}

/// Which records of a journal.
#[derive(JsonSchema, Serialize)]
pub(super) struct Live {
    /// Those of this slot.
    pub(super) slot: String,
    /// Since then.
    pub(super) since: Option<Timestamp>,
    /// Before then.
    pub(super) until: Option<Timestamp>,
    /// Files of the journal that could not be read.
    pub(super) unread_files: usize,
}

/// `inbound since 2026-04-24 09:24:00 UTC until 2026-04-25 09:24:00 UTC`.
impl fmt::Display for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.slot)?;
        self.since.map_or(Ok(()), |since| write!(f, " since {}", instant(since)))?;
        self.until.map_or(Ok(()), |until| write!(f, " until {}", instant(until)))
    }
}

impl Live {
    /// Their time.
    pub(super) fn window(&self) -> Window {
        Window { since: self.since, until: self.until }
    }
}

impl Report {
    /// Whether messages are missing that should be there. Of live traffic some always are: what shadows score has a
    /// budget.
    pub(super) fn is_incomplete(&self) -> bool {
        match &self.source {
            Source::Corpus { missed, .. } => missed.any() || self.releases.unpaired > 0,
            Source::Live(live) => live.unread_files > 0,
        }
    }
}
