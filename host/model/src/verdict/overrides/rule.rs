//! Which messages a rule is about.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{InvalidOverride, Matcher, bounded};
use crate::limits::{NAME_BYTES_MAX, TENANT_BYTES_MAX};

/// Which messages an override is about, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Rule {
    /// What of the message is looked at.
    pub matcher: Matcher,
    /// Where the rule holds.
    #[serde(default, skip_serializing_if = "Scope::is_everywhere")]
    pub scope: Scope,
    /// Whether the sender has to be authenticated. Without meaning for a network or content.
    #[serde(default)]
    pub senders: Senders,
    /// From this instant on the rule matches nothing.
    pub expires_at: Timestamp,
}

/// Where a rule holds. The default is everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Scope {
    /// Only in the slot of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// Only for messages of this tenant (see [`MessageBuilder::tenant`](crate::message::MessageBuilder::tenant)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// Which senders an address or domain rule matches.
///
/// An allow rule is about the author ([`Message::author`](crate::message::Message::author)) and nobody else, and only where the
/// author is certain. A block rule matches if it matches the author, any candidate where the author is not certain, or
/// the envelope sender, which is the address of `MAIL FROM`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: a sender has to be authenticated or not.
pub enum Senders {
    /// Those that are who they say: an author by
    /// [`Message::is_sender_authenticated`](crate::message::Message::is_sender_authenticated), an envelope sender if SPF passed for
    /// its very domain. ARC and a host name prove nothing here. What is authenticated is a domain: who of it wrote the
    /// message is that domain's word.
    #[default]
    Authenticated,
    /// Whoever claims to be the sender. Anybody can, so an allow of this kind lets forged mail through.
    Anyone,
}

impl Rule {
    /// A rule that holds everywhere until this instant, for authenticated senders.
    pub fn new(matcher: Matcher, expires_at: Timestamp) -> Self {
        Self { matcher, scope: Scope::default(), senders: Senders::default(), expires_at }
    }

    /// Where the rule holds. Everywhere by default.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Whether the sender has to be authenticated. By default it has to be.
    #[must_use]
    pub fn senders(mut self, senders: Senders) -> Self {
        self.senders = senders;
        self
    }
}

impl Scope {
    /// Only in the slot of this name. In every slot by default.
    #[must_use]
    pub fn slot(mut self, slot: impl Into<String>) -> Self {
        self.slot = Some(slot.into());
        self
    }

    /// Only for messages of this tenant. For those of every tenant, and of none, by default.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Whether it holds in every slot and for every tenant.
    pub fn is_everywhere(&self) -> bool {
        self.slot.is_none() && self.tenant.is_none()
    }

    pub(super) fn validate(&self) -> Result<(), InvalidOverride> {
        self.slot.as_deref().map_or(Ok(()), |slot| bounded("its slot's name", slot, NAME_BYTES_MAX))?;
        self.tenant.as_deref().map_or(Ok(()), |tenant| bounded("its tenant's name", tenant, TENANT_BYTES_MAX))
    }
}

/// `domain b.example everywhere, authenticated senders, until 2025-04-26T09:24:00Z`.
impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { matcher, scope, senders, expires_at } = self;
        match matcher {
            Matcher::Sender(_) | Matcher::Domain(_) => write!(f, "{matcher} {scope}, {senders}, until {expires_at}"),
            Matcher::Network(_) | Matcher::Content(_) => write!(f, "{matcher} {scope}, until {expires_at}"),
        }
    }
}

/// `everywhere`, or `slot inbound, tenant acme`.
impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.slot, &self.tenant) {
            (None, None) => f.pad("everywhere"),
            (Some(slot), None) => f.pad(&format!("slot {slot}")),
            (None, Some(tenant)) => f.pad(&format!("tenant {tenant}")),
            (Some(slot), Some(tenant)) => f.pad(&format!("slot {slot}, tenant {tenant}")),
        }
    }
}

/// `authenticated senders`, or `whoever says to be the sender`.
impl std::fmt::Display for Senders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Authenticated => "authenticated senders",
            Self::Anyone => "whoever says to be the sender",
        })
    }
}
