//! The features of messages that are built by hand.

use std::borrow::Cow;

use super::*;
use crate::golden::{FACTS, GOLDEN, STRUCTURE};
use crate::{Fact, Facts, FeatureSet, Kind, Namespace, Text, hash, index_of, samples};

/// A message of which everything is said.
#[derive(Default)]
struct Sample<'a> {
    subject: &'a str,
    from: &'a [[&'a str; 3]],
    reply_to: &'a [&'a str],
    text: &'a str,
    links: &'a [[&'a str; 3]],
    field_names: &'a [&'a str],
    mailers: [&'a [&'a str]; 2],
    parts: &'a [Part<'a>],
    attachments: &'a [&'a str],
    dkim_domains: &'a [&'a str],
    measured: Measured<'a>,
}

impl Source for Sample<'_> {
    fn subject(&self) -> &str {
        self.subject
    }

    fn from(&self) -> impl Iterator<Item = Mailbox<'_>> {
        self.from.iter().map(|&[name, address, domain]| Mailbox { name, address, domain })
    }

    fn reply_to_domains(&self) -> impl Iterator<Item = &str> {
        self.reply_to.iter().copied()
    }

    fn text(&self, bytes_max: usize) -> (&str, bool) {
        let end = self.text.floor_char_boundary(bytes_max);
        (&self.text[..end], end < self.text.len())
    }

    fn links(&self) -> (impl ExactSizeIterator<Item = Link<'_>>, bool) {
        (self.links.iter().map(|&[url, host, text]| Link { url, host, text }), false)
    }

    fn field_names(&self) -> (impl Iterator<Item = Cow<'_, str>>, bool) {
        (self.field_names.iter().map(|name| Cow::Borrowed(*name)), false)
    }

    fn values(&self, name: &str) -> impl Iterator<Item = impl AsRef<str>> {
        self.mailers[["x-mailer", "user-agent"].iter().position(|known| *known == name).unwrap()].iter()
    }

    fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.parts.iter().copied()
    }

    fn attachment_names(&self) -> impl Iterator<Item = &str> {
        self.attachments.iter().copied()
    }

    fn dkim_domains(&self) -> impl Iterator<Item = &str> {
        self.dkim_domains.iter().copied()
    }

    fn measured(&self) -> Measured<'_> {
        self.measured
    }
}

/// The message of `golden/features.py`.
const MESSAGE: Sample<'_> = Sample {
    subject: "Your account, YOUR Account: 100% verified in 24 hours",
    from: &[["PayPal Support", "service@paypa1.example", "paypa1.example"], ["", "b@x.co.uk", "x.co.uk"]],
    reply_to: &["gmail.com", ""],
    text: "Dear customer,\n\nplease log  in again and again.\nA pneumonoultramicroscopicsilicovolcanoconiosis é 7\n",
    links: &[
        ["http://192.0.2.7/login?id=12345", "192.0.2.7", "https://www.paypal.com/"],
        ["https://u1.ct.mail.example.co.uk/a", "u1.ct.mail.example.co.uk", "Help"],
        ["mailto:help@x.co.uk", "", "www.x.co.uk"],
        ["https://u2.ct.mail.example.co.uk/a", "u2.ct.mail.example.co.uk", "WWW.example.co.uk"],
    ],
    field_names: &[
        "Received",
        "From",
        "Reply-To",
        "Subject",
        "X-Mailer",
        "x-mailer",
        "X-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-",
        "MIME-Version",
    ],
    mailers: [&["The Bat! (v3.99) Pro"], &["Mozilla/5.0"]],
    parts: &[
        Part { media_type: "multipart/mixed", charset: None, encoding: None },
        Part { media_type: "text/html", charset: Some("Windows-1252"), encoding: Some("quoted-printable") },
        Part { media_type: "", charset: Some("Käse"), encoding: Some("7bit") },
        Part { media_type: "application/pdf", charset: None, encoding: Some("base64") },
    ],
    attachments: &["invoice.PDF", "none", "x.", "a.b.a-very-long-extension-é"],
    dkim_domains: &["paypa1.example"],
    measured: Measured {
        size: 1_000,
        headers: 7,
        received: 2,
        parts: 3,
        attachments: 1,
        recipients: 5,
        html_bytes: 70,
        spf: 2,
        dkim: 2,
        dmarc: 6,
        arc: 1,
        dmarc_domain: None,
        author_domain: None,
        defects: 0b01_0010,
    },
};

