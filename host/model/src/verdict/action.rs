//! What a filter does with a message.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a filter does with a message, from the mildest to the harshest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
// Exhaustive: a filter has to carry out each of them.
pub enum Action {
    /// Deliver it.
    #[default]
    Deliver,
    /// Deliver it with a mark.
    Tag,
    /// Put it into the junk folder.
    Junk,
    /// Hold it back.
    Quarantine,
    /// Refuse it at SMTP time.
    Reject,
}

impl Action {
    /// Every action, from the mildest to the harshest.
    pub const ALL: [Self; 5] = [Self::Deliver, Self::Tag, Self::Junk, Self::Quarantine, Self::Reject];

    /// Whether it lies beyond the flag boundary, which is between `tag` and `junk`: the recipient does
    /// not find the message where wanted mail is.
    pub fn is_flagged(self) -> bool {
        self >= Self::Junk
    }

    /// Its name, as in every text, table and record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deliver => "deliver",
            Self::Tag => "tag",
            Self::Junk => "junk",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }
}

crate::display_by_name!(Action);

impl FromStr for Action {
    type Err = InvalidAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|action| action.name() == text).ok_or_else(|| InvalidAction(text.to_owned()))
    }
}

/// A text that names no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no action; there are deliver, tag, junk, quarantine and reject")]
pub struct InvalidAction(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_boundary_is_between_tag_and_junk() {
        let flagged: Vec<_> = Action::ALL.into_iter().filter(|action| action.is_flagged()).collect();
        assert_eq!(flagged, [Action::Junk, Action::Quarantine, Action::Reject]);
    }

    #[test]
    fn an_action_reads_back_from_its_name() {
        for action in Action::ALL {
            assert_eq!(action.to_string().parse::<Action>().unwrap(), action);
        }
        assert!("bounce".parse::<Action>().is_err());
    }
}
