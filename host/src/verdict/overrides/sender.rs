//! Who a message says it is from, and whether that was authenticated. The rules are those of
//! [`Senders`](super::Senders).

use std::iter::successors;

use super::names::is_normal;
use crate::limits::{ADDRESS_BYTES_MAX, DOMAIN_BYTES_MAX};
use crate::message::{AuthResult, Authentication, Message, ascii_domain, domain_of, organisational_domain};

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
    let mailbox = message.from().iter().find(|mailbox| !mailbox.domain.is_empty())?;
    let found = message.authentication();
    // What was cut off behind the bound may be the domain that the checks were about.
    let is_whole = mailbox.address.len() <= ADDRESS_BYTES_MAX;
    let by_dmarc = found.dmarc == AuthResult::Pass && is_plain(message);
    let is_authenticated = is_whole && (by_dmarc || has_aligned_pass(found, &mailbox.domain));
    Some(Sender::new(&mailbox.address, &mailbox.domain, is_authenticated))
}

fn of_envelope(message: &Message) -> Option<Sender> {
    let address = message.envelope()?.mail_from.as_deref()?;
    let domain = domain_of(address);
    if domain.is_empty() {
        return None;
    }
    let found = message.authentication();
    let checked = found.spf_domain.as_deref().map(normal).filter(|_| found.spf == AuthResult::Pass);
    let is_authenticated = address.len() <= ADDRESS_BYTES_MAX && checked.as_deref() == Some(&*domain);
    Some(Sender::new(address, &domain, is_authenticated))
}

/// Whether DKIM or SPF passed for a domain of the same organisational domain.
fn has_aligned_pass(found: &Authentication, domain: &str) -> bool {
    let is_aligned = |passed: &str| is_one_organisation(&normal(passed), domain);
    let by_dkim = found.dkim == AuthResult::Pass && found.dkim_domains.iter().any(|passed| is_aligned(passed));
    by_dkim || (found.spf == AuthResult::Pass && found.spf_domain.as_deref().is_some_and(is_aligned))
}

/// Whether every program sees the sender's domain where this one does: a DMARC result does not say which domain
/// it is about, and a sender writes `From` such that the checking program and this one read different ones.
fn is_plain(message: &Message) -> bool {
    let mailboxes = message.from();
    let Some(first) = mailboxes.first() else { return false };
    message.sender_fields() == 1
        && !message.has_senders_cut()
        && mailboxes.iter().all(|mailbox| {
            is_one_organisation(&mailbox.domain, &first.domain) && is_well_formed(&mailbox.address, &mailbox.domain)
        })
}

/// Whether two domains belong to one organisation (RFC 7489, section 3.2).
fn is_one_organisation(one: &str, other: &str) -> bool {
    one == other || organisational_domain(one) == organisational_domain(other)
}

/// Whether an address can be read in one way only.
fn is_well_formed(address: &str, domain: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"".contains(c);
    address.len() <= ADDRESS_BYTES_MAX
        && address.matches('@').count() == 1
        && !address.contains(odd)
        && !domain.is_empty()
        && is_normal(domain)
}

/// A domain as the filter gave it.
fn normal(domain: &str) -> String {
    ascii_domain(domain.trim().trim_end_matches('.')).into_owned()
}
