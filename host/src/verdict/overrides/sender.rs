//! Who a message says it is from, and whether that was authenticated. The rules are those of
//! [`Senders`](super::Senders).

use std::iter::successors;

use crate::limits::{ADDRESS_BYTES_MAX, DOMAIN_BYTES_MAX};
use crate::message::{AuthResult, Message, domain_of, normal_domain};

/// Somebody whom a message names as its sender.
#[derive(Debug)]
pub(super) struct Sender {
    /// In the normal form of [`SenderAddress`](super::SenderAddress), if it has one.
    pub(super) address: String,
    /// In the normal form of [`SenderDomain`](super::SenderDomain), if it has one.
    domain: String,
    pub(super) is_authenticated: bool,
}

/// The header sender and the envelope sender, where there are such.
pub(super) fn senders(message: &Message) -> Vec<Sender> {
    [of_header(message), of_envelope(message)].into_iter().flatten().collect()
}

impl Sender {
    fn new(address: &str, domain: &str, is_authenticated: bool) -> Self {
        let local = address.rsplit_once('@').map_or("", |(local, _)| local);
        let address = format!("{}@{domain}", local.to_lowercase());
        Self { address, domain: domain.to_owned(), is_authenticated }
    }

    /// Its domain and those that it is part of, the longest first. At most 127: a longer name has no rule.
    pub(super) fn domains(&self) -> impl Iterator<Item = &str> {
        successors(Some(&*self.domain), |domain| domain.split_once('.').map(|(_, parent)| parent))
            .filter(|domain| domain.len() <= DOMAIN_BYTES_MAX)
    }
}

fn of_header(message: &Message) -> Option<Sender> {
    let mailbox = message.sender()?;
    Some(Sender::new(&mailbox.address, &mailbox.domain, message.is_sender_authenticated()))
}

fn of_envelope(message: &Message) -> Option<Sender> {
    let address = message.envelope()?.mail_from.as_deref()?;
    let domain = domain_of(address);
    if domain.is_empty() {
        return None;
    }
    let found = message.authentication();
    let checked = found.spf_domain.as_deref().map(normal_domain).filter(|_| found.spf == AuthResult::Pass);
    let is_authenticated = address.len() <= ADDRESS_BYTES_MAX && checked.as_deref() == Some(&*domain);
    Some(Sender::new(address, &domain, is_authenticated))
}
