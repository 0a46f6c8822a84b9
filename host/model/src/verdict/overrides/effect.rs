//! What an override does to a verdict.

use serde::{Deserialize, Serialize};

use super::InvalidOverride;
use crate::verdict::{Action, Category, DecidedBy, Scl, Verdict};

/// What becomes of a message that a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
// Exhaustive: a rule allows or blocks.
pub enum Effect {
    /// It is delivered, with [`Scl::ALLOWED`].
    Allow {
        /// Which verdicts give way.
        may: AllowScope,
    },
    /// It is held back, with [`Scl::HIGHEST`].
    Block {
        /// Junk or harsher. A verdict that is harsher by itself stays as harsh.
        action: Action,
    },
}

/// Which verdicts an allow rule may override.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: what an allow rule may override is one of two, or both.
pub enum AllowScope {
    /// Those of category ham, bulk or spam.
    #[default]
    Spam,
    /// Those, and phish and spoof.
    Phish,
    /// Those, and malware, and what nobody scored.
    All,
}

impl AllowScope {
    /// Whether a verdict of this category gives way; none is a message that nobody scored.
    #[doc(hidden)]
    pub fn covers(self, category: Option<Category>) -> bool {
        match category {
            Some(Category::Ham | Category::Bulk | Category::Spam) => true,
            Some(Category::Phish | Category::Spoof) => self != Self::Spam,
            Some(Category::Malware) | None => self == Self::All,
        }
    }

    /// Its name, as in every text and record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spam => "spam",
            Self::Phish => "phish",
            Self::All => "all",
        }
    }
}

crate::display_by_name!(AllowScope);

impl std::str::FromStr for AllowScope {
    type Err = InvalidOverride;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Spam, Self::Phish, Self::All].into_iter().find(|may| may.name() == text).ok_or_else(|| {
            InvalidOverride(format!("`{text}` is nothing that an allow may override; there are spam, phish and all"))
        })
    }
}

impl Effect {
    /// The action of a block whose author names none: quarantine, which can be released.
    pub const BLOCK_ACTION_DEFAULT: Action = Action::Quarantine;

    pub(super) fn validate(self) -> Result<(), InvalidOverride> {
        match self {
            Self::Block { action } if !action.is_flagged() => {
                Err(InvalidOverride(format!("a block cannot {action}: there are junk, quarantine and reject")))
            }
            _ => Ok(()),
        }
    }

    /// Whether it decides over a verdict of this category. A block does over every one.
    #[doc(hidden)]
    pub fn covers(self, category: Option<Category>) -> bool {
        match self {
            Self::Allow { may } => may.covers(category),
            Self::Block { .. } => true,
        }
    }

    /// How harsh it is: a block by its action, above every allow.
    pub(super) fn harshness(self) -> Option<Action> {
        match self {
            Self::Allow { .. } => None,
            Self::Block { action } => Some(action),
        }
    }

    /// The verdict when the rule of this id decides. What the model said stays in it.
    pub(super) fn decide(self, rule: u64, verdict: Verdict) -> Verdict {
        match self {
            Self::Allow { .. } => Verdict {
                action: Action::Deliver,
                scl: Some(Scl::ALLOWED),
                decided_by: DecidedBy::Allowed { rule },
                ..verdict
            },
            Self::Block { action } => Verdict {
                action: action.max(verdict.action),
                scl: Some(Scl::HIGHEST),
                decided_by: DecidedBy::Blocked { rule },
                ..verdict
            },
        }
    }
}
