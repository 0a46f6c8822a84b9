//! SPF.

use switchback::AuthResult;

use super::*;

#[tokio::test]
async fn spf_says_who_may_send_for_mail_from() {
    let (zone, unknown) = (zone().await, Client::new().helo("helo.example"));
    let authenticator = authenticator(&zone);
    for (ip, domain, expected) in [
        (OURS, "news.example", AuthResult::Pass),
        (STRANGER, "news.example", AuthResult::Fail),
        ("2001:db8:9::5", "news.example", AuthResult::Pass),
        ("2001:db8:8::5", "news.example", AuthResult::Fail),
        ("::ffff:203.0.113.7", "news.example", AuthResult::Pass),
        (OURS, "NEWS.example", AuthResult::Pass),
        (OURS, "bücher.example", AuthResult::Pass),
        (STRANGER, "soft.example", AuthResult::Softfail),
        (STRANGER, "neutral.example", AuthResult::Neutral),
        (OURS, "mx.example", AuthResult::Pass),
        (STRANGER, "mx.example", AuthResult::Fail),
        (OURS, "plain.example", AuthResult::None),
        (OURS, "nowhere.example", AuthResult::None),
        (OURS, "localhost", AuthResult::None),
        (OURS, "[203.0.113.7]", AuthResult::None),
        // <https://github.com/trusteddomainproject/OpenDMARC/issues/274>: an address of IPv6 in a macro crashed it.
        ("2001:db8:9::5", "six.example", AuthResult::Pass),
        ("2001:db8:9::6", "six.example", AuthResult::Fail),
        (OURS, "broken.example", AuthResult::Permerror),
        (OURS, "loop.example", AuthResult::Permerror),
        (OURS, "round.example", AuthResult::Permerror),
        (OURS, "many.example", AuthResult::Permerror),
        (OURS, "ten.example", AuthResult::Fail),
        // RFC 7208, section 4.6.4
        (OURS, "void.example", AuthResult::Permerror),
        (OURS, "half.example", AuthResult::Pass),
        (OURS, "exists.example", AuthResult::Pass),
        // Section 4.5
        (OURS, "two.example", AuthResult::Permerror),
        (OURS, "includes.example", AuthResult::Permerror),
        (OURS, "one.example", AuthResult::Pass),
    ] {
        assert_eq!(spf(&authenticator, ip, &format!("a@{domain}")).await, expected, "{ip} {domain}");
    }
    let letter = letter("a@plain.example");
    let nobody = checked(&authenticator, &unknown, &mail(Some("a@news.example"), &letter)).await.authentication;
    assert_eq!((nobody.spf, nobody.spf_domain), (AuthResult::Unknown, None));
    let unsaid = checked(&authenticator, &client(OURS), &mail(None, &letter)).await.authentication;
    assert_eq!((unsaid.spf, unsaid.spf_domain), (AuthResult::Unknown, None));
}

/// RFC 7208, section 2.4; <https://github.com/stalwartlabs/mail-auth/issues/61>,
/// <https://github.com/trusteddomainproject/OpenDMARC/issues/49>.
#[tokio::test]
async fn helo_counts_for_the_null_sender_alone() {
    let zone = zone().await;
    let authenticator = authenticator(&zone);
    let letter = letter("a@helo.example");
    let null = checked(&authenticator, &client(OURS), &mail(Some(""), &letter)).await.authentication;
    assert_eq!((null.spf, null.spf_domain.as_deref()), (AuthResult::Pass, Some("helo.example")));
    assert_eq!((null.dmarc, null.dmarc_domain.as_deref()), (AuthResult::Pass, Some("helo.example")));
    for (mail_from, expected) in [("a@plain.example", AuthResult::None), ("postmaster", AuthResult::None)] {
        let other = checked(&authenticator, &client(OURS), &mail(Some(mail_from), &letter)).await.authentication;
        assert_eq!((other.spf, other.dmarc), (expected, AuthResult::Fail), "{mail_from}");
    }
    let silent = Client::new().ip(OURS.parse().unwrap());
    let nameless = checked(&authenticator, &silent, &mail(Some(""), &letter)).await.authentication;
    assert_eq!((nameless.spf, nameless.dmarc), (AuthResult::Unknown, AuthResult::Fail));
}
