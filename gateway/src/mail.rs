//! A message as a door receives it.

use serde::{Deserialize, Serialize};
use switchback::{Client, Envelope};

use crate::text::Text;

/// Which way a message goes, as seen from this site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From outside, to here.
    Inbound,
    /// From a user or a network of this site.
    Outbound,
}

impl Direction {
    /// Its name, as in the configuration, logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// What a mail server tells of the transaction that a message came with.
///
/// `Debug` prints no addresses.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Transaction {
    /// The SMTP client. Without an address the message was made on this machine.
    pub client: Client,
    /// The envelope.
    pub envelope: Envelope,
    /// Parameters of `MAIL FROM`, as the client gave them, such as `BODY=8BITMIME`.
    pub mail_parameters: Vec<String>,
    /// Parameters of each `RCPT TO`, in the order of the recipients, such as `ORCPT=rfc822;a@b.example`.
    pub recipient_parameters: Vec<Vec<String>>,
    /// The login name, if the client has authenticated itself.
    pub user: Option<String>,
    /// The mail server's name for the message, for logs.
    pub queue_id: Option<String>,
    /// The mail server's own host name.
    pub server: Option<String>,
    /// Which way the message goes, where the door knows. Default: by the login name and the client's address.
    pub direction: Option<Direction>,
    /// Whether the mail server has yet to write its own `Received` field, as where a milter is asked. Default no.
    pub is_before_received: bool,
    /// Whether the mail server goes on with the message whatever it is told, because the door's protocol cannot make it forget
    /// one. Nothing is held here then: [`Measure::Held`](crate::config::Measure::Held) becomes the mail server's own
    /// quarantine. Default no.
    pub is_advice: bool,
}

impl Transaction {
    /// A transaction of which nothing is known.
    pub fn new() -> Self {
        Self::default()
    }
}

/// A message and its transaction.
#[derive(Debug)]
#[non_exhaustive]
pub struct Mail {
    /// What the mail server tells of it.
    pub transaction: Transaction,
    /// The message: header, empty line, body. Lines end with CRLF, as they came over SMTP.
    pub text: Text,
}

impl Mail {
    /// A message.
    pub fn new(transaction: Transaction, text: impl Into<Text>) -> Self {
        Self { transaction, text: text.into() }
    }
}
