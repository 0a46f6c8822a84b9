//! Messages against a name server that runs here: what is proven, what is not, and what cannot be known.

mod authors;
mod mail;
mod senders;
mod signatures;
mod zone;

use switchback::{AuthResult, Message};

use super::*;
use crate::mail::Mail;
use mail::{ed25519_record, letter, mail, rsa_record, sealed, signed, signed_as};
use zone::Zone;

const OURS: &str = "203.0.113.7";
const STRANGER: &str = "198.51.100.1";

/// The budget of these tests: no message here needs it but those that ask a server which does not answer.
const BUDGET: Duration = Duration::from_secs(4);

/// RFC 8463, appendix A.2 and A.3: signed by others than the library that verifies here.
const RFC_8463: &str = include_str!("tests/rfc8463.eml");
const RFC_8463_KEYS: [(&str, &str); 2] = [
    ("brisbane", "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
    (
        "test",
        "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi\
         0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QI\
         DAQAB",
    ),
];

async fn zone() -> Zone {
    let mut records = Vec::new();
    let mut text = |name: &str, value: &str| records.push((name.to_owned(), "TXT", value.to_owned()));
    for domain in ["news.example", "bounce.news.example", "ip.news.example", "xn--bcher-kva.example", "y.co.uk"] {
        text(domain, "v=spf1 ip4:203.0.113.0/24 ip6:2001:db8:9::/48 -all");
    }
    for domain in ["helo.example", "strict.example", "sub.strict.example", "other.example", "b.ex.co.uk"] {
        text(domain, "v=spf1 ip4:203.0.113.0/24 -all");
    }
    for domain in ["news.example", "helo.example", "xn--bcher-kva.example", "ex.co.uk", "x.co.uk"] {
        text(&format!("_dmarc.{domain}"), "v=DMARC1; p=reject");
    }
    text("_dmarc.strict.example", "v=DMARC1; p=reject; adkim=s; aspf=s");
    // A registry's record that does not say that it is one.
    text("_dmarc.co.uk", "v=DMARC1; p=none");
    for domain in ["news.example", "other.example", "sub.strict.example", "strict.example", "list.example", "y.co.uk"] {
        text(&format!("rsa._domainkey.{domain}"), &rsa_record());
    }
    text("ed._domainkey.news.example", &ed25519_record());
    text("trial._domainkey.news.example", &format!("{}; t=y:s", ed25519_record()));
    for (selector, record) in RFC_8463_KEYS {
        text(&format!("{selector}._domainkey.football.example.com"), record);
    }
    text("soft.example", "v=spf1 ~all");
    text("neutral.example", "v=spf1 ?all");
    text("broken.example", "v=spf1 ip4:nonsense -all");
    text("loop.example", "v=spf1 include:loop.example -all");
    text("round.example", "v=spf1 redirect=round.example");
    let many = (1..=11).map(|n| format!("a:a{n}.many.example")).collect::<Vec<_>>().join(" ");
    text("many.example", &format!("v=spf1 {many} -all"));
    text("ten.example", &format!("v=spf1 {} -all", many.rsplit_once(' ').map_or("", |(ten, _)| ten)));
    text("void.example", "v=spf1 a:v1.void.example a:v2.void.example mx:v3.void.example ip4:203.0.113.0/24 -all");
    text("half.example", "v=spf1 a:v1.void.example mx:v2.void.example ip4:203.0.113.0/24 -all");
    text("exists.example", "v=spf1 exists:v1.void.example exists:v2.void.example exists:v3.void.example +all");
    for record in ["v=spf1 +all", "v=spf1 -all"] {
        text("two.example", record);
    }
    text("two.example", "unrelated");
    text("one.example", "v=spf1 +all");
    text("one.example", "v=spf10 -all");
    text("includes.example", "v=spf1 include:two.example -all");
    text("_dmarc.two.example", "v=DMARC1; p=none");
    text("_dmarc.two.example", "v=DMARC1; p=reject");
    text("_dmarc.sub.news.example", "v=DMARC1; p=reject; aspf=s");
    text("_dmarc.sub.news.example", "v=DMARC1; p=none; aspf=s");
    text("mx.example", "v=spf1 mx a:mail.mx.example -all");
    text("evil.example", "v=spf1 include:_dmarc.news.example -all");
    text("fresh.example", "v=spf1 -all");
    text("six.example", "v=spf1 exists:%{ir}.six.example -all");
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| format!("ptr:{name}.example")).join(" ");
    text("ptr.example", &format!("v=spf1 {names} -all"));
    let six = "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.9.0.0.0.8.b.d.0.1.0.0.2.six.example";
    records.push((six.to_owned(), "A", OURS.to_owned()));
    records.extend((1..=11).map(|n| (format!("a{n}.many.example"), "A", "192.0.2.1".to_owned())));
    records.push(("mx.example".to_owned(), "MX", "mail.mx.example.".to_owned()));
    records.push(("mail.mx.example".to_owned(), "A", OURS.to_owned()));
    records.push(("plain.example".to_owned(), "A", OURS.to_owned()));
    Zone::serve(&records).await
}

