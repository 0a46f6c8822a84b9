//! [`Example`]: what is kept of a message that is learned from.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use switchback::Message;
use switchback::compare::Providers;
use switchback::guard::organisation;
use switchback::message::Recipients;
use switchback_features::{FeatureKind, Kind, Namespace, hash, index_of};
use switchback_linear::Kinds;

use crate::calibrate::log_odds_of;
use crate::campaigns::Traits;
use crate::carried::{Carries, carries, without_attached};
use crate::label::Label;
use crate::mask::{Mask, hides};
use crate::wrapped::original;

/// Making the table takes as long as reading a message.
static PROVIDERS: LazyLock<Providers> = LazyLock::new(Providers::default);

/// How many fields of text there are: subject, sender, body and links.
pub(crate) const TEXT_FIELDS: usize = 4;

/// What is kept of a message: its masked features, who sent it and when, to which campaign it belongs, and how its
/// texts begin.
#[derive(Debug)]
pub struct Example {
    pub(crate) name: String,
    pub(crate) label: Label,
    pub(crate) traits: Traits,
    /// Seconds since 1970.
    pub(crate) date: Option<i64>,
    pub(crate) sender: Option<Arc<str>>,
    pub(crate) provider: Option<Arc<str>>,
    pub(crate) is_list: bool,
    pub(crate) is_bulk: bool,
    pub(crate) is_ascii: bool,
    pub(crate) carries: Option<Carries>,
    /// What the release before makes of it, in log-odds; none without one, or where it has no opinion.
    pub(crate) before: Option<f64>,
    /// By field of text, by kind of the model.
    pub(crate) texts: Vec<Vec<u32>>,
    pub(crate) structure: Vec<u32>,
    /// The beginnings of subject, senders, text and links, to name words.
    pub(crate) said: [String; TEXT_FIELDS],
    /// Names of header fields among the structure, with their features.
    pub(crate) fields: Vec<(u32, String)>,
}

impl Example {
    /// Takes of a message what is learned from, of its [`original`] where it is in a report of SpamAssassin's. `name` is what it is
    /// called in the report. For any thread: this is what takes time.
    pub fn new(name: impl Into<String>, label: Label, message: &Message, kinds: Kinds) -> Self {
        let original = original(message);
        let message = original.as_ref().unwrap_or(message);
        let mask = Mask::of(message);
        let (traits, date) = (Traits::of(message), received(message).or_else(|| message.date()));
        let carries = carries(message, Mask::quotes(message));
        // From here on it is what its sender wrote.
        let own = without_attached(message);
        let message = own.as_ref().unwrap_or(message);
        let masked = mask.masked(message);
        let features = kinds_of(kinds).map(|kind| masked.features(kind));
        let features: Vec<_> = features.collect();
        let texts = (0..TEXT_FIELDS).flat_map(|field| features.iter().map(move |one| one.fields()[field].to_vec()));
        let texts = texts.collect();
        let named: Vec<_> =
            message.headers(Recipients::Masked).items.iter().map(|field| field.name.to_ascii_lowercase()).collect();
        let (hidden, fields): (Vec<_>, Vec<_>) =
            named.into_iter().map(|name| (field_feature(&name), name)).partition(|(_, name)| hides(name));
        let is_hidden = |feature: &u32| hidden.iter().any(|(other, _)| other == feature);
        let structure = message.structure().features().iter().copied();
        let sender = message.sender_domain().map(organisation);
        let has = |name| !message.header(name, Recipients::Masked).is_empty();
        Self {
            name: name.into(),
            label,
            traits,
            date,
            sender: sender.map(Arc::from),
            provider: sender.and_then(|domain| PROVIDERS.of(domain)).map(Arc::from),
            is_list: mask.is_of_list(),
            is_bulk: has("list-unsubscribe"),
            is_ascii: is_ascii(message.text(usize::MAX).value),
            carries,
            before: None,
            texts,
            structure: structure.filter(|feature| !is_hidden(feature)).collect(),
            said: masked.said(),
            fields,
        }
    }

    /// With what the release before makes of the message: its score, above 0 and below 1.
    #[must_use]
    pub fn scored_before(mut self, score: f64) -> Self {
        self.before = Some(log_odds_of(score)).filter(|odds| odds.is_finite());
        self
    }
}

