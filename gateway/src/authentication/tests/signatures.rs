//! DKIM and ARC.

use switchback::AuthResult;

use super::mail::{signed_in_part, signed_without_author};
use super::*;

#[tokio::test]
async fn dkim_holds_for_what_arrived_and_for_nothing_else() {
    let zone = zone().await;
    let authenticator = authenticator(&zone);
    let text = letter("a@news.example");
    let rsa = signed("news.example", &text);
    let ed25519 = signed_as("ed", "news.example", &text);
    let both = signed_as("ed", "news.example", &rsa);
    for (name, message, expected) in [
        ("rsa", rsa.clone(), AuthResult::Pass),
        ("ed25519", ed25519, AuthResult::Pass),
        ("both", both, AuthResult::Pass),
        ("no signature", text.clone(), AuthResult::None),
        // <https://github.com/rspamd/rspamd/issues/651>
        ("empty lines at the end", format!("{rsa}\r\n\r\n"), AuthResult::Pass),
        ("body", rsa.replace("A letter", "A better"), AuthResult::Fail),
        ("header", rsa.replace("Subject: hello", "Subject: yellow"), AuthResult::Fail),
        // <https://github.com/fastmail/authentication_milter/issues/71>
        ("a space that was not there", rsa.replace("A:x", "A: x"), AuthResult::Fail),
        ("no key", signed("plain.example", &text), AuthResult::Permerror),
        ("no algorithm", rsa.replace("a=rsa-sha256", "a=rsa-sha1"), AuthResult::Neutral),
        ("unreadable", format!("DKIM-Signature: v=1; a=none\r\n{text}"), AuthResult::Neutral),
        ("a key that is only tried", signed_as("trial", "news.example", &text), AuthResult::None),
        ("and fails", signed_as("trial", "news.example", &text).replace("A letter", "A better"), AuthResult::None),
        ("beside another", signed_as("trial", "news.example", &rsa), AuthResult::Pass),
        ("one of two", signed("plain.example", &rsa), AuthResult::Pass),
        ("whose message it is, is not signed", signed_without_author("news.example", &text), AuthResult::Permerror),
        ("anybody may go on writing", signed_in_part("news.example", &text), AuthResult::Neutral),
    ] {
        let found = checked(&authenticator, &client(STRANGER), &mail(None, &message)).await.authentication;
        assert_eq!(found.dkim, expected, "{name}");
        let domains = if expected == AuthResult::Pass { &["news.example".into()][..] } else { &[] };
        assert_eq!(found.dkim_domains, domains, "{name}");
    }
}

#[tokio::test]
async fn the_example_of_rfc_8463_holds() {
    let zone = zone().await;
    let authenticator = authenticator(&zone);
    let text = RFC_8463.replace('\n', "\r\n");
    let found = checked(&authenticator, &client(STRANGER), &mail(None, &text)).await;
    assert_eq!(found.authentication.dkim_domains, ["football.example.com".into()]);
    let results = found.results.unwrap();
    assert_eq!(results.matches("dkim=pass").count(), 2, "{results}");
    let changed = checked(&authenticator, &client(STRANGER), &mail(None, &text.replace("hungry", "thirsty"))).await;
    assert_eq!(changed.authentication.dkim, AuthResult::Fail);
}

#[tokio::test]
async fn of_a_partial_message_no_signature_is_told_to_have_failed() {
    let zone = zone().await;
    let authenticator = authenticator(&zone);
    let text = sealed("list.example", &signed("news.example", &letter("a@news.example")));
    let partial = |mail_from: Option<&str>, text: &str| {
        let mut cut = Text::uncounted(text.len() - 4);
        cut.append(text.as_bytes());
        Mail::new(mail(mail_from, text).transaction, cut)
    };
    let found = checked(&authenticator, &client(OURS), &partial(None, &text)).await;
    let read = found.authentication;
    let unknown = AuthResult::Unknown;
    assert_eq!((read.dkim, read.arc, read.dmarc, found.results), (unknown, unknown, unknown, None));
    let proven = checked(&authenticator, &client(OURS), &partial(Some("a@news.example"), &text)).await.authentication;
    assert_eq!((proven.dkim, proven.dmarc), (unknown, AuthResult::Pass), "by SPF");
    let unsigned =
        checked(&authenticator, &client(OURS), &partial(None, &letter("a@news.example"))).await.authentication;
    assert_eq!(
        (unsigned.dkim, unsigned.dmarc),
        (unknown, AuthResult::Fail),
        "no signature that could have been the proof"
    );
}

#[tokio::test]
async fn arc_holds_while_its_chain_is_whole() {
    let zone = zone().await;
    let authenticator = authenticator(&zone);
    let text = sealed("list.example", &letter("a@news.example"));
    for (message, expected) in [
        (text.clone(), AuthResult::Pass),
        (text.replace("A letter", "A better"), AuthResult::Fail),
        (text.replace("ARC-Seal:", "X-Seal:"), AuthResult::Fail),
        (sealed("plain.example", &letter("a@news.example")), AuthResult::Fail),
        (letter("a@news.example"), AuthResult::None),
    ] {
        let found = checked(&authenticator, &client(OURS), &mail(None, &message)).await.authentication;
        assert_eq!(found.arc, expected, "{message}");
    }
}

/// <https://github.com/trusteddomainproject/OpenDMARC/issues/31>, <https://github.com/trusteddomainproject/OpenDMARC/issues/222>.
#[tokio::test]
async fn a_chain_that_makes_no_sense_is_no_pass_and_disturbs_nothing_else() {
    let zone = zone().await;
    let authenticator = authenticator(&zone);
    let results = "ARC-Authentication-Results:i=1; mrouter.example; dkim=pass (1024-bit rsa key sha256)\r\n header.d=x.example \
                   (null)=pass; (null)=pass (MX Record found)\r\n policy.is_org=no; arc=none\r\n";
    for fields in
        [results.to_owned(), results.repeat(60), format!("ARC-Seal: i=1; (null)\r\n{results}"), "ARC-Seal:\r\n".into()]
    {
        let text = format!("{fields}{}", signed("news.example", &letter("a@news.example")));
        let found = checked(&authenticator, &client(STRANGER), &mail(None, &text)).await.authentication;
        assert!(matches!(found.arc, AuthResult::Fail | AuthResult::None), "{:?}: {fields}", found.arc);
        assert_eq!((found.dkim, found.dmarc), (AuthResult::Pass, AuthResult::Pass), "{fields}");
    }
}

/// <https://github.com/trusteddomainproject/OpenDKIM/issues/271>.
#[tokio::test]
async fn a_message_of_many_signatures_costs_no_more_than_one_of_sixteen() {
    let zone = zone().await;
    let authenticator = authenticator(&zone);
    let mut text = signed("news.example", &letter("a@news.example"));
    for n in 0..limits::SIGNATURES_MAX {
        text = signed_as(&format!("s{n}"), "plain.example", &text);
    }
    let found = checked(&authenticator, &client(STRANGER), &mail(None, &text)).await;
    assert_eq!(found.authentication.dkim, AuthResult::Permerror, "the good one is the seventeenth");
    assert_eq!(found.results.unwrap().matches("dkim=permerror").count(), 16);
    let asked = zone.asked();
    assert!(!asked.iter().any(|name| name.contains("news.example") && name.contains("_domainkey")), "{asked:?}");
}
