//! What two releases made of one message.

use crate::verdict::{Cause, Opinion, Said};

/// What two releases made of one message.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Pair<'a> {
    /// The organisational domain of the sender in `From`; none without a usable one.
    pub sender_domain: Option<&'a str>,
    /// Whether that sender was authenticated.
    pub is_authenticated: bool,
    /// What the release made of it that is compared with.
    pub before: Side,
    /// What the release made of it that is looked at.
    pub after: Side,
}

/// What one release made of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Side {
    /// What it said.
    pub said: Said,
    /// How long it took, in microseconds, without what the host reads of the message meanwhile; 0 where it was not asked.
    pub took_us: u32,
}

impl<'a> Pair<'a> {
    /// What one release made of a message, and what another made of it that is compared with the first. The sender is not known.
    pub const fn new(before: Side, after: Side) -> Self {
        Self { sender_domain: None, is_authenticated: false, before, after }
    }

    /// The organisational domain of the sender in `From`; none by default.
    #[must_use]
    pub const fn sender_domain(mut self, domain: Option<&'a str>) -> Self {
        self.sender_domain = domain;
        self
    }

    /// Whether that sender was authenticated. By default it was not.
    #[must_use]
    pub const fn is_authenticated(mut self, is_authenticated: bool) -> Self {
        self.is_authenticated = is_authenticated;
        self
    }
}

impl Side {
    /// What a release said, and how long it took, in microseconds; 0 where it was not asked.
    pub const fn new(said: Said, took_us: u32) -> Self {
        Self { said, took_us }
    }

    /// What it said, with a score that is none taken as the sandbox takes it: an answer outside the contract. Only a
    /// record that was damaged has one.
    pub(super) fn said(&self) -> Said {
        match self.said {
            Said::Scored { score, .. } if !(0.0..=1.0).contains(&score) => Said::Failed(Cause::Trap),
            said => said,
        }
    }
}

impl From<&Opinion> for Side {
    fn from(opinion: &Opinion) -> Self {
        Self { said: opinion.said, took_us: opinion.took_us }
    }
}
