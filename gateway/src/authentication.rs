//! Who sent a message, as far as DNS proves it: SPF, DKIM, ARC and DMARC, by mail-auth.
//!
//! What is verified is what arrived, byte by byte, and for the client that counts ([`client`](crate::client)). All look-ups of
//! one message share one budget of time. What is known by then keeps its result, the rest is a temporary error.
//!
//! Answers of name servers are remembered by the resolver, by name and kind of record, for as long as they allow. mail-auth's
//! own cache is not used: it knows a text record by its name alone, so the SPF record of any sender could include
//! `_dmarc.bank.example` and leave there, instead of the bank's policy, that there is none.

mod arc;
mod dkim;
mod dmarc;
mod domain;
mod limits;
mod lookups;
mod resolver;
mod results;
mod spf;

use std::time::Duration;

use futures_util::future::join3;
use mail_auth::{AuthenticatedMessage, MessageAuthenticator};
use switchback::{Authentication, Client};
use tokio::time::Instant;

use crate::apart::apart;
use crate::config::AuthenticationConfig;
use crate::field::Field;
use crate::mail::Transaction;
use crate::text::Text;
use limits::FIELDS_MAX;
use lookups::Lookups;
pub use resolver::AuthenticatorError;

/// Verifies senders. One for all messages: it has the connections to the name servers, and what they answered.
pub(crate) struct Authenticator {
    /// None where nothing is verified here.
    resolver: Option<MessageAuthenticator>,
    budget: Duration,
}

/// What was verified of one message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Authenticated {
    /// The results. All unknown where nothing is verified here.
    pub(crate) authentication: Authentication,
    /// The value of the `Authentication-Results` field that says so, folded by LF and a space; none where nothing was checked.
    pub(crate) results: Option<String>,
}

impl Authenticator {
    /// An authenticator. Name servers are not asked anything yet.
    ///
    /// # Errors
    /// If no name server is configured and /etc/resolv.conf cannot be read, or names none.
    pub(crate) fn new(config: &AuthenticationConfig) -> Result<Self, AuthenticatorError> {
        let resolver = config.verify.then(|| resolver::open(config)).transpose()?;
        Ok(Self { resolver, budget: config.budget })
    }

    /// Whether anything is verified here. Where it is not, a message is built with
    /// [`trust_authserv_id`](switchback::MessageBuilder::trust_authserv_id) for each trusted server, and without
    /// [`authentication`](switchback::MessageBuilder::authentication), which would keep the fields from being read.
    pub(crate) fn is_verifying(&self) -> bool {
        self.resolver.is_some()
    }

    /// Verifies a message.
    ///
    /// # Arguments
    /// * `authserv_id`: this server's name, for the field and for SPF macros
    /// * `client`: the client that counts
    pub(crate) async fn authenticate(
        &self,
        transaction: &Transaction,
        text: &Text,
        authserv_id: &str,
        client: &Client,
    ) -> Authenticated {
        let Some(resolver) = &self.resolver else { return Authenticated::default() };
        let started = Instant::now();
        // DMARC needs what SPF and DKIM found, and a quarter of the time is its own.
        let lookups = Lookups::new(resolver, started + self.budget * 3 / 4);
        // The body is hashed here.
        let message = apart(text.bytes().len(), || {
            let is_read = Field::all_of(text.bytes()).nth(FIELDS_MAX).is_none();
            is_read.then(|| AuthenticatedMessage::parse(text.bytes())).flatten().unwrap_or_default()
        });
        let mail_from = transaction.envelope.mail_from.as_deref();
        let singles = dkim::one_by_one(&message);
        let (spf, dkim, arc) = join3(
            spf::check(&lookups, client, mail_from, authserv_id),
            dkim::check(&lookups, &message, &singles, text.is_partial()),
            arc::check(&lookups, &message, text.is_partial()),
        )
        .await;
        let dmarc = dmarc::check(&lookups.until(started + self.budget), &message, &spf, &dkim).await;
        let results = results::value(authserv_id, &spf, &dkim, arc, &dmarc);
        let mut authentication = Authentication::new();
        authentication.spf = spf.result;
        authentication.spf_domain = (!spf.domain.is_empty()).then(|| spf.domain.as_str().into());
        authentication.dkim = dkim.result;
        authentication.dkim_domains = dkim.domains();
        authentication.dmarc = dmarc.result;
        authentication.dmarc_domain = Some(dmarc.domain.into());
        authentication.arc = arc;
        Authenticated { authentication, results }
    }
}

#[cfg(test)]
mod tests;
