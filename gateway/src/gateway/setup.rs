//! What follows from a configuration, and is replaced with it.

use std::net::IpAddr;
use std::sync::Arc;

use switchback::ipnet::IpNet;
use switchback::{Client, Message};

use super::error::OpenError;
use super::scoring::Scored;
use crate::apart::apart;
use crate::authentication::Authenticator;
use crate::client;
use crate::config::{Config, DirectionConfig};
use crate::decision::HeaderChange;
use crate::field::Field;
use crate::held::Spool;
use crate::limits::REMOVAL_BYTES;
use crate::mail::{Direction, Transaction};
use crate::memory::Share;
use crate::received;
use crate::stamp::{Stamp, Stamper};
use crate::text::Text;

pub(super) struct Setup {
    pub(super) config: Arc<Config>,
    authenticator: Authenticator,
    stamper: Stamper,
    pub(super) spool: Option<Spool>,
}

/// A message that can be judged.
pub(super) struct Prepared {
    pub(super) message: Message,
    /// Where in its bytes that begins which the mail server passed on.
    pub(super) arrived_from: usize,
    /// What is to be written of its authentication.
    pub(super) results: Option<String>,
    /// What counts its memory.
    pub(super) memory: Share,
}

impl Setup {
    pub(super) fn new(config: Config) -> Result<Self, OpenError> {
        let authenticator = Authenticator::new(&config.authentication)?;
        let spool = config.held.dir.is_some().then(|| Spool::open(&config.held)).transpose()?;
        Ok(Self { authenticator, stamper: Stamper::new(&config.stamp), spool, config: Arc::new(config) })
    }

    /// Which way a message goes. What was made on this machine has no client.
    pub(super) fn direction(&self, transaction: &Transaction) -> Direction {
        if let Some(direction) = transaction.direction {
            return direction;
        }
        let is_among = |nets: &[IpNet], ip: IpAddr| nets.iter().any(|net| net.contains(&ip.to_canonical()));
        match transaction.client.ip.filter(|_| transaction.user.is_none()) {
            Some(ip) if is_among(&self.config.relays, ip) => Direction::Inbound,
            Some(ip) if !is_among(&self.config.own_networks, ip) => Direction::Inbound,
            _ => Direction::Outbound,
        }
    }

    /// Under which name this site's results stand.
    fn authserv_id<'a>(&'a self, transaction: &'a Transaction) -> &'a str {
        let configured = self.config.authentication.authserv_id.as_deref();
        configured.or(transaction.server.as_deref()).unwrap_or("localhost")
    }

    /// What is removed from a message's header, counted as memory of the message. None where nothing is known of the header.
    pub(super) fn removals(&self, transaction: &Transaction, text: &mut Text) -> Option<Vec<HeaderChange>> {
        let server = self.authserv_id(transaction);
        apart(text.bytes().len(), || {
            let count = self.stamper.count_removals(Field::all_of(text.bytes()), server);
            text.count_beside(count * REMOVAL_BYTES).then(|| self.stamper.removals(Field::all_of(text.bytes()), server))
        })
    }

    /// The message with all that is known of it.
    ///
    /// # Arguments
    /// * `received`: the field of this name that the mail server has yet to write
    pub(super) async fn message(
        &self,
        transaction: &Transaction,
        text: Text,
        direction: Direction,
        received: Option<&str>,
    ) -> Prepared {
        let client = match direction {
            Direction::Inbound => client::counting(transaction, Field::all_of(text.bytes()), &self.config),
            Direction::Outbound => Client::clone(&transaction.client),
        };
        let is_verified = direction == Direction::Inbound && self.authenticator.is_verifying() && !text.is_refused();
        let verified = if is_verified {
            Some(self.authenticator.authenticate(transaction, &text, self.authserv_id(transaction), &client).await)
        } else {
            None
        };
        let (mut bytes, memory) = text.into_parts();
        let arrived_from = received.map_or(0, |value| received::put_above(value, &mut bytes));
        let mut builder = Message::builder(bytes).envelope(transaction.envelope.clone()).client(client);
        let mut results = None;
        if let Some(verified) = verified {
            builder = builder.authentication(verified.authentication);
            results = verified.results.filter(|_| self.config.authentication.add_results);
        } else {
            for name in &self.config.authentication.trusted {
                builder = builder.trust_authserv_id(name);
            }
        }
        Prepared { message: builder.build(), arrived_from, results, memory }
    }

    /// What is written at the top of a message.
    pub(super) fn stamps(
        &self,
        scored: &Scored,
        rules: &DirectionConfig,
        is_partial: bool,
        results: Option<&str>,
    ) -> Vec<HeaderChange> {
        if scored.is_store_away {
            return self.stamper.unscanned("store-away", is_partial, results);
        }
        self.stamper.stamps(Stamp { verdict: &scored.verdict, thresholds: &rules.thresholds, is_partial, results })
    }
}

#[cfg(test)]
mod tests {
    use switchback::message::Recipients;

    use super::*;

    /// <https://github.com/rspamd/rspamd/issues/3895>: what was learnt of mail in mailboxes did not hold for mail on its way there.
    #[tokio::test]
    async fn a_model_sees_the_field_that_the_mail_server_has_yet_to_write() {
        let setup = Setup::new(
            Config::parse("store = '/s'\nauthentication.verify = false\ninbound.quarantine = 'reject'").unwrap(),
        );
        let arrived = b"Received: from a by b\r\nSubject: x\r\n\r\ny\r\n";
        for (received, expected) in [(None, &["from a by b"][..]), (Some("by mx"), &["by mx", "from a by b"])] {
            let (setup, text) = (setup.as_ref().unwrap(), Text::from(arrived.to_vec()));
            let prepared = setup.message(&Transaction::new(), text, Direction::Inbound, received).await;
            assert_eq!(prepared.message.bytes()[prepared.arrived_from..], arrived[..]);
            let found = prepared.message.header("Received", Recipients::Masked);
            assert_eq!(found.iter().map(|value| value.trim()).collect::<Vec<_>>(), expected);
        }
    }
}
