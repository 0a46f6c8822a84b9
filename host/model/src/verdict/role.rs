//! What releases do in a slot.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a release does in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// It decides.
    Live,
    /// It decides for a share of the messages.
    Canary,
    /// It scores, and never decides.
    Shadow,
    /// It is warm: the target of a revert.
    Standby,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Live, Self::Canary, Self::Shadow, Self::Standby];

    /// Its name, as in every text, table and record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Canary => "canary",
            Self::Shadow => "shadow",
            Self::Standby => "standby",
        }
    }
}

crate::display_by_name!(Role);

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| InvalidRole(text.to_owned()))
    }
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role; there are live, canary, shadow and standby")]
pub struct InvalidRole(String);
