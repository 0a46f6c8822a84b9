//! What releases make of a message, outside any slot.

use switchback::{Action, Assessment, Message, Outcome, ReleaseId, Runtime, Thresholds};

use crate::corpus::{Entry, Letter, Unread};
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
        match runtime.score_with(release, message) {
            Ok(scored) => match scored.outcome {
                Outcome::Scored(assessment) => Self::Scored(assessment),
                Outcome::Abstained(why) => Self::Abstained(why),
            },
            Err(error) => Self::Failed(crate::exit::chain(&error)),
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
}

/// Reads an entry and asks every release.
pub(crate) fn judge(
    entry: Entry,
    releases: &Loaded,
    message: impl FnOnce(Letter) -> Message,
) -> (String, Result<Judged, Unread>) {
    let (name, letter) = entry.read();
    let judged = letter.map(|letter| {
        let message = message(letter);
        let opinions = releases.ids.iter().map(|id| Opinion::of(&releases.runtime, id, &message)).collect();
        Judged { message, opinions }
    });
    (name, judged)
}
