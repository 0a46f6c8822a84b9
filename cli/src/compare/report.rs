//! What was compared, and on what.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::Thresholds;
use switchback::compare;
use switchback_corpus::Missed;
use switchback_report::Shown;

use crate::show;
use crate::store::text::instant;
use crate::window::Window;

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
    /// As it is shown to people.
    pub(super) fn shown(&self) -> Shown<'_> {
        let releases = &self.releases;
        let all = show::counted(releases.flips.messages + releases.unpaired, "message");
        let unpaired = show::count(releases.unpaired);
        let (messages, origin) = match &self.source {
            Source::Corpus { inputs, missed } => {
                let listed: Vec<_> = inputs.iter().take(3).map(|input| show::printable(input, 200)).collect();
                let more = inputs.len().saturating_sub(listed.len());
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                (
                    format!("{all}, {unpaired} not answered by both, {missed}"),
                    format!("Scored by both for this page: {}{more}; {missed}.", listed.join(", ")),
                )
            }
            Source::Live(window) => (
                format!("{all} of {window}, {unpaired} not answered by both"),
                format!("Live traffic of {window}, as both scored it then."),
            ),
        };
        Shown { releases, messages, origin, nothing: self.nothing(), thresholds: self.thresholds }
    }

    /// Why there is no message to compare, where there is none.
    fn nothing(&self) -> String {
        match &self.source {
            Source::Corpus { missed, .. } if missed.any() => missed.to_string(),
            _ => "there is none".to_owned(),
        }
    }

    /// Whether messages are missing that should be there. Of live traffic some always are: what shadows score has a
    /// budget.
    pub(super) fn is_incomplete(&self) -> bool {
        match &self.source {
            Source::Corpus { missed, .. } => missed.any() || self.releases.unpaired > 0,
            Source::Live(live) => live.unread_files > 0,
        }
    }
}
