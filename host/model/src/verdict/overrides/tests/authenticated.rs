//! Which senders an address or domain rule matches.

use super::*;

/// What is known of a message besides its bytes.
#[derive(Default)]
struct Known {
    dmarc: Option<&'static str>,
    dkim: &'static [&'static str],
    spf: Option<&'static str>,
    mail_from: Option<&'static str>,
}

fn message(from: &str, known: &Known) -> Message {
    let passes = |passed, otherwise| if passed { AuthResult::Pass } else { otherwise };
    let checked = Authentication {
        dmarc: passes(known.dmarc.is_some(), AuthResult::None),
        dmarc_domain: known.dmarc.map(Into::into),
        dkim: passes(!known.dkim.is_empty(), AuthResult::None),
        dkim_domains: known.dkim.iter().map(|domain| (*domain).into()).collect(),
        spf: passes(known.spf.is_some(), AuthResult::Softfail),
        spf_domain: Some(known.spf.unwrap_or("example.com").into()),
        ..Authentication::default()
    };
    let envelope = known.mail_from.map_or(Envelope::new(), |address| Envelope::new().mail_from(address));
    Message::builder(format!("{from}\n\ntext\n")).authentication(checked).envelope(envelope).build()
}

/// Whether a rule matches, by domain and by address.
fn rule_matches(effect: Effect, senders: Senders, message: &Message) -> bool {
    let with = |id, matcher| {
        let mut made = made(id, matcher, effect);
        made.rule.senders = senders;
        made
    };
    let by_domain = decider(&index([with(1, "domain example.com")]), message) != DecidedBy::Live;
    let by_address = decider(&index([with(1, "sender a@mail.example.com")]), message) != DecidedBy::Live;
    assert_eq!(by_domain, by_address, "both kinds of rules see one sender");
    by_domain
}

fn matches(senders: Senders, message: &Message) -> bool {
    rule_matches(ALLOW, senders, message)
}

fn is_authenticated(from: &str, known: &Known) -> bool {
    matches(Senders::Authenticated, &message(from, known))
}

const FROM: &str = "From: A <a@mail.example.com>";

#[test]
fn an_author_is_authenticated_by_dmarc_or_by_aligned_dkim() {
    let known = Known::default;
    for (known, expected, what) in [
        (known(), false, "nothing passed"),
        (Known { dmarc: Some("mail.example.com"), ..known() }, true, "DMARC"),
        (Known { dmarc: Some("example.com"), ..known() }, false, "DMARC of the parent"),
        (Known { dmarc: Some("evil.example"), ..known() }, false, "DMARC of another"),
        (Known { dkim: &["mail.example.com"], ..known() }, true, "DKIM of the domain"),
        (Known { dkim: &["example.com"], ..known() }, true, "DKIM of its parent"),
        (Known { dkim: &["esp.example", "News.Example.com."], ..known() }, true, "DKIM of a sibling, second"),
        (Known { dkim: &["com"], ..known() }, false, "DKIM of a public suffix"),
        (Known { dkim: &["evil.example", "example.com.evil.example"], ..known() }, false, "DKIM of others"),
        (Known { spf: Some("mail.example.com"), ..known() }, false, "SPF is about the envelope"),
    ] {
        assert_eq!(is_authenticated(FROM, &known), expected, "{what}");
        assert!(matches(Senders::Anyone, &message(FROM, &known)), "anyone: {what}");
    }
}

#[test]
fn only_the_results_that_passed_count() {
    // Domains that are listed beside a result that did not pass prove nothing.
    let failed = Authentication {
        dkim: AuthResult::Fail,
        dkim_domains: vec!["example.com".into()],
        spf: AuthResult::Neutral,
        spf_domain: Some("mail.example.com".into()),
        arc: AuthResult::Pass,
        ..Authentication::default()
    };
    let envelope = Envelope::new().mail_from("a@mail.example.com");
    let message = Message::builder(format!("{FROM}\n\n")).authentication(failed).envelope(envelope).build();
    assert!(!matches(Senders::Authenticated, &message));
    assert!(!matches(Senders::Authenticated, &Message::parse(format!("{FROM}\n\n"))), "nobody checked");
    let nameless = Authentication { spf: AuthResult::Pass, ..Authentication::default() };
    let envelope = Envelope::new().mail_from("a@mail.example.com");
    let message = Message::builder(format!("{FROM}\n\n")).authentication(nameless).envelope(envelope).build();
    assert!(!matches(Senders::Authenticated, &message), "SPF passed for nobody knows what");
}

