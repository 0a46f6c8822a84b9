//! Who a message says it is from, and whether that was authenticated.

use super::address::{is_one_organisation, normal_domain};
use super::{AuthResult, Authentication, Message};
use crate::limits::ADDRESS_BYTES_MAX;

/// [`Message::is_sender_authenticated`].
pub(super) fn is_authenticated(message: &Message) -> bool {
    let Some(author) = message.author().mailbox() else { return false };
    // What was cut off behind the bound may be the domain that the checks were about.
    let is_whole = author.address.len() <= ADDRESS_BYTES_MAX;
    is_whole && names(message.authentication(), &author.domain)
}

/// Whether a result that passed names this domain, and DMARC no other: who checked another author than this one says
/// nothing of it, whatever the result.
fn names(found: &Authentication, domain: &str) -> bool {
    match (found.dmarc, found.dmarc_domain.as_deref()) {
        (_, Some(checked)) if normal_domain(checked) != domain => false,
        (AuthResult::Pass, Some(_)) => true,
        // The domain's owner wants more than an aligned signature.
        (AuthResult::Fail, _) => false,
        _ => has_aligned_signature(found, domain),
    }
}

/// Whether DKIM passed for a domain of the same organisational domain.
fn has_aligned_signature(found: &Authentication, domain: &str) -> bool {
    let is_aligned = |passed: &str| is_one_organisation(&normal_domain(passed), domain);
    found.dkim == AuthResult::Pass && found.dkim_domains.iter().any(|passed| is_aligned(passed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::MessageBuilder;

    fn from(sender: &str) -> MessageBuilder {
        Message::builder(format!("From: {sender}\n\n"))
    }

    fn dmarc(result: AuthResult, domain: Option<&str>) -> Authentication {
        Authentication { dmarc: result, dmarc_domain: domain.map(Into::into), ..Authentication::default() }
    }

    fn signed(domain: &str) -> Authentication {
        Authentication { dkim: AuthResult::Pass, dkim_domains: vec![domain.into()], ..Authentication::default() }
    }

    #[test]
    fn an_author_is_authenticated_by_a_result_that_names_its_domain() {
        let dmarc_passed = |domain| dmarc(AuthResult::Pass, Some(domain));
        let spf_passed = Authentication {
            spf: AuthResult::Pass,
            spf_domain: Some("mail.x.example".into()),
            ..Authentication::default()
        };
        for (found, expected) in [
            (Authentication::default(), false),
            (dmarc_passed("mail.x.example"), true),
            (dmarc_passed("Mail.X.example."), true),
            (dmarc_passed("x.example"), false),
            (dmarc_passed("evil.example"), false),
            (dmarc(AuthResult::Pass, None), false),
            (signed("News.X.example."), true),
            (signed("y.example"), false),
            (Authentication { dmarc: AuthResult::Pass, ..signed("x.example") }, true),
            (Authentication { dmarc: AuthResult::None, ..signed("x.example") }, true),
            (Authentication { dmarc: AuthResult::Fail, ..signed("x.example") }, false),
            (
                Authentication {
                    dmarc_domain: Some("evil.example".into()),
                    dmarc: AuthResult::Pass,
                    ..signed("x.example")
                },
                false,
            ),
            // It is about the envelope, not about the author.
            (spf_passed, false),
        ] {
            let message = from("A <a@mail.x.example>").authentication(found.clone()).build();
            assert_eq!(message.is_sender_authenticated(), expected, "{found:?}");
        }
    }

    #[test]
    fn a_signature_counts_for_nobody_where_dmarc_was_checked_for_another_author() {
        for (result, checked, expected) in [
            (AuthResult::None, "evil.example", false),
            (AuthResult::Permerror, "evil.example", false),
            (AuthResult::None, "x.example", false),
            (AuthResult::None, "", false),
            (AuthResult::None, "Mail.x.example", true),
        ] {
            let found = Authentication { dmarc: result, dmarc_domain: Some(checked.into()), ..signed("x.example") };
            let message = from("a@mail.x.example").authentication(found).build();
            assert_eq!(message.is_sender_authenticated(), expected, "{result:?} of {checked}");
        }
    }

    #[test]
    fn a_field_that_names_another_author_authenticates_nobody() {
        let is_authenticated = |results: &str| {
            let bytes = format!("Authentication-Results: mx.example; {results}\nFrom: b@good.example\n\n");
            Message::builder(bytes).trust_authserv_id("mx.example").build().is_sender_authenticated()
        };
        for sound in [
            "dkim=pass header.d=good.example",
            "dmarc=none header.from=good.example; dkim=pass header.d=good.example",
            "dmarc=none; dkim=pass header.i=@mail.good.example",
            "dmarc=temperror header.from=good.example; dkim=pass header.d=good.example",
            "dmarc=pass header.from=good.example",
        ] {
            assert!(is_authenticated(sound), "{sound}");
        }
        for odd in [
            "dmarc=none header.from=evil.example; dkim=pass header.d=good.example",
            "dmarc=permerror header.from=evil.example; dkim=pass header.d=good.example",
            "dmarc=none header.from=mail.good.example; dkim=pass header.d=good.example",
            "dmarc=pass header.from=good.example; dmarc=pass header.from=evil.example; dkim=pass header.d=good.example",
            "dmarc=none header.from=good.example; dmarc=none header.from=evil.example; dkim=pass header.d=good.example",
            "dmarc=none header.from=good.example header.from=evil.example; dkim=pass header.d=good.example",
            "dmarc=none header.from=<a@evil.example>,b@good.example; dkim=pass header.d=good.example",
            "dmarc=skipped header.from=evil.example; dmarc=none header.from=good.example; dkim=pass header.d=good.example",
            "dmarc=none header.from=evil.example(x)good.example; dkim=pass header.d=good.example",
        ] {
            assert!(!is_authenticated(odd), "{odd}");
        }
    }

    #[test]
    fn one_tenant_of_a_service_does_not_sign_for_another() {
        for (author, signer, expected) in [
            ("ceo@contoso.onmicrosoft.com", "evil.onmicrosoft.com", false),
            ("ceo@contoso.onmicrosoft.com", "contoso.onmicrosoft.com", true),
            ("ceo@contoso.onmicrosoft.com", "onmicrosoft.com", false),
            ("b@good.us.to", "evil.us.to", false),
            ("b@good.us.to", "us.to", false),
            ("b@us.to", "evil.us.to", false),
            ("b@good.us.to", "Good.us.to", true),
            // The public suffix list tells these tenants apart.
            ("b@good.ddns.net", "evil.ddns.net", false),
            ("b@good.ddns.net", "mail.good.ddns.net", true),
        ] {
            let message = from(author).authentication(signed(signer)).build();
            assert_eq!(message.is_sender_authenticated(), expected, "{author} by {signer}");
        }
    }

    #[test]
    fn international_domains_are_compared_in_ascii() {
        for (author, passed) in
            [("a@bücher.example", "xn--bcher-kva.example"), ("a@xn--bcher-kva.example", "Bücher.example")]
        {
            let message = from(author).authentication(dmarc(AuthResult::Pass, Some(passed))).build();
            assert!(message.is_sender_authenticated(), "{author}");
        }
    }

    #[test]
    fn nobody_is_authenticated_where_nobody_can_tell_who_it_is() {
        for odd in
            ["a@x.example, b@evil.example", "a@x.example\nFrom: a@x.example", "<b@evil.example@x.example>", "nobody"]
        {
            let found =
                Authentication { dkim_domains: vec!["x.example".into()], ..dmarc(AuthResult::Pass, Some("x.example")) };
            assert!(!from(odd).authentication(found).build().is_sender_authenticated(), "{odd}");
        }
        assert!(!Message::parse("").is_sender_authenticated());
    }

    #[test]
    fn results_that_nobody_trusts_authenticate_nobody() {
        let bytes = "Authentication-Results: mx.example/4711; dmarc=pass header.from=x.example\nFrom: a@x.example\n\n";
        assert!(!Message::parse(bytes).is_sender_authenticated());
        assert!(Message::builder(bytes).trust_authserv_id("mx.example").build().is_sender_authenticated());
    }
}
