//! Forms of `From`, and what each must conclude.

mod readers;

use super::*;
use crate::message::Message;

/// Header lines, the domain of the certain author, and the domains that are candidates where there is none.
type Form = (&'static str, &'static str, Option<&'static str>, &'static [&'static str]);

const A_AND_B: &[&str] = &["evil.example", "good.example"];
const B: &[&str] = &["good.example"];

/// What was used to write as `b@good.example` from `evil.example`, and forms of everyday mail beside it; `docs/author.md`
/// says where each comes from.
const FORMS: &[Form] = &[
    ("bare", "From: b@good.example", Some("good.example"), &[]),
    ("named", "From: Bea <b@good.example>", Some("good.example"), &[]),
    ("no space", "From:Bea<b@good.example>", Some("good.example"), &[]),
    ("initials", "From: J. Q. Public <b@good.example>", Some("good.example"), &[]),
    ("comment behind", "From: b@good.example (Bea)", Some("good.example"), &[]),
    ("comment before the bracket", "From: B (b@good.example) <a@evil.example>", Some("evil.example"), &[]),
    ("quoted name", "From: \"Bea, Ms\" <b@good.example>", Some("good.example"), &[]),
    ("quoted pair", "From: \"Bea \\\"<x@y.example>\\\"\" <b@good.example>", Some("good.example"), &[]),
    ("@ in a quoted name", "From: \"x@y\" <b@good.example>", Some("good.example"), &[]),
    ("address as name", "From: \"b@good.example\" <a@evil.example>", Some("evil.example"), &[]),
    ("its own address as name", "From: b@good.example <B@Good.example>", Some("good.example"), &[]),
    ("encoded name", "From: =?utf-8?q?B=C3=A9a?= <b@good.example>", Some("good.example"), &[]),
    ("encoded comma", "From: =?utf-8?q?Doe=2C_Bea?= <b@good.example>", Some("good.example"), &[]),
    (
        "encoded name without an address",
        "From: =?utf-8?q?Doe=2C_Team_=40_Acme?= <b@good.example>",
        Some("good.example"),
        &[],
    ),
    (
        "encoded name of its own address",
        "From: =?utf-8?q?b=40good.example?= <b@good.example>",
        Some("good.example"),
        &[],
    ),
    ("encoded in a comment behind", "From: b@good.example (=?utf-8?q?B=C3=A9a?=)", Some("good.example"), &[]),
    ("encoded, folded with a tab", "From: =?utf-8?q?B=C3=A9a?=\r\n\t<b@good.example>", Some("good.example"), &[]),
    ("8-bit name", "From: Béa <b@good.example>", Some("good.example"), &[]),
    ("folded", "From: Bea\r\n <b@good.example>", Some("good.example"), &[]),
    ("all folded", "From:\r\n\tBea\r\n\t<b@good.example>", Some("good.example"), &[]),
    ("capitals", "FROM: Bea <b@GOOD.Example>", Some("good.example"), &[]),
    ("space before the bracket's end", "From: <b@good.example >", Some("good.example"), &[]),
    ("quoted local part", "From: <\"b\"@good.example>", Some("good.example"), &[]),
    ("dots", "From: <b..b.@good.example>", Some("good.example"), &[]),
    ("subdomain", "From: b@ghost.good.example", Some("ghost.good.example"), &[]),
    ("parent elsewhere", "From: b@good.example.evil.example", Some("good.example.evil.example"), &[]),
    ("homograph", "From: b@gоod.example", Some("xn--god-sed.example"), &[]),
    ("international", "From: ada@bücher.example", Some("xn--bcher-kva.example"), &[]),
    ("international local part", "From: адa@good.example", Some("good.example"), &[]),
    ("address literal", "From: b@[192.0.2.1]", Some("[192.0.2.1]"), &[]),
    ("Sender differs", "From: <a@evil.example>\r\nSender: <b@good.example>", Some("evil.example"), &[]),
    ("fold in a quoted name", "From: \"Bea,\r\n Ms\" <b@good.example>", Some("good.example"), &[]),
    ("brackets in a quoted name", "From: \"Bea \\\"B\\\" [x.]\" <b@good.example>", Some("good.example"), &[]),
    // Nobody.
    ("no field", "Subject: x", None, &[]),
    ("only Sender", "Sender: <b@good.example>", None, &[]),
    ("only Resent-From", "Resent-From: <b@good.example>", None, &[]),
    ("no address", "From: nobody", None, &[]),
    ("empty brackets", "From: Bea <>", None, &[]),
    ("empty group", "From: Nobody:;", None, &[]),
    // The field.
    ("two fields", "From: <a@evil.example>\r\nFrom: <b@good.example>", None, A_AND_B),
    ("the same field twice", "From: <b@good.example>\r\nFrom: <b@good.example>", None, B),
    ("leading space", " From: <a@evil.example>\r\nFrom: <b@good.example>", None, A_AND_B),
    ("space before the colon", "From : <a@evil.example>\r\nFrom: <b@good.example>", None, A_AND_B),
    ("only with a space", "From : <b@good.example>", None, B),
    ("after a stray line", "junk\r\nFrom: <b@good.example>", None, B),
    ("after a blank fold", "X: y\r\n \r\nFrom: <b@good.example>", None, B),
    ("after a lone CR's line", "X: y\r\n\r\r\nFrom: <b@good.example>", None, B),
    ("behind a CR", "X: y\rFrom: <b@good.example>\r\nFrom: <a@evil.example>", None, A_AND_B),
    ("CR in the field", "From: <a@evil.example>\rFrom: <b@good.example>", None, A_AND_B),
    ("folded name", "From\r\n : <b@good.example>", None, B),
    // Several.
    ("two", "From: <a@evil.example>, <b@good.example>", None, A_AND_B),
    ("two of one domain", "From: <a@good.example>, <b@good.example>", None, B),
    ("bare, then angle", "From: b@good.example,<a@evil.example>", None, A_AND_B),
    ("nameless first", "From: \"\" <made-up-1>, <b@good.example>", None, B),
    ("comma in a name", "From: Doe, Bea <b@good.example>", None, B),
    ("angle, then bare", "From: <a@evil.example>b@good.example", None, A_AND_B),
    ("bare before angle", "From: b@good.example <a@evil.example>", None, A_AND_B),
    ("two angles", "From: <b@good.example> \"x\" <a@evil.example>", None, A_AND_B),
    ("comment between", "From: b@good.example (x) <a@evil.example>", None, A_AND_B),
    ("text behind", "From: A <a@evil.example> x: y", None, &["evil.example"]),
    ("encoded, then angle", "From: =?utf-8?B?PGJAZ29vZC5leGFtcGxlPg==?=,<a@evil.example>", None, A_AND_B),
    ("encoded angle", "From: =?utf-8?B?PGJAZ29vZC5leGFtcGxlPg==?= <a@evil.example>", None, A_AND_B),
    ("encoded, alone", "From: =?utf-8?B?YkBnb29kLmV4YW1wbGU=?=", None, B),
    ("encoded local part", "From: =?utf-8?Q?b=40good.example=00?=@evil.example", None, A_AND_B),
    ("encoded address alone in the name", "From: =?utf-8?Q?a=40evil.example?= <b@good.example>", None, A_AND_B),
    ("damaged base64", "From: =?utf-8?B?PGFAZXZpbC5leGFtcGxlPiw=?x?= <b@good.example>", None, B),
    ("unknown character set", "From: =?cp037?B?TIF8haWJk0uFp4GUl5OFbms=?= <b@good.example>", None, B),
    ("encoded in a comment", "From: b@good.example (=?utf-8?Q?=29=20=3Ca=40evil.example=3E=20=28?=)", None, A_AND_B),
    (
        "encoded comments that close and open",
        "From: <a@evil.example> (=?utf-8?q?=29=2C_=3Cb=40good.example=3E_=28?=)",
        None,
        A_AND_B,
    ),
    (
        "encoded, in a name and a comment",
        "From: =?utf-8?q?=3Cb=40?= (=?utf-8?q?=29good.example=3E?=) <a@evil.example>",
        None,
        A_AND_B,
    ),
    (
        "encoded, in two words",
        "From: =?utf-8?q?b?= =?utf-8?q?=40good?= .example <a@evil.example>",
        None,
        &["evil.example"],
    ),
    ("encoded space before the @", "From: =?utf-8?q?=3Cb_=40good.example=3E?= <a@evil.example>", None, A_AND_B),
    ("encoded space behind the @", "From: =?utf-8?q?b=40_good.example?= <a@evil.example>", None, A_AND_B),
    (
        "encoded comment in an address",
        "From: =?utf-8?q?=3Cb=28x=29=40good.example=3E?= <a@evil.example>",
        None,
        A_AND_B,
    ),
    ("encoded empty local part", "From: =?utf-8?q?=22=22=40good.example?= <a@evil.example>", None, A_AND_B),
    ("encoded address with a space alone", "From: =?utf-8?q?b=40_good.example?=", None, B),
    (
        "encoded comment, then angle",
        "From: =?utf-8?q?=3Cb=40=28x=29good.example=3E?= , <a@evil.example>",
        None,
        A_AND_B,
    ),
    (
        "encoded full-width @ and comment",
        "From: =?utf-8?q?b=EF=BC=A0=28x=29good.example?= <a@evil.example>",
        None,
        A_AND_B,
    ),
    (
        "encoded twice",
        "From: =?utf-8?q?=3D=3Futf-8=3Fq=3Fb=3D40good.example=3F=3D?= <a@evil.example>",
        None,
        &["evil.example"],
    ),
    ("space in the domain", "From: <a@evil.exa mple>", None, &["evil.example"]),
    ("quoted domain", "From: a@\"evil.example\"", None, &["evil.example"]),
    // Groups.
    ("group", "From: Team: b@good.example;", None, B),
    ("group of an address", "From: b@evil.example: a@good.example;", None, A_AND_B),
    ("angle and colon", "From: <a@evil.example>: b@good.example", None, A_AND_B),
    // Never closed.
    ("open comment", "From: b@good.example( <a@evil.example>", None, A_AND_B),
    ("open quote", "From: \"Bank <a@evil.example>", None, &["evil.example"]),
    ("open bracket", "From: <b@good.example", None, B),
    ("closed twice", "From: <b@good.example>>", None, B),
    ("full-width parenthesis", "From: 111(aaa）<a@evil.example>", None, &["evil.example"]),
    // Inside the address.
    ("route", "From: <@evil.example,@x.example:b@good.example>", None, A_AND_B),
    ("two ats", "From: a@evil.example@good.example", None, A_AND_B),
    ("quoted at", "From: \"b@good.example\"@evil.example", None, A_AND_B),
    ("quoted address in brackets", "From: <\"B <b@good.example>\"@evil.example>", None, A_AND_B),
    ("quoted address behind a comment", "From: b(@good.example)@evil.example", None, A_AND_B),
    ("comment after the at", "From: b@(x)good.example", None, B),
    ("comment after a dot", "From: b@good.(x)example", None, B),
    ("spaces", "From: B <b@ good . example >", None, B),
    ("comments everywhere", "From: B(a \\) b) <b(c)@good.example(d)>", None, B),
    ("fold in the domain", "From: <b@good.example\r\n .evil.example>", None, &["good.example.evil.example"]),
    ("NUL", "From: b@good.example\0.evil.example", None, &["good.example", "good.example.evil.example"]),
    ("VT", "From: b@good.example\x0b<a@evil.example>", None, A_AND_B),
    ("line separator", "From: B\u{2028} <b@good.example>", None, B),
    ("quoted local part without brackets", "From: \"b\"@good.example", None, B),
    ("dot first", "From: .b@good.example", None, B),
    // In the name.
    ("address behind a fold in quotes", "From: \"Bea\r\n a@evil.example\" <b@good.example>", None, A_AND_B),
    ("address behind a fold in a comment", "From: b@good.example (Bea\r\n a@evil.example)", None, A_AND_B),
    ("fold in the brackets", "From: Bea <b@good.example\r\n >", None, B),
    ("whole only in a comment", "From: b@(b@good.example)good.example", None, B),
    ("stray at", "From: Bea @ home <b@good.example>", None, B),
    ("its own address and more", "From: b@good.example (Bea) <b@good.example>", None, B),
    ("stray dots", "From: Bea .. <b@good.example>", None, B),
    ("square brackets", "From: [Bea] <b@good.example>", None, B),
    // No domain as it stands.
    ("Unicode space", "From: b@good.example\u{2000}", None, B),
    ("zero-width space", "From: b@good.exam\u{200b}ple", None, B),
    ("full-width letters", "From: b@ｇｏｏｄ.example", None, B),
    ("ideographic full stop", "From: b@good。example", None, B),
    ("one dot leader", "From: b@good\u{2024}example", None, B),
    ("small full stop", "From: b@good\u{FE52}example", None, B),
    ("half-width full stop", "From: b@good\u{FF61}example", None, B),
    ("full-width brackets", "From: ＜b＠good．example＞", None, B),
    ("empty label", "From: b@good..example", None, &[]),
    ("trailing dot", "From: b@good.example.", None, B),
];

fn author(header: &str) -> Author {
    of(format!("{header}\r\nTo: c@home.example\r\n\r\n").as_bytes())
}

fn of(message: &[u8]) -> Author {
    Author::of(message, &Layout::of(message))
}

#[test]
fn each_form_has_one_certain_author_or_all_candidates() {
    for (what, header, certain, candidates) in FORMS {
        let author = author(header);
        let found: Vec<_> = author.candidates().iter().map(|mailbox| &*mailbox.domain).collect();
        assert_eq!(author.mailbox().map(|mailbox| &*mailbox.domain), *certain, "{what}: {found:?}");
        assert_eq!(author.doubt().is_none(), certain.is_some(), "{what}");
        for candidate in *candidates {
            assert!(found.contains(candidate), "{what}: {candidate} in {found:?}");
        }
    }
}

#[test]
fn a_name_in_any_character_set_that_is_read_hides_nothing() {
    for known in [
        "=?cp949?B?sei80g==?=",
        "=?cp932?B?k/qWew==?=",
        "=?latin-1?Q?B=E9a?=",
        "=?cp850?Q?B=82a?=",
        "=?iso-2022-jp?B?GyRCJU8bKEI=?=",
        "=?utf-8*en?q?B=C3=A9a?=",
    ] {
        assert_eq!(author(&format!("From: {known} <b@good.example>")).doubt(), None, "{known}");
    }
    // Programs that do not know these show other text.
    for odd in
        ["utf-7", "utf-16", "utf-16be", "utf-32", "iso-2022-kr", "iso-2022-cn", "hz-gb-2312", "cp037", " utf-8", "x"]
    {
        let author = author(&format!("From: =?{odd}?q?Bea?= <b@good.example>"));
        assert_eq!((author.doubt(), author.is_complete()), (Some(Doubt::Encoded), false), "{odd}");
    }
}

#[test]
fn one_mailbox_has_one_address() {
    for (header, address) in [
        ("From: <\"ada\"@x.example>", "ada@x.example"),
        ("From: ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("From: ada@XN--bcher-kva.Example", "ada@xn--bcher-kva.example"),
        ("From: Ada <Ada@X.example>", "Ada@x.example"),
    ] {
        assert_eq!(author(header).mailbox().map(|mailbox| &*mailbox.address), Some(address), "{header}");
    }
}

#[test]
fn what_is_not_read_is_said() {
    let fields = author(&["From: a@x.example"; 40].join("\r\n"));
    assert_eq!((fields.doubt(), fields.is_complete()), (Some(Doubt::SeveralFields), false));
    let many: Vec<_> = (0..100).map(|number| format!("a{number}@x.example")).collect();
    let mailboxes = author(&format!("From: {}", many.join(", ")));
    assert_eq!((mailboxes.candidates().len(), mailboxes.is_complete()), (64, false));
    let one = author(&format!("From: {}<b@good.example>", "<a@x.example>, ".repeat(1_024)));
    assert_eq!((one.candidates().len(), one.is_complete()), (1, false));
    let long = author(&format!("From: {} <a@x.example>", "n".repeat(70_000)));
    assert_eq!((long.doubt(), long.is_complete()), (Some(Doubt::TooLong), false));
}

#[test]
fn a_field_behind_any_number_of_others_counts() {
    let many = "X-A: b\r\n".repeat(3_000);
    let behind = author(&format!("{many}From: b@good.example"));
    assert_eq!((behind.doubt(), behind.candidates().len()), (Some(Doubt::Header), 1));
    let second = author(&format!("From: b@good.example\r\n{many}From: a@evil.example"));
    assert_eq!((second.doubt(), second.candidates().len()), (Some(Doubt::SeveralFields), 2));
}

#[test]
fn models_see_the_author_or_all_candidates_and_that_nobody_can_tell() {
    use crate::message::Defects;

    let certain = Message::parse("From: =?utf-8?q?B=C3=A9a?= <b@good.example>\n\n");
    assert_eq!((&*certain.from()[0].name, certain.from().len()), ("Béa", 1));
    assert!(!certain.defects().contains(Defects::BAD_FROM));
    let uncertain = Message::parse("From: b@good.example (x) <a@evil.example>\n\n");
    let domains: Vec<_> = uncertain.from().iter().map(|mailbox| &*mailbox.domain).collect();
    assert!(domains.contains(&"good.example") && domains.contains(&"evil.example"), "{domains:?}");
    assert!(uncertain.defects().contains(Defects::BAD_FROM));
}