#[test]
fn the_features_of_a_message_are_frozen() {
    for (kind, expected) in FeatureKind::ALL.into_iter().zip(GOLDEN) {
        let found = Features::of(kind, &MESSAGE);
        for ((name, found), expected) in Features::FIELDS.into_iter().zip(found.fields()).zip(expected) {
            assert_eq!(**found, *expected, "{} of {name}", kind.name());
        }
        assert!(!found.is_truncated());
    }
}

#[test]
fn the_structure_of_a_message_is_frozen() {
    let found = Structure::of(&MESSAGE);
    assert_eq!((&**found.features(), found.is_truncated()), (STRUCTURE, false));
}

#[test]
fn the_facts_of_a_message_are_frozen() {
    assert_eq!(Facts::of(&MESSAGE).values(), FACTS);
}

#[test]
fn the_features_are_those_that_models_make_of_text_themselves() {
    let mut text = Text::new();
    let mut set = FeatureSet::new(24);
    for sample in samples::texts() {
        let sample = Sample { subject: &sample, ..Sample::default() };
        text.normalise(sample.subject);
        let [words, pairs, grams] = FeatureKind::ALL.map(|kind| Features::of(kind, &sample));
        let mut check = |add: &dyn Fn(&mut FeatureSet), found: &[u32]| {
            set.clear();
            add(&mut set);
            let expected = set.indices().to_vec();
            set.clear();
            found.iter().for_each(|feature| set.insert(feature >> 8));
            assert_eq!(set.indices(), expected, "{:?}", sample.subject);
        };
        check(&|set| set.add_words(&text, Namespace::SUBJECT), words.subject());
        check(&|set| set.add_grams::<5>(&text, Namespace::SUBJECT), grams.subject());
        let both: Vec<u32> =
            words.subject().iter().zip(pairs.subject()).flat_map(|(word, pair)| [*word, *pair]).collect();
        if words.subject().len() == pairs.subject().len() {
            check(&|set| set.add_words_and_pairs(&text, Namespace::SUBJECT), &both);
        }
    }
}

#[test]
fn of_a_long_message_the_beginning_is_hashed_and_it_says_so() {
    let text = "ab ".repeat(BODY_BYTES_MAX / 3) + "cd";
    let whole = |text| Features::of(FeatureKind::Words, &Sample { text, ..Sample::default() });
    assert!(!whole(&text[..BODY_BYTES_MAX]).is_truncated());
    let (short, long) = (whole(&text[..BODY_BYTES_MAX]), whole(&format!("{text} and more")));
    assert_eq!(short.body(), long.body());
    assert!(long.is_truncated());

    let hosts: Vec<String> = (0..70).map(|n| format!("{}.example", "x".repeat(n + 1))).collect();
    let links: Vec<[&str; 3]> = hosts.iter().map(|host| ["", host.as_str(), ""]).collect();
    let of = |count: usize| Features::of(FeatureKind::Words, &Sample { links: &links[..count], ..Sample::default() });
    assert_eq!((of(64).links().len(), of(64).is_truncated()), (64, false));
    assert_eq!((of(65).links(), of(65).is_truncated()), (of(64).links(), true));
}

