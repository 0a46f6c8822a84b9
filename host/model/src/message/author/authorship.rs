//! What is known of who a message is from.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Doubt;
use crate::message::{AuthResult, Authentication, Message};

/// What is known of who a message is from. Every verdict says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Authorship {
    /// The author is certain, and a result that passed names the author's domain.
    Authenticated,
    /// The author is certain, and no result vouches for it.
    Unauthenticated,
    /// Nobody checked: the filter gave no results, and no trusted `Authentication-Results` field has any. Rules for
    /// authenticated senders match nothing, and the guard acts on none of this.
    #[default]
    Unchecked,
    /// Nobody can tell who the author is.
    Uncertain {
        /// Why.
        doubt: Doubt,
        /// Whether every address that it may be was compared with the block rules. Where it was not, none of those can
        /// be ruled out.
        is_complete: bool,
    },
}

impl Authorship {
    /// The name of each, as in every metric.
    pub const NAMES: [&str; 4] = ["authenticated", "unauthenticated", "unchecked", "uncertain"];

    /// Its name, without the doubt.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::NAMES[self.index()]
    }

    /// Where its name is in [`Authorship::NAMES`].
    #[doc(hidden)]
    pub const fn index(self) -> usize {
        match self {
            Self::Authenticated => 0,
            Self::Unauthenticated => 1,
            Self::Unchecked => 2,
            Self::Uncertain { .. } => 3,
        }
    }

    /// [`Message::authorship`].
    pub(in crate::message) fn of(message: &Message) -> Self {
        if let Some(doubt) = message.author().doubt() {
            return Self::Uncertain { doubt, is_complete: message.author().is_complete() };
        }
        match message.is_sender_authenticated() {
            true => Self::Authenticated,
            false if is_unchecked(message.authentication()) => Self::Unchecked,
            false => Self::Unauthenticated,
        }
    }
}

/// Whether nothing was found out that could vouch for an author.
fn is_unchecked(found: &Authentication) -> bool {
    [found.spf, found.dkim, found.dmarc].iter().all(|result| *result == AuthResult::Unknown)
}

/// For a person: `authenticated`, `uncertain: there are several From fields`.
impl fmt::Display for Authorship {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uncertain { doubt, is_complete: true } => f.pad(&format!("uncertain: {doubt}")),
            Self::Uncertain { doubt, is_complete: false } => {
                f.pad(&format!("uncertain: {doubt}, and block rules cannot be ruled out"))
            }
            _ => f.pad(self.name()),
        }
    }
}
