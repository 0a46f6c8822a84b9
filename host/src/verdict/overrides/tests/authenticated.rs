//! Which senders an address or domain rule matches.

use super::*;

/// What is known of a message besides its bytes.
#[derive(Default)]
struct Known {
    dmarc: bool,
    dkim: &'static [&'static str],
    spf: Option<&'static str>,
    mail_from: Option<&'static str>,
}

fn message(from: &str, known: &Known) -> Message {
    let passes = |passed, otherwise| if passed { AuthResult::Pass } else { otherwise };
    let checked = Authentication {
        dmarc: passes(known.dmarc, AuthResult::Fail),
        dkim: passes(!known.dkim.is_empty(), AuthResult::None),
        dkim_domains: known.dkim.iter().map(|domain| (*domain).into()).collect(),
        spf: passes(known.spf.is_some(), AuthResult::Softfail),
        spf_domain: Some(known.spf.unwrap_or("example.com").into()),
        ..Authentication::default()
    };
    let envelope = known.mail_from.map_or(Envelope::new(), |address| Envelope::new().mail_from(address));
    Message::builder(format!("{from}\n\ntext\n")).authentication(checked).envelope(envelope).build()
}

fn matches(senders: Senders, message: &Message) -> bool {
    let with = |id, matcher| {
        let mut made = made(id, matcher, ALLOW);
        made.rule.senders = senders;
        made
    };
    let by_domain = decider(&index([with(1, "domain example.com")]), message) != DecidedBy::Live;
    let by_address = decider(&index([with(1, "sender a@mail.example.com")]), message) != DecidedBy::Live;
    assert_eq!(by_domain, by_address, "both kinds of rules see one sender");
    by_domain
}

fn is_authenticated(from: &str, known: &Known) -> bool {
    matches(Senders::Authenticated, &message(from, known))
}

const FROM: &str = "From: A <a@mail.example.com>";

#[test]
fn a_header_sender_is_authenticated_by_dmarc_or_by_aligned_dkim_or_spf() {
    let known = Known::default;
    for (known, expected, what) in [
        (known(), false, "nothing passed"),
        (Known { dmarc: true, ..known() }, true, "DMARC"),
        (Known { dkim: &["mail.example.com"], ..known() }, true, "DKIM of the domain"),
        (Known { dkim: &["example.com"], ..known() }, true, "DKIM of its parent"),
        (Known { dkim: &["esp.example", "News.Example.com."], ..known() }, true, "DKIM of a sibling, second"),
        (Known { dkim: &["com"], ..known() }, false, "DKIM of a public suffix"),
        (Known { dkim: &["evil.example", "example.com.evil.example"], ..known() }, false, "DKIM of others"),
        (Known { spf: Some("bounces.example.com"), ..known() }, true, "SPF of a sibling"),
        (Known { spf: Some("evil.example"), ..known() }, false, "SPF of another"),
        (Known { mail_from: Some("a@mail.example.com"), ..known() }, false, "an envelope sender that failed SPF"),
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
fn an_envelope_sender_is_authenticated_by_spf_for_its_very_domain() {
    let other = "From: x@other.example";
    let sent = |mail_from, spf| Known { mail_from: Some(mail_from), spf, ..Known::default() };
    assert!(is_authenticated(other, &sent("A@Mail.example.com", Some("mail.EXAMPLE.com"))));
    assert!(is_authenticated("Subject: no sender", &sent("<a@mail.example.com>", Some("mail.example.com"))));
    assert!(!is_authenticated(other, &sent("a@mail.example.com", Some("example.com"))));
    assert!(!is_authenticated(other, &sent("a@mail.example.com", None)));
    assert!(!is_authenticated(other, &sent("", Some("mail.example.com"))), "the null sender");
    assert!(matches(Senders::Anyone, &message(other, &sent("a@mail.example.com", None))));
}

#[test]
fn a_pass_of_dmarc_is_believed_only_where_it_is_plain_whose_it_is() {
    let passed = || Known { dmarc: true, ..Known::default() };
    let long = |bytes: usize| format!("From: <{}@mail.example.com.evil.example>", "a".repeat(bytes));
    // Cut at 1,024 bytes the domain would read `mail.example.com`.
    let cut = long(1_024 - "@mail.example.com".len());
    let many = format!("From: {}", ["a@mail.example.com"; 16].join(", "));
    for spoofed in [
        "From: a@mail.example.com, x@evil.example",
        "From: a@mail.example.com\nFrom: x@evil.example",
        "From: a@mail.example.com\nFrom: a@mail.example.com",
        "From: <x@evil.example@mail.example.com>",
        "From: \"x@evil.example\", <a@mail.example.com>",
        "From: <\"x@evil.example>\"@mail.example.com>",
        &cut,
        &many,
    ] {
        assert!(!is_authenticated_domain(spoofed, &passed()), "{spoofed}");
    }
    assert!(is_authenticated("From: \"x@evil.example\" <a@mail.example.com>", &passed()), "a name proves nothing");
    assert!(is_authenticated("From: a@mail.example.com, b@example.com", &passed()), "one organisation");
    // What names its domain needs no such care.
    let signed = Known { dkim: &["example.com"], ..Known::default() };
    assert!(is_authenticated("From: a@mail.example.com, x@evil.example", &signed));
    assert!(!is_authenticated_domain(&cut, &signed), "but a name that was cut is not the name");
}

/// By the domain rule alone: these addresses are none that a rule can name.
fn is_authenticated_domain(from: &str, known: &Known) -> bool {
    decider(&index([made(1, "domain example.com", ALLOW)]), &message(from, known)) != DecidedBy::Live
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