#[test]
fn of_many_fields_and_parts_the_first_are_hashed_and_it_says_so() {
    let names: Vec<String> = (0..513).map(|n| format!("X-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let of = |count: usize| Structure::of(&Sample { field_names: &names[..count], ..Sample::default() });
    assert_eq!((of(512).features().len(), of(512).is_truncated()), (512, false));
    assert_eq!((of(513).features(), of(513).is_truncated()), (of(512).features(), true));

    let long = |bytes: usize| "x".repeat(bytes);
    let of_type = |media_type: &str| {
        Structure::of(&Sample { parts: &[Part { media_type, ..Part::default() }], ..Sample::default() })
    };
    assert_ne!(of_type(&long(63)), of_type(&long(64)));
    assert_eq!(of_type(&long(64)), of_type(&long(65)));

    let types: Vec<String> = (0..65).map(|n| format!("x/{n}")).collect();
    let parts: Vec<Part<'_>> = types.iter().map(|media_type| Part { media_type, ..Part::default() }).collect();
    let of = |count: usize| Structure::of(&Sample { parts: &parts[..count], ..Sample::default() });
    assert_eq!((of(64).features().len(), of(64).is_truncated()), (64, false));
    assert_eq!((of(65).features(), of(65).is_truncated()), (of(64).features(), true));
}

#[test]
fn tokens_are_words_of_no_text() {
    let sample = Sample {
        from: &[["", "", "a.example"]],
        reply_to: &["a.example"],
        links: &[["", "www.b.example", "https://c.example"]],
        ..Sample::default()
    };
    let token = |text: &str, namespace| index_of(hash(Kind::Token, namespace, text.as_bytes()), 32);
    let [words, pairs, grams] = FeatureKind::ALL.map(|kind| Features::of(kind, &sample));
    assert_eq!(words.sender(), [token("a.example", Namespace::SENDER), token("a.example", Namespace::REPLY_TO)]);
    let links = ["www.b.example", "b.example", "shows another host"].map(|text| token(text, Namespace::LINK));
    assert_eq!(words.links(), links);
    assert!([pairs, grams].iter().all(|none| none.sender().is_empty() && none.links().is_empty()));
}

#[test]
fn neither_order_nor_number_of_messages_before_makes_a_difference() {
    let long: String = samples::texts().collect();
    let all = |message: &Sample<'_>| FeatureKind::ALL.map(|kind| Features::of(kind, message));
    let expected = all(&MESSAGE);
    all(&Sample { text: &long, ..Sample::default() });
    assert_eq!(all(&MESSAGE), expected);
    let elsewhere = std::thread::spawn(move || all(&MESSAGE)).join().unwrap();
    assert_eq!(elsewhere, expected);
}

#[test]
fn of_a_long_text_all_is_counted_and_the_beginning_is_looked_at() {
    let facts = |text: &str| Facts::of(&Sample { text, ..Sample::default() });
    let shouted = "A".repeat(BODY_BYTES_MAX);
    let long = facts(&(shouted.clone() + &"a".repeat(BODY_BYTES_MAX)));
    assert_eq!(long.get(Fact::TextCapitals), 1.0);
    assert!(long.get(Fact::TextSize) - facts(&shouted).get(Fact::TextSize) > 0.99, "twice as long");
}

#[test]
fn each_host_counts_once_and_none_is_nobodys() {
    let link = |host| ["", host, ""];
    let links = [link("a.example"), link("b.example"), link("a.example"), link("")];
    let facts = Facts::of(&Sample { links: &links, reply_to: &[""], ..Sample::default() });
    assert_eq!([Fact::Links, Fact::LinkHosts, Fact::ReplyElsewhere].map(|fact| facts.get(fact)), [4.0, 2.0, 0.0]);
}

#[test]
fn an_author_is_aligned_by_what_passed_for_its_domain() {
    let (pass, fail, none) = (2, 3, 1);
    for (author, dmarc, checked, dkim, signed, expected) in [
        (Some("x.example"), pass, Some("X.example."), none, "", true),
        (Some("x.example"), pass, Some("y.example"), pass, "x.example", false),
        (Some("x.example"), pass, None, none, "", false),
        (Some("x.example"), none, None, pass, "x.example", true),
        (Some("mail.x.example"), none, None, pass, "X.Example", true),
        (Some("x.example"), none, None, pass, "mail.x.example", true),
        (Some("x.example"), none, None, pass, "evilx.example", false),
        (Some("x.example"), none, None, fail, "x.example", false),
        (Some("x.example"), fail, None, pass, "x.example", false),
        (None, pass, Some("x.example"), pass, "x.example", false),
        (Some(""), pass, Some(""), pass, "", false),
    ] {
        let measured = Measured { author_domain: author, dmarc, dmarc_domain: checked, dkim, ..Measured::default() };
        let sample = Sample { dkim_domains: &[signed], measured, ..Sample::default() };
        let found = Facts::of(&sample).get(Fact::Aligned);
        assert_eq!(found, f32::from(u8::from(expected)), "{author:?} {dmarc} {checked:?} {dkim} {signed}");
    }
}