fn authenticator(zone: &Zone) -> Authenticator {
    let config =
        AuthenticationConfig { resolvers: vec![zone.address], budget: BUDGET, ..AuthenticationConfig::default() };
    Authenticator::new(&config).unwrap()
}

fn client(ip: &str) -> Client {
    Client::new().ip(ip.parse().unwrap()).helo("helo.example")
}

async fn checked(authenticator: &Authenticator, client: &Client, mail: &Mail) -> Authenticated {
    // A door's task may move between threads.
    fn movable<T: Send>(work: T) -> T {
        work
    }
    movable(authenticator.authenticate(&mail.transaction, &mail.text, "mx.site.example", client)).await
}

async fn spf(authenticator: &Authenticator, ip: &str, mail_from: &str) -> AuthResult {
    let mail = mail(Some(mail_from), &letter("a@plain.example"));
    checked(authenticator, &client(ip), &mail).await.authentication.spf
}

#[tokio::test]
async fn what_is_not_known_in_time_is_a_temporary_error_and_the_rest_keeps_its_result() {
    let zone = zone().await;
    let authenticator = authenticator(&zone);
    let text = signed("news.example", &letter("a@news.example"));
    let lost_spf = mail(Some("a@silent.example"), &text);
    let lost_key = signed_as("silent", "news.example", &letter("a@news.example"));
    let (lost_key, either) = (mail(None, &lost_key), mail(None, &signed_as("silent", "news.example", &text)));
    let nobody = mail(Some("a@news.example"), &letter("a@silent.example"));
    let client = client(OURS);
    // Each of eight look-ups that find nothing takes its time, and SPF would go on.
    let endless = spf(&authenticator, "198.51.100.99", "a@ptr.example");
    let (endless, lost_spf, lost_key, either, nobody) = tokio::join!(
        endless,
        checked(&authenticator, &client, &lost_spf),
        checked(&authenticator, &client, &lost_key),
        checked(&authenticator, &client, &either),
        checked(&authenticator, &client, &nobody),
    );
    let results = |found: &Authenticated| {
        let found = &found.authentication;
        (found.spf, found.dkim, found.dmarc)
    };
    use AuthResult::{Pass, Temperror, Unknown};
    assert_eq!(endless, Temperror);
    assert_eq!(results(&lost_spf), (Temperror, Pass, Pass));
    assert_eq!(results(&lost_key), (Unknown, Temperror, Temperror));
    assert_eq!(results(&either), (Unknown, Pass, Pass));
    assert_eq!(results(&nobody), (Pass, AuthResult::None, Temperror));
}

