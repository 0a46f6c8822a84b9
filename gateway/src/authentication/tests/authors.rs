//! DMARC.

use switchback::AuthResult;

use super::*;

#[tokio::test]
async fn dmarc_passes_where_what_is_proven_is_the_authors() {
    let zone = zone().await;
    let authenticator = authenticator(&zone);
    for (from, mail_from, signer, expected) in [
        ("news.example", Some("news.example"), None, AuthResult::Pass),
        ("news.example", Some("bounce.news.example"), None, AuthResult::Pass),
        ("sub.news.example", None, Some("news.example"), AuthResult::Pass),
        ("news.example", Some("other.example"), Some("news.example"), AuthResult::Pass),
        ("news.example", Some("news.example"), Some("other.example"), AuthResult::Pass),
        ("news.example", Some("other.example"), Some("other.example"), AuthResult::Fail),
        ("news.example", None, None, AuthResult::Fail),
        ("strict.example", Some("strict.example"), None, AuthResult::Pass),
        ("strict.example", Some("sub.strict.example"), Some("sub.strict.example"), AuthResult::Fail),
        ("strict.example", None, Some("strict.example"), AuthResult::Pass),
        ("bücher.example", Some("bücher.example"), None, AuthResult::Pass),
        ("xn--bcher-kva.example", Some("bücher.example"), None, AuthResult::Pass),
        ("plain.example", Some("other.example"), None, AuthResult::None),
        // RFC 9989, section 4.10: several records are none, and the walk goes on.
        ("two.example", Some("two.example"), None, AuthResult::None),
        ("sub.news.example", Some("news.example"), None, AuthResult::Pass),
        // <https://github.com/stalwartlabs/mail-auth/issues/37>
        ("a.ex.co.uk", Some("b.ex.co.uk"), None, AuthResult::Pass),
        ("x.co.uk", Some("y.co.uk"), Some("y.co.uk"), AuthResult::Fail),
    ] {
        let text = letter(&format!("Somebody <a@{from}>"));
        let text = signer.map_or(text.clone(), |signer| signed(signer, &text));
        let mail_from = mail_from.map(|domain| format!("a@{domain}"));
        let found = checked(&authenticator, &client(OURS), &mail(mail_from.as_deref(), &text)).await.authentication;
        assert_eq!(found.dmarc, expected, "{from} {mail_from:?} {signer:?}");
        assert_eq!(found.dmarc_domain.as_deref(), domain::normal(from).as_deref(), "{from}");
    }
}

/// <https://github.com/trusteddomainproject/OpenDMARC/pull/75>: a comma in quotes made two authors of one.
#[tokio::test]
async fn an_author_whose_name_has_a_comma_is_one() {
    let zone = zone().await;
    let authenticator = authenticator(&zone);
    for from in [
        "\"Doe, John\" <a@news.example>",
        "Doe John (a comment, too) <a@news.example>",
        "=?utf-8?q?Doe=2C?= <a@news.example>",
    ] {
        let text = signed("news.example", &letter(from));
        let found = checked(&authenticator, &client(STRANGER), &mail(None, &text)).await.authentication;
        assert_eq!((found.dmarc, found.dmarc_domain.as_deref()), (AuthResult::Pass, Some("news.example")), "{from}");
    }
}

/// Never a pass, and never nothing.
#[tokio::test]
async fn a_message_of_several_authors_is_suspicious() {
    let zone = zone().await;
    let authenticator = authenticator(&zone);
    for from in [
        "a@news.example, b@other.example",
        "a@news.example\r\nFrom: b@other.example",
        "a@news.example\r\nFrom: a@news.example",
        "a@news.example\r\nfrom : b@other.example",
        "one: a@news.example, b@other.example;",
        "\"b@other.example\" <a@news.example>, <b@other.example>",
        "nobody",
        "<>",
        "",
    ] {
        let text = signed("news.example", &letter(from));
        let found = checked(&authenticator, &client(OURS), &mail(Some("a@news.example"), &text)).await;
        let read = &found.authentication;
        assert_eq!((read.dmarc, read.dmarc_domain.as_deref()), (AuthResult::Permerror, Some("")), "{from}");
        assert!(found.results.unwrap().contains("dmarc=permerror"), "{from}");
    }
    let headless = checked(&authenticator, &client(OURS), &mail(Some("a@news.example"), "\r\nA letter.\r\n")).await;
    let read = headless.authentication;
    assert_eq!((read.spf, read.dkim, read.dmarc), (AuthResult::Pass, AuthResult::None, AuthResult::Permerror));
    let flood = format!("{}{}", "A:\r\n".repeat(FIELDS_MAX), letter("a@news.example"));
    let read = checked(&authenticator, &client(OURS), &mail(Some("a@news.example"), &flood)).await.authentication;
    assert_eq!((read.spf, read.dmarc), (AuthResult::Pass, AuthResult::Permerror));
}

/// A cache by name alone would remember what an SPF record of a stranger made of the bank's DMARC record.
#[tokio::test]
async fn one_senders_record_cannot_switch_off_anothers_policy() {
    let zone = zone().await;
    let authenticator = authenticator(&zone);
    assert_eq!(spf(&authenticator, STRANGER, "a@evil.example").await, AuthResult::Permerror);
    let forged = mail(Some("a@evil.example"), &letter("a@news.example"));
    let found = checked(&authenticator, &client(STRANGER), &forged).await.authentication;
    assert_eq!(found.dmarc, AuthResult::Fail);
}
