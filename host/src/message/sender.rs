//! Who a message says it is from, and whether that was authenticated.

use super::address::{is_normal, is_one_organisation, normal_domain};
use super::{AuthResult, Authentication, Mailbox, Message};
use crate::limits::ADDRESS_BYTES_MAX;

/// [`Message::is_sender_authenticated`].
pub(super) fn is_authenticated(message: &Message) -> bool {
    let Some(sender) = message.sender() else { return false };
    let found = message.authentication();
    // What was cut off behind the bound may be the domain that the checks were about.
    let is_whole = sender.address.len() <= ADDRESS_BYTES_MAX;
    let by_dmarc = found.dmarc == AuthResult::Pass && is_plain(message);
    is_whole && (by_dmarc || has_aligned_pass(found, &sender.domain))
}

/// Whether DKIM or SPF passed for a domain of the same organisational domain.
fn has_aligned_pass(found: &Authentication, domain: &str) -> bool {
    let is_aligned = |passed: &str| is_one_organisation(&normal_domain(passed), domain);
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
        && mailboxes
            .iter()
            .all(|mailbox| is_one_organisation(&mailbox.domain, &first.domain) && is_well_formed(mailbox))
}

/// Whether an address can be read in one way only.
fn is_well_formed(mailbox: &Mailbox) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"".contains(c);
    mailbox.address.len() <= ADDRESS_BYTES_MAX
        && mailbox.address.matches('@').count() == 1
        && !mailbox.address.contains(odd)
        && !mailbox.domain.is_empty()
        && is_normal(&mailbox.domain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::MessageBuilder;

    fn from(sender: &str) -> MessageBuilder {
        Message::builder(format!("From: {sender}\n\n"))
    }

    fn dmarc_passed() -> Authentication {
        Authentication { dmarc: AuthResult::Pass, ..Authentication::default() }
    }

    #[test]
    fn a_sender_is_authenticated_by_dmarc_or_by_an_aligned_pass() {
        let signed = |domain: &str| Authentication {
            dkim: AuthResult::Pass,
            dkim_domains: vec![domain.into()],
            ..Authentication::default()
        };
        let spf = |result| Authentication {
            spf: result,
            spf_domain: Some("b.x.example".into()),
            ..Authentication::default()
        };
        for (found, expected) in [
            (Authentication::default(), false),
            (dmarc_passed(), true),
            (signed("News.X.example."), true),
            (signed("y.example"), false),
            (spf(AuthResult::Pass), true),
            (spf(AuthResult::Softfail), false),
        ] {
            let message = from("A <a@mail.x.example>").authentication(found.clone()).build();
            assert_eq!(message.is_sender_authenticated(), expected, "{found:?}");
        }
    }

    #[test]
    fn a_sender_that_can_be_read_in_two_ways_is_not_authenticated_by_dmarc() {
        for odd in
            ["a@x.example, b@evil.example", "a@x.example\nFrom: a@x.example", "<b@evil.example@x.example>", "nobody"]
        {
            assert!(!from(odd).authentication(dmarc_passed()).build().is_sender_authenticated(), "{odd}");
        }
        assert!(!Message::parse("").is_sender_authenticated());
    }

    #[test]
    fn results_that_nobody_trusts_authenticate_nobody() {
        let bytes = "Authentication-Results: mx.example; dmarc=pass\nFrom: a@x.example\n\n";
        assert!(!Message::parse(bytes).is_sender_authenticated());
        assert!(Message::builder(bytes).trust_authserv_id("mx.example").build().is_sender_authenticated());
    }
}
