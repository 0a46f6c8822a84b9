//! What follows from a configuration, and is replaced with it.

use std::net::IpAddr;
use std::sync::Arc;

use switchback::ipnet::IpNet;
use switchback::{Client, Message};

use super::error::OpenError;
use super::scoring::Scored;
use crate::authentication::Authenticator;
use crate::client;
use crate::config::{Config, DirectionConfig};
use crate::decision::HeaderChange;
use crate::field::Field;
use crate::held::Spool;
use crate::mail::{Direction, Mail, Transaction};
use crate::received;
use crate::stamp::{Stamp, Stamper};

pub(super) struct Setup {
    pub(super) config: Arc<Config>,
    authenticator: Authenticator,
    pub(super) spool: Option<Spool>,
}

impl Setup {
    pub(super) fn new(config: Config) -> Result<Self, OpenError> {
        let authenticator = Authenticator::new(&config.authentication)?;
        let spool = config.held.dir.is_some().then(|| Spool::open(&config.held)).transpose()?;
        Ok(Self { authenticator, spool, config: Arc::new(config) })
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

    pub(super) fn stamper(&self, transaction: &Transaction) -> Stamper {
        Stamper::new(&self.config.stamp, self.authserv_id(transaction))
    }

    /// The message with all that is known of it, and what is to be written of its authentication.
    ///
    /// # Arguments
    /// * `received`: the field of this name that the mail server has yet to write
    pub(super) async fn message(
        &self,
        mail: &Mail,
        fields: &[Field],
        direction: Direction,
        received: Option<&str>,
    ) -> (Message, Option<String>) {
        let transaction = &mail.transaction;
        let client = match direction {
            Direction::Inbound => client::counting(transaction, fields, &self.config),
            Direction::Outbound => Client::clone(&transaction.client),
        };
        let mut results = None;
        let mut builder = Message::builder(received::above(received, mail)).envelope(transaction.envelope.clone());
        if direction == Direction::Inbound && self.authenticator.is_verifying() {
            let name = self.authserv_id(transaction);
            let verified = self.authenticator.authenticate(mail, fields, name, &client).await;
            builder = builder.authentication(verified.authentication);
            results = verified.results.filter(|_| self.config.authentication.add_results);
        } else {
            for name in &self.config.authentication.trusted {
                builder = builder.trust_authserv_id(name);
            }
        }
        (builder.client(client).build(), results)
    }

    /// What is written at the top of a message.
    pub(super) fn stamps(
        &self,
        mail: &Mail,
        scored: &Scored,
        rules: &DirectionConfig,
        results: Option<&str>,
    ) -> Vec<HeaderChange> {
        let (stamper, is_partial) = (self.stamper(&mail.transaction), mail.is_partial);
        if scored.is_store_away {
            return stamper.unscanned("store-away", is_partial, results);
        }
        stamper.stamps(Stamp { verdict: &scored.verdict, thresholds: &rules.thresholds, is_partial, results })
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
        let mail = Mail::new(Transaction::new(), b"Received: from a by b\r\nSubject: x\r\n\r\ny\r\n".to_vec());
        for (received, expected) in [(None, &["from a by b"][..]), (Some("by mx"), &["by mx", "from a by b"])] {
            let (message, _) = setup.as_ref().unwrap().message(&mail, &[], Direction::Inbound, received).await;
            let found = message.header("Received", Recipients::Masked);
            assert_eq!(found.iter().map(|value| value.trim()).collect::<Vec<_>>(), expected);
        }
    }
}
