//! What is looked up: the questions that a message raises.

use std::cell::OnceCell;
use std::net::IpAddr;

use super::sender::{Sender, Standing, senders};
use super::{Matcher, Network, Override};
use crate::message::Message;
use crate::release::Digest;

/// One question: which rules say exactly this, with exactly this scope? A rule is the answer to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Probe<'a> {
    subject: Subject<'a>,
    slot: Option<&'a str>,
    tenant: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Subject<'a> {
    Sender(&'a str),
    Domain(&'a str),
    Network(Network),
    Content(Digest),
}

/// What questions have in common. Only shapes that some rule has are asked for, so what a look-up costs grows
/// with them and not with the number of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    kind: Kind,
    has_slot: bool,
    has_tenant: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Sender,
    Domain,
    /// Bits of the prefix.
    Network4(u8),
    /// Bits of the prefix.
    Network6(u8),
    Content,
}

impl Shape {
    pub(super) fn of(made: &Override) -> Self {
        let kind = match &made.rule.matcher {
            Matcher::Sender(_) => Kind::Sender,
            Matcher::Domain(_) => Kind::Domain,
            Matcher::Network(network) => match network.net() {
                ipnet::IpNet::V4(net) => Kind::Network4(net.prefix_len()),
                ipnet::IpNet::V6(net) => Kind::Network6(net.prefix_len()),
            },
            Matcher::Content(_) => Kind::Content,
        };
        let scope = &made.rule.scope;
        Self { kind, has_slot: scope.slot.is_some(), has_tenant: scope.tenant.is_some() }
    }
}

impl<'a> Probe<'a> {
    /// The question that an override answers.
    pub(super) fn of(made: &'a Override) -> Self {
        let subject = match &made.rule.matcher {
            Matcher::Sender(address) => Subject::Sender(address.as_str()),
            Matcher::Domain(domain) => Subject::Domain(domain.as_str()),
            Matcher::Network(network) => Subject::Network(*network),
            Matcher::Content(digest) => Subject::Content(*digest),
        };
        let scope = &made.rule.scope;
        Self { subject, slot: scope.slot.as_deref(), tenant: scope.tenant.as_deref() }
    }
}

/// A message in a slot, and what was found out about it so far.
pub(super) struct Asker<'a> {
    message: &'a Message,
    slot: &'a str,
    senders: OnceCell<Vec<Sender>>,
}

impl<'a> Asker<'a> {
    pub(super) fn new(message: &'a Message, slot: &'a str) -> Self {
        Self { message, slot, senders: OnceCell::new() }
    }

    /// Asks all questions of a shape, each with what is known about whom it is about.
    pub(super) fn ask<'s>(&'s self, shape: Shape, mut ask: impl FnMut(Probe<'s>, Standing)) {
        let tenant = self.message.tenant();
        if shape.has_tenant && tenant.is_none() {
            return;
        }
        let slot = shape.has_slot.then_some(self.slot);
        let tenant = tenant.filter(|_| shape.has_tenant);
        let mut about = |subject, standing| ask(Probe { subject, slot, tenant }, standing);
        match shape.kind {
            Kind::Sender => {
                self.senders().iter().for_each(|sender| about(Subject::Sender(&sender.address), sender.standing));
            }
            Kind::Domain => {
                for sender in self.senders() {
                    sender.domains().for_each(|domain| about(Subject::Domain(domain), sender.standing));
                }
            }
            Kind::Network4(prefix) | Kind::Network6(prefix) => {
                let network = self.client(shape.kind).and_then(|ip| Network::around(ip, prefix));
                network.into_iter().for_each(|network| about(Subject::Network(network), Standing::FACT));
            }
            Kind::Content => {
                about(Subject::Content(self.message.content_digest().into()), Standing::FACT);
            }
        }
    }

    fn senders(&self) -> &[Sender] {
        self.senders.get_or_init(|| senders(self.message))
    }

    /// The client's address, if it is of the family that a kind of network has.
    fn client(&self, kind: Kind) -> Option<IpAddr> {
        let ip = self.message.client().ip?.to_canonical();
        (ip.is_ipv4() == matches!(kind, Kind::Network4(_))).then_some(ip)
    }
}
