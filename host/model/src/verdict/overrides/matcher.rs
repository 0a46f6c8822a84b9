//! What of a message a rule looks at.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{InvalidOverride, Network, SenderAddress, SenderDomain};
use crate::release::Digest;

/// What of a message a rule looks at. Text form: `sender a@b.example`, `domain b.example`,
/// `network 192.0.2.0/24`, `content 1a2b...` (64 digits).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Matcher {
    /// The sender's address; see [`Senders`](super::Senders).
    Sender(SenderAddress),
    /// The sender's domain, or one that it is part of; see [`Senders`](super::Senders).
    Domain(SenderDomain),
    /// The network that the SMTP client is in ([`Client::ip`](crate::message::Client::ip)).
    Network(Network),
    /// What the message says: [`Message::content_digest`](crate::message::Message::content_digest).
    Content(Digest),
}

impl Matcher {
    /// Checks what is checked of new rules only, because it depends on tables that change.
    pub(super) fn validate(&self) -> Result<(), InvalidOverride> {
        match self {
            Self::Domain(domain) => domain.validate(),
            Self::Network(network) => network.validate(),
            Self::Sender(_) | Self::Content(_) => Ok(()),
        }
    }

    /// The word before the value in its text form.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sender(_) => "sender",
            Self::Domain(_) => "domain",
            Self::Network(_) => "network",
            Self::Content(_) => "content",
        }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        match self {
            Self::Sender(address) => write!(f, "{kind} {address}"),
            Self::Domain(domain) => write!(f, "{kind} {domain}"),
            Self::Network(network) => write!(f, "{kind} {network}"),
            Self::Content(digest) => write!(f, "{kind} {digest}"),
        }
    }
}

impl FromStr for Matcher {
    type Err = InvalidOverride;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, value) = text.trim().split_once(char::is_whitespace).unwrap_or((text, ""));
        match kind {
            "sender" => Ok(Self::Sender(value.parse()?)),
            "domain" => Ok(Self::Domain(value.parse()?)),
            "network" => Ok(Self::Network(value.parse()?)),
            "content" => {
                let digest = value.trim().to_ascii_lowercase().parse();
                Ok(Self::Content(digest.map_err(|e: crate::release::InvalidDigest| InvalidOverride(e.to_string()))?))
            }
            _ => Err(InvalidOverride(format!(
                "`{text}` is nothing to match; there are `sender a@b.example`, `domain b.example`, `network \
                 192.0.2.0/24` and `content` with a digest"
            ))),
        }
    }
}