#[tokio::test]
async fn answers_are_remembered_as_long_as_they_allow() {
    let zone = zone().await;
    let authenticator = authenticator(&zone);
    let text = sealed("list.example", &signed("news.example", &letter("a@news.example")));
    let client = client(OURS);
    for (mail_from, again) in [("a@mx.example", false), ("a@nowhere.example", false), ("a@fresh.example", true)] {
        let mail = mail(Some(mail_from), &text);
        let first = checked(&authenticator, &client, &mail).await;
        assert!(!zone.asked().is_empty(), "{mail_from}");
        let second = checked(&authenticator, &client, &mail).await;
        assert_eq!(first.authentication, second.authentication);
        assert_eq!(zone.asked(), if again { vec!["fresh.example.".to_owned(); 2] } else { Vec::new() }, "{mail_from}");
    }
}

#[tokio::test]
async fn the_field_says_what_was_found_and_is_read_as_that() {
    let zone = zone().await;
    let authenticator = authenticator(&zone);
    let text = sealed("list.example", &signed("news.example", &letter("a@news.example")));
    let found = checked(&authenticator, &client(OURS), &mail(Some("a@bounce.news.example"), &text)).await;
    let value = found.results.unwrap();
    let beginning = value.split_once("header.b=").map(|(_, rest)| rest[..10].to_owned()).unwrap();
    assert_eq!(
        value,
        format!(
            "mx.site.example; spf=pass\n smtp.mailfrom=bounce.news.example; dkim=pass header.d=news.example\n header.s=rsa \
             header.b={beginning}; arc=pass; dmarc=pass\n header.from=news.example"
        )
    );
    let broken = signed("plain.example", &letter("a@news.example, b@other.example"));
    for (mail_from, text) in [
        (Some("a@bounce.news.example"), &text),
        (Some(""), &text),
        (Some("\"a; dmarc=pass (\"@soft.example"), &broken),
        (None, &broken),
        (Some("a@news.example"), &letter("a@plain.example")),
    ] {
        let found = checked(&authenticator, &client(OURS), &mail(mail_from, text)).await;
        let header = format!("Authentication-Results: {}\n\n", found.results.unwrap());
        let mut read = Message::builder(header).trust_authserv_id("mx.site.example").build().authentication().clone();
        // Of several authors the field names none.
        read.dmarc_domain = read.dmarc_domain.or(Some("".into()));
        let expected = found.authentication;
        assert_eq!(read, expected, "{mail_from:?}");
    }
}

#[tokio::test]
async fn where_nothing_is_verified_nobody_is_asked() {
    let zone = zone().await;
    let config =
        AuthenticationConfig { verify: false, resolvers: vec![zone.address], ..AuthenticationConfig::default() };
    let off = Authenticator::new(&config).unwrap();
    let found = checked(&off, &client(OURS), &mail(Some("a@news.example"), &letter("a@news.example"))).await;
    assert_eq!((found.authentication, found.results), (Authentication::default(), None));
    assert!(!off.is_verifying() && authenticator(&zone).is_verifying());
    assert_eq!(zone.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn any_bytes_are_authenticated() {
    let zone = zone().await;
    let authenticator = authenticator(&zone);
    let pieces: [&[u8]; 20] = [
        b"From: ",
        b"DKIM-Signature: ",
        b"ARC-Seal: ",
        b"ARC-Message-Signature: ",
        b"ARC-Authentication-Results: ",
        b"Received: from x ",
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b"\xff",
        b"i=1; ",
        b"v=1; a=rsa-sha256; ",
        b"d=news.example; s=rsa; ",
        b"bh=AAAA; b=AAAA; h=from; ",
        b"l=9999999999999999999; ",
        b"x=1; t=2; ",
        b"a@news.example",
        b"(",
        b"\"",
    ];
    let mut seed = 1_u64;
    let mut next = |bound: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % bound
    };
    for _ in 0..500 {
        let bytes = (0..next(60)).map(|_| pieces[next(pieces.len())]).collect::<Vec<_>>().concat();
        let mut mail = mail(Some("a@news.example"), "");
        mail.text = bytes.into();
        let found = checked(&authenticator, &client(STRANGER), &mail).await.authentication;
        assert_eq!(found.spf, AuthResult::Fail);
        assert_ne!(found.dmarc, AuthResult::Pass);
    }
}
