//! Who the message says it is from.

use crate::domains::{are_related, domain_in, foreign_brand, is_freemail, is_punycode};
use crate::mail::Mail;
use crate::rule::{Rule, rule};
use switchback_guest::Category::{Phish, Spam, Spoof};

pub(super) const RULES: &[Rule] = &[
    rule("FROM_UNUSABLE", 2.0, Spam, "From is missing, repeated or cannot be read", |mail| mail.defects.bad_from),
    rule(
        "FROM_NAME_OTHER_DOMAIN",
        0.8,
        Spoof,
        "the sender's name shows an address or a domain of somebody else",
        name_shows_other_domain,
    ),
    rule("FROM_NAME_BRAND", 2.0, Phish, "the sender's name is a brand that does not send from there", |mail| {
        foreign_brand(&mail.from.name.to_lowercase(), &mail.from.domain).is_some()
    }),
    rule("FROM_DIGITS", 0.2, Spam, "the sender's address has a long number", |mail| {
        longest_number(mail.from.address.split('@').next().unwrap_or_default()) >= 4
    }),
    rule("FROM_PUNYCODE", 1.0, Spoof, "the sender's domain has letters that may look like others", |mail| {
        is_punycode(&mail.from.domain)
    }),
    rule("FROM_MIXED_SCRIPTS", 2.5, Spoof, "the sender's name mixes alphabets within a word", |mail| {
        mixes_alphabets(&mail.from.name)
    }),
    rule("REPLY_TO_FREEMAIL", 1.5, Phish, "answers go to a free mailbox, but it was not sent from one", |mail| {
        let reply = mail.reply_to.as_ref();
        !is_freemail(&mail.from.domain) && reply.is_some_and(|reply| is_freemail(&reply.domain))
    }),
    rule("REPLY_TO_ELSEWHERE", 0.8, Spam, "answers go to another organisation than it came from", |mail| {
        let reply = mail.reply_to.as_ref();
        !mail.is_list && reply.is_some_and(|reply| !are_related(&reply.domain, &mail.from.domain))
    }),
];

fn name_shows_other_domain(mail: &Mail) -> bool {
    let shown = mail.from.name.rsplit_once('@').map_or(mail.from.name.as_str(), |(_, domain)| domain);
    domain_in(shown).is_some_and(|domain| !are_related(&domain, &mail.from.domain))
}

fn longest_number(text: &str) -> usize {
    text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default()
}

/// Whether a word has both Latin and Cyrillic or Greek letters: `Раypal` with a Cyrillic `Р` and `а`.
pub(super) fn mixes_alphabets(text: &str) -> bool {
    let is_latin = |c: char| c.is_ascii_alphabetic();
    let is_lookalike = |c: char| matches!(c, '\u{370}'..='\u{3FF}' | '\u{400}'..='\u{52F}');
    let mut words = text.split(|c: char| !c.is_alphabetic());
    words.any(|word| word.chars().any(is_latin) && word.chars().any(is_lookalike))
}

#[cfg(test)]
mod tests {
    use crate::rule::tests::applies;
    use switchback_guest::{Defects, Message, MessageBuilder};

    fn from(name: &str, address: &str) -> MessageBuilder {
        Message::builder().from(name, address)
    }

    #[test]
    fn a_name_that_shows_a_foreign_address() {
        let rule = "FROM_NAME_OTHER_DOMAIN";
        assert!(applies(rule, from("ceo@example.com", "x@evil.example")));
        assert!(applies(rule, from("PayPal.com", "x@evil.example")));
        assert!(!applies(rule, from("ceo@example.com", "ceo@mail.example.com")));
        assert!(!applies(rule, from("Dr. Who", "who@example.com")));
    }

    #[test]
    fn a_name_that_is_a_foreign_brand() {
        assert!(applies("FROM_NAME_BRAND", from("PayPal Security", "x@evil.example")));
        assert!(!applies("FROM_NAME_BRAND", from("PayPal", "service@paypal.com")));
    }

    #[test]
    fn a_sender_with_a_long_number() {
        assert!(applies("FROM_DIGITS", from("", "bob83742@example.com")));
        assert!(!applies("FROM_DIGITS", from("", "bob42@mx12345.example.com")));
    }

    #[test]
    fn alphabets_mixed_within_a_word() {
        assert!(applies("FROM_MIXED_SCRIPTS", from("Раypal", "x@example.com")));
        assert!(!applies("FROM_MIXED_SCRIPTS", from("Иван Petrov", "x@example.com")));
        assert!(applies("FROM_PUNYCODE", from("", "x@xn--pypal-4ve.example")));
        assert!(!applies("FROM_PUNYCODE", from("", "x@paypal.example")));
    }

    #[test]
    fn answers_that_go_elsewhere() {
        let company = || from("", "boss@company.example");
        assert!(applies("REPLY_TO_FREEMAIL", company().reply_to("", "boss@gmail.com")));
        assert!(!applies("REPLY_TO_FREEMAIL", from("", "me@gmail.com").reply_to("", "me@yahoo.com")));
        assert!(applies("REPLY_TO_ELSEWHERE", company().reply_to("", "x@other.example")));
        assert!(!applies("REPLY_TO_ELSEWHERE", company().reply_to("", "x@mail.company.example")));
        let list = company().reply_to("", "x@other.example").header("List-Id", "<a.other.example>");
        assert!(!applies("REPLY_TO_ELSEWHERE", list));
    }

    #[test]
    fn a_sender_that_cannot_be_read() {
        let broken = Defects { bad_from: true, ..Defects::default() };
        assert!(applies("FROM_UNUSABLE", Message::builder().defects(broken)));
        assert!(!applies("FROM_UNUSABLE", from("", "a@example.com")));
    }
}
