//! A message with its context.

use std::fmt;

use super::authentication::Authentication;
use super::context::{Client, Envelope};
use super::{Context, Message};

/// Builds a [`Message`]: its bytes and what the filter knows of the transaction.
///
/// # Examples
///
/// ```
/// use switchback::{Client, Envelope, Message};
///
/// let message = Message::builder(*b"From: a@news.example\r\nSubject: hi\r\n\r\nhello\r\n")
///     .envelope(Envelope::new().mail_from("bounces@news.example").recipient("me@home.example"))
///     .client(Client::new().ip([192, 0, 2, 7].into()))
///     .trust_authserv_id("mx.home.example")
///     .build();
/// assert_eq!(&**message.subject(), "hi");
/// ```
#[must_use]
pub struct MessageBuilder {
    bytes: Vec<u8>,
    context: Context,
}

/// Neither the text nor the addresses of a message belong in a log, nor does a key.
impl fmt::Debug for MessageBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageBuilder").field("size", &self.bytes.len()).finish_non_exhaustive()
    }
}

impl MessageBuilder {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, context: Context::default() }
    }

    /// What the SMTP transaction said. Default: nothing.
    pub fn envelope(mut self, envelope: Envelope) -> Self {
        self.context.envelope = Some(envelope.bounded());
        self
    }

    /// The SMTP client. Default: nothing is known of it.
    pub fn client(mut self, client: Client) -> Self {
        self.context.client = client.bounded();
        self
    }

    /// What the filter verified itself. Where it is given, no header field is read for it. Default: not
    /// given.
    pub fn authentication(mut self, authentication: Authentication) -> Self {
        self.context.authentication = Some(authentication.bounded());
        self
    }

    /// Trusts the topmost `Authentication-Results` fields (RFC 8601) that name this server as the one
    /// that checked. May be called for several; case does not matter. Default: none is trusted.
    ///
    /// Read are the topmost field of such a name and those that follow it before the next `Received`
    /// field, and of each method only what the topmost field says: what comes later was there when the
    /// message arrived. Name only a server that removes fields with its own name from incoming mail (RFC
    /// 8601, section 5), or anyone can write them.
    pub fn trust_authserv_id(mut self, authserv_id: impl Into<String>) -> Self {
        self.context.trusted.push(authserv_id.into().to_lowercase());
        self
    }

    /// The key of the recipients' hashes. Default: 32 zero bytes, so that hashes are the same everywhere:
    /// good for tests, and no secret. An installation sets its own random key and keeps it, because
    /// models may have learnt from hashes.
    pub fn recipient_key(mut self, key: [u8; 32]) -> Self {
        self.context.recipient_key = key;
        self
    }

    /// For which of the filter's tenants the message is, exactly as overrides name it; case matters. Models do not
    /// see it. Default: none.
    pub fn tenant(mut self, name: &str) -> Self {
        self.context.tenant = Some(name.into());
        self
    }

    /// The message. Nothing is parsed yet.
    #[must_use]
    pub fn build(self) -> Message {
        Message::with_context(self.bytes, self.context)
    }
}
