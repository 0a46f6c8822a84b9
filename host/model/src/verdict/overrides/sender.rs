//! Whose message it is, as rules about senders see it. They are those of [`Senders`](super::Senders).

use std::iter::successors;

use crate::limits::{ADDRESS_BYTES_MAX, DOMAIN_BYTES_MAX};
use crate::message::{AuthResult, Message, domain_of, normal_domain};

/// Somebody whom a message may be from.
#[derive(Debug)]
pub(super) struct Sender {
    /// In the normal form of [`SenderAddress`](super::SenderAddress), if it has one.
    pub(super) address: String,
    /// In the normal form of [`SenderDomain`](super::SenderDomain), if it has one.
    domain: String,
    pub(super) standing: Standing,
}

/// What is known about a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// Whether it is the certain author, not only somebody who may be: an allow rule is about nobody else.
    pub(super) is_author: bool,
    /// Whether a result that passed names its domain.
    pub(super) is_authenticated: bool,
}

impl Standing {
    /// That of what needs no sender.
    pub(super) const FACT: Self = Self { is_author: true, is_authenticated: true };
}

/// The author, or whoever may be, and the envelope sender, where there is one.
pub(super) fn senders(message: &Message) -> Vec<Sender> {
    let author = message.author();
    let standing =
        Standing { is_author: author.mailbox().is_some(), is_authenticated: message.is_sender_authenticated() };
    let candidates = author.candidates().iter().map(|mailbox| Sender::new(&mailbox.address, &mailbox.domain, standing));
    candidates.chain(of_envelope(message)).collect()
}

impl Sender {
    fn new(address: &str, domain: &str, standing: Standing) -> Self {
        let local = address.rsplit_once('@').map_or("", |(local, _)| local);
        let address = format!("{}@{domain}", local.to_lowercase());
        Self { address, domain: domain.to_owned(), standing }
    }

    /// Its domain and those that it is part of, the longest first. At most 127: a longer name has no rule.
    pub(super) fn domains(&self) -> impl Iterator<Item = &str> {
        successors(Some(&*self.domain), |domain| domain.split_once('.').map(|(_, parent)| parent))
            .filter(|domain| domain.len() <= DOMAIN_BYTES_MAX)
    }
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
    Some(Sender::new(address, &domain, Standing { is_author: false, is_authenticated }))
}