#[test]
fn a_block_matches_the_envelope_sender_and_an_allow_does_not() {
    let other = "From: x@other.example";
    let sent = |mail_from, spf| Known { mail_from: Some(mail_from), spf, ..Known::default() };
    let blocks = |senders, from: &str, known: &Known| rule_matches(BLOCK, senders, &message(from, known));
    let passed = sent("A@Mail.example.com", Some("mail.EXAMPLE.com"));
    assert!(blocks(Senders::Authenticated, other, &passed));
    assert!(!is_authenticated(other, &passed), "whoever may send for a domain is not who wrote the message");
    assert!(!matches(Senders::Anyone, &message(other, &passed)));
    assert!(blocks(
        Senders::Authenticated,
        "Subject: no sender",
        &sent("<a@mail.example.com>", Some("mail.example.com"))
    ));
    assert!(!blocks(Senders::Authenticated, other, &sent("a@mail.example.com", Some("example.com"))));
    assert!(!blocks(Senders::Authenticated, other, &sent("a@mail.example.com", None)));
    assert!(!blocks(Senders::Authenticated, other, &sent("", Some("mail.example.com"))), "the null sender");
    assert!(blocks(Senders::Anyone, other, &sent("a@mail.example.com", None)));
}

#[test]
fn where_nobody_can_tell_the_author_a_block_matches_and_an_allow_does_not() {
    let passed = || Known { dmarc: Some("mail.example.com"), dkim: &["example.com"], ..Known::default() };
    for uncertain in [
        "From: a@mail.example.com, x@evil.example",
        "From: a@mail.example.com\nFrom: x@evil.example",
        "From: x@evil.example\nFrom: a@mail.example.com",
        "From: a@mail.example.com\nFrom: a@mail.example.com",
        "From: Team: a@mail.example.com;",
        "From: a@mail.(x)example.com",
        "From : a@mail.example.com",
    ] {
        let message = message(uncertain, &passed());
        assert!(!matches(Senders::Authenticated, &message), "{uncertain}");
        assert!(!matches(Senders::Anyone, &message), "{uncertain}");
        assert!(rule_matches(BLOCK, Senders::Anyone, &message), "{uncertain}");
        assert!(!rule_matches(BLOCK, Senders::Authenticated, &message), "{uncertain}");
    }
    assert!(is_authenticated("From: \"x@evil.example\" <a@mail.example.com>", &passed()), "a name proves nothing");
}

#[test]
fn an_address_that_was_cut_is_not_the_address() {
    // Cut at 1,024 bytes the domain would read `mail.example.com`.
    let local = "a".repeat(1_024 - "@mail.example.com".len());
    let from = format!("From: <{local}@mail.example.com.evil.example>");
    let signed = Known { dmarc: Some("mail.example.com"), dkim: &["example.com"], ..Known::default() };
    let allowed = index([made(1, "domain example.com", ALLOW)]);
    assert_eq!(decider(&allowed, &message(&from, &signed)), DecidedBy::Live);
}

#[test]
fn a_forged_sender_matches_where_anyone_may() {
    let forged = message(FROM, &Known::default());
    assert!(!matches(Senders::Authenticated, &forged));
    assert!(matches(Senders::Anyone, &forged));
}

#[test]
fn results_that_a_trusted_server_wrote_count() {
    let results = "Authentication-Results: mx.home.example; dkim=pass header.d=example.com";
    let bytes = format!("{results}\n{FROM}\n\n");
    let trusted = Message::builder(bytes.clone()).trust_authserv_id("mx.home.example").build();
    assert!(matches(Senders::Authenticated, &trusted));
    assert!(!matches(Senders::Authenticated, &Message::parse(bytes)));
}