/// Whether hardly any letter of a text is beyond ASCII: one in a hundred of them is where another language than English is.
fn is_ascii(text: &str) -> bool {
    if text.is_ascii() {
        return true;
    }
    let letters = text.chars().filter(|character| character.is_alphabetic());
    let (all, beyond) =
        letters.fold((0_u64, 0_u64), |(all, beyond), letter| (all + 1, beyond + u64::from(!letter.is_ascii())));
    beyond * 100 <= all
}

/// The kinds of features of a model, words first.
pub(crate) fn kinds_of(kinds: Kinds) -> impl Iterator<Item = FeatureKind> {
    let more = [(kinds.pairs(), FeatureKind::Pairs), (kinds.grams(), FeatureKind::Grams)];
    std::iter::once(FeatureKind::Words).chain(more.into_iter().filter(|(has, _)| *has).map(|(_, kind)| kind))
}

/// The feature of the name of a header field, in lower case.
fn field_feature(name: &str) -> u32 {
    let token = format!("field:{}", &name[..name.floor_char_boundary(64)]);
    index_of(hash(Kind::Token, Namespace::STRUCTURE, token.as_bytes()), 32)
}

/// When the last server took the message: what no sender can write.
fn received(message: &Message) -> Option<i64> {
    let fields = message.header("received", Recipients::Masked);
    let (_, date) = fields.first()?.rsplit_once(';')?;
    let parsed = DateTimeParser::new().relaxed_weekday(true).parse_timestamp(date.trim());
    parsed.ok().map(Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KINDS;

    fn example(mail: impl Into<Vec<u8>>) -> Example {
        Example::new("m", Label::Ham, &Message::parse(mail.into()), KINDS)
    }

    const MAIL: &str =
        "From: a@x.example\nTo: me@home.example\nSubject: hello\nX-Mailer: Mailer 3\n\nsome words and more of them\n";

    #[test]
    fn what_other_filters_and_mail_programs_add_changes_nothing() {
        let added = "X-Spam-Status: Yes, score=9\nX-Bogosity: Spam\nStatus: RO\nX-Mozilla-Status: 0001\nX-UID: 7\nX-Keywords: junk\n\
                     Received: from a by b; Tue, 1 Apr 2025 09:00:00 +0000\nList-Id: <x.example>\nReturn-Path: <a@x.example>\n";
        let (plain, more) = (example(MAIL), example([added, MAIL].concat()));
        assert_eq!((&more.texts, &more.structure), (&plain.texts, &plain.structure));
        assert!(
            plain.fields.iter().all(|(_, name)| ["from", "subject", "x-mailer"].contains(&&**name)),
            "{:?}",
            plain.fields
        );
        assert_eq!(more.date, Some(1_743_498_000));
    }

    #[test]
    fn the_same_japanese_text_has_the_same_features_in_three_charsets_and_several() {
        let text = "\u{4eca}\u{3059}\u{3050}\u{5f53}\u{9078}\u{91d1}\u{3092}\u{53d7}\u{3051}\u{53d6}\u{308b}\u{3002}\u{3053}\u{3061}\u{3089}\u{3092}\u{30af}\u{30ea}\u{30c3}\u{30af}";
        let head = |charset: &str| {
            format!(
                "From: a@x.example\nSubject: x\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"
            )
        };
        // The same sentence, encoded by iconv.
        let shift_jis = b"\x8d\xa1\x82\xb7\x82\xae\x93\x96\x91I\x8b\xe0\x82\xf0\x8e\xf3\x82\xaf\x8e\xe6\x82\xe9\x81B\x82\xb1\x82\xbf\x82\xe7\x82\xf0\x83N\x83\x8a\x83b\x83N";
        let euc_jp = b"\xba\xa3\xa4\xb9\xa4\xb0\xc5\xf6\xc1\xaa\xb6\xe2\xa4\xf2\xbc\xf5\xa4\xb1\xbc\xe8\xa4\xeb\xa1\xa3\xa4\xb3\xa4\xc1\xa4\xe9\xa4\xf2\xa5\xaf\xa5\xea\xa5\xc3\xa5\xaf";
        let of = |charset: &str, bytes: &[u8]| example([head(charset).as_bytes(), bytes].concat()).texts[2].clone();
        let unicode = of("utf-8", text.as_bytes());
        assert!(unicode.len() >= 2, "{unicode:?}");
        assert_eq!([of("shift_jis", shift_jis), of("euc-jp", euc_jp)], [unicode.clone(), unicode]);
    }

    #[test]
    fn a_message_that_is_attached_gives_nothing_to_the_outer_one() {
        let spam = "From: pills@y.example\nSubject: pills\nX-Mailer: Pills\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\
                    Content-Type: text/html; charset=koi8-r\n\n<p>cheap <a href=http://pills.example/>pills</a>\n--i\n\
                    Content-Type: application/zip; name=pills.zip\nContent-Transfer-Encoding: base64\n\nUEsD\n--i--";
        for own in ["is this for me?", ""] {
            let around = |inner: &str| {
                format!(
                    "From: a@x.example\nSubject: look\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n{own}\n--b\n\
                     Content-Type: message/rfc822\n\n{inner}\n--b--\n"
                )
            };
            let (forward, empty) = (example(around(spam)), example(around("")));
            assert_eq!((&forward.texts, &forward.structure), (&empty.texts, &empty.structure));
            assert_eq!(forward.said, empty.said);
        }
        let alone = |rest: &str| {
            format!("From: a@x.example\nSubject: look\nContent-Type: multipart/mixed; boundary=b\n\n{rest}--b--\n")
        };
        let forward = example(alone(&format!("--b\nContent-Type: message/rfc822\n\n{spam}\n")));
        assert!(forward.texts[2].is_empty() && forward.texts[3].is_empty(), "{forward:?}");
    }

    #[test]
    fn when_a_message_was_sent_changes_nothing_but_when_it_was_sent() {
        let dated = |year: u32| {
            let date = format!("Tue, 1 Apr {year} 09:00:00 +0000");
            example(format!("Received: from a by b; {date}\nDate: {date}\nMessage-ID: <{year}0401@x.example>\n{MAIL}"))
        };
        let (old, new) = (dated(2003), dated(2025));
        assert_eq!((&old.texts, &old.structure), (&new.texts, &new.structure));
        assert_ne!(old.date, new.date);
    }

    #[test]
    fn what_another_filter_wrote_into_the_subject_or_around_the_message_changes_nothing() {
        let plain = example(MAIL);
        let tagged = example(MAIL.replace("hello", "*****SPAM***** hello"));
        assert_eq!((&tagged.texts, &tagged.structure, &tagged.said), (&plain.texts, &plain.structure, &plain.said));
        let report = example(format!(
            "Received: from localhost by b with SpamAssassin (version 4.0.1); Tue, 1 Apr 2025 09:00:01 +0000\n\
             From: a@x.example\nSubject: [SPAM] hello\nX-Spam-Flag: YES\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b\n\n\
             Spam detection software, running on the system, has identified this.\n--b\n\
             Content-Type: message/rfc822; x-spam-type=original\n\n{MAIL}\n--b--\n"
        ));
        assert_eq!((&report.texts, &report.structure, &report.said), (&plain.texts, &plain.structure, &plain.said));
        assert_eq!((report.carries, report.traits.sha256), (None, plain.traits.sha256));
    }

    #[test]
    fn a_message_that_is_forwarded_in_the_text_gives_no_words_and_no_links_to_the_outer_one() {
        let written = "From: a@x.example\nSubject: look\n\nis this for me? see http://own.example/x\n";
        let forward = format!(
            "{written}---------- Forwarded message ---------\nFrom: b@y.example\n\ncheap pills http://pills.example/ at once\n"
        );
        assert_eq!(example(forward).texts, example(written).texts);
    }

    #[test]
    fn a_charset_that_nobody_knows_stops_nothing() {
        let mail = |charset: &str| {
            format!(
                "From: a@x.example\nSubject: =?{charset}?q?hello?=\nContent-Type: text/plain; charset={charset}\n\nsome words\n"
            )
        };
        for charset in ["x-unknown", "utf-9", "\"", "unicode-1-1-utf-7"] {
            assert_eq!(example(mail(charset)).texts[2], example(mail("us-ascii")).texts[2], "{charset}");
        }
    }

    #[test]
    fn the_time_is_that_of_the_last_server_however_it_writes_it_and_else_the_senders() {
        let of = |received: &str| {
            example(format!("Received: {received}\nDate: Wed 02 Apr 2025 09:00:00 +0000\n{MAIL}")).date
        };
        let (last, senders) = (Some(1_743_498_000), Some(1_743_584_400));
        for (received, date) in [
            ("from a by b; Tue, 1 Apr 2025 09:00:00 +0000", last),
            ("from a by b; Tue, 01 Apr 2025 09:00:00 GMT", last),
            ("from a by b;\n Tue,  1 Apr 2025 11:00:00 +0200 (CEST)", last),
            ("from a (HELO a; b) by b with SMTP; 1 Apr 2025 09:00:00 -0000", last),
            ("from a by b; Mon, 1 Apr 2025 05:00:00 EDT", last),
            ("by filter.example with SMTP id x 2025-04-01 09:00:00.757045452 +0000 UTC m=+349867.4", senders),
            ("by b (ANYMAIL/400) Tue, 1 Apr 2025 09:00:00 +0000", senders),
            ("from a by b; yesterday", senders),
        ] {
            assert_eq!(of(received), date, "{received}");
        }
    }

    #[test]
    fn addresses_of_the_recipient_and_traces_of_a_list_are_masked() {
        let to = |address: &str| {
            example(MAIL.replace("me@home.example", address).replace("some words", &format!("Dear {address},")))
        };
        assert_eq!(to("me@home.example").texts, to("trap@pot.example").texts);
        let list =
            MAIL.replace("From: a@", "List-Post: <mailto:l@lists.example>\nFrom: a@").replace("hello", "[L] hello");
        assert_eq!(example(list).texts, example(MAIL.replace("hello", " hello")).texts);
    }

    #[test]
    fn a_lists_own_addresses_and_links_are_masked() {
        let list = "List-Post: <mailto:l@lists.example>\nReply-To: l@lists.example\n";
        let of = |fields: &str, from: &str, link: &str| {
            example(format!("{fields}From: {from}\nSubject: x\n\nhi {link}\n")).texts
        };
        let through = of(list, "l@lists.example", "http://lists.example/options");
        assert!(through[1].is_empty() && through[3].is_empty(), "{through:?}");
        let theirs = of(list, "a@x.example", "http://x.example/");
        assert!(!theirs[1].is_empty() && !theirs[3].is_empty(), "{theirs:?}");
    }

    #[test]
    fn recipients_of_the_envelope_are_masked_and_short_addresses_are_not() {
        let told = |recipient: &str, text: &str| {
            let message = Message::builder(format!("From: a@x.example\nSubject: hello\n\n{text}\n"))
                .envelope(switchback::Envelope::new().recipient(recipient))
                .build();
            Example::new("m", Label::Ham, &message, KINDS).texts
        };
        assert_eq!(told("Trap@Pot.example", "Dear trap@pot.example, hi"), told("b@x.example", "Dear , hi"));
        assert_eq!(told("a@b.c", "maria@b.com"), told("b@x.example", "maria@b.com"));
    }

    #[test]
    fn a_link_that_is_not_written_out_stays_where_nothing_leaves_the_text() {
        let page = "From: a@x.example\nSubject: x\nContent-Type: text/html\n\n<p>read it <a href=http://y.example/1>here</a>\n";
        assert!(!example(page).texts[3].is_empty());
    }

    #[test]
    fn words_are_named_by_the_beginning_of_each_text() {
        let said = example(format!("From: a@x.example\nSubject: x\n\n{}\n", "word ".repeat(1_000))).said;
        assert_eq!(said.map(|text| text.len() <= crate::limits::SAID_BYTES_MAX), [true; 4]);
    }

    #[test]
    fn newsletters_and_other_languages_are_told_apart() {
        assert!(
            example(["List-Unsubscribe: <https://x.example/u>\n", MAIL].concat()).is_bulk && !example(MAIL).is_bulk
        );
        let of = |ascii: usize, beyond: usize| is_ascii(&format!("{}{} — 1, 2", "a".repeat(ascii), "é".repeat(beyond)));
        assert!(of(99, 1) && !of(98, 1) && is_ascii(""));
    }
}
