//! What releases make of a message, outside any slot.

use switchback::verdict::{Assessment, Logged, Outcome};
use switchback::{Action, Message, ReleaseId, Runtime, ScoreError, Thresholds};
use switchback_corpus::{Entry, RawMessage, Unread};

use crate::releases::Loaded;

/// What one release makes of one message.
#[derive(Debug)]
pub(crate) enum Opinion {
    /// It has a score.
    Scored(Assessment),
    /// It has none, and says why.
    Abstained(String),
    /// It failed: the error.
    Failed(String),
}

impl Opinion {
    /// Asks a loaded release.
    pub(crate) fn of(runtime: &Runtime, release: &ReleaseId, message: &Message) -> Self {
        Self::with_log(runtime, release, message).0
    }

    /// Asks a loaded release, and returns what it logged, too.
    fn with_log(runtime: &Runtime, release: &ReleaseId, message: &Message) -> (Self, Logged) {
        match ScoreError::unless_busy(|| runtime.score_with(release, message)) {
            Ok(scored) => match scored.outcome {
                Outcome::Scored(assessment) => (Self::Scored(assessment), scored.log),
                Outcome::Abstained(why) => (Self::Abstained(why), scored.log),
            },
            Err(error) => (Self::Failed(crate::exit::chain(&error)), error.log),
        }
    }

    /// The assessment, if there is one.
    pub(crate) fn assessment(&self) -> Option<&Assessment> {
        match self {
            Self::Scored(assessment) => Some(assessment),
            _ => None,
        }
    }

    /// What a slot would do: deliver what a model abstains from. `None` if it failed: that is up to the
    /// slot's failure policy.
    pub(crate) fn action(&self, thresholds: &Thresholds) -> Option<Action> {
        match self {
            Self::Scored(assessment) => Some(thresholds.action(assessment.score)),
            Self::Abstained(_) => Some(Action::Deliver),
            Self::Failed(_) => None,
        }
    }
}

/// A message that every release was asked about.
pub(crate) struct Judged {
    pub(crate) message: Message,
    /// In the order of the releases.
    pub(crate) opinions: Vec<Opinion>,
    /// What each of them logged.
    pub(crate) logs: Vec<Logged>,
}

/// Reads an entry and asks every release.
pub(crate) fn judge(
    entry: Entry,
    releases: &Loaded,
    message: impl FnOnce(RawMessage) -> Message,
) -> (String, Result<Judged, Unread>) {
    let (name, raw) = entry.read();
    let judged = raw.map(|raw| {
        let message = message(raw);
        let asked = releases.ids.iter().map(|id| Opinion::with_log(&releases.runtime, id, &message));
        let (opinions, logs) = asked.unzip();
        Judged { message, opinions, logs }
    });
    (name, judged)
}
