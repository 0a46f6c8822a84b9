//! One campaign, sent in many ways, and what is another.

use super::*;
use crate::message::Envelope;

const TEXT: &str = "your parcel could not be delivered because the address was incomplete. Please confirm it until the end of \
    this week, NAME, or we have to send it back to where it came from.";

/// A copy of a campaign.
struct Copy {
    header: &'static str,
    text: String,
    html: String,
    attached: &'static str,
}

impl Copy {
    fn to(name: &str) -> Self {
        let text = TEXT.replace("NAME", name);
        let html = format!(
            "<html><body><p>Dear {name},<p>{text}<p><a href='https://t17.mail.parcel.example/track/confirm?id={name}'>Confirm</a>"
        );
        Self { header: "Subject: Your parcel 4711 waits\nMessage-ID: <1@x.example>", text, html, attached: "cGRm" }
    }

    fn bytes(&self) -> String {
        let Self { header, text, html, attached } = self;
        format!(
            "From: Parcels <info@parcel.example>\n{header}\nContent-Type: multipart/mixed; boundary=m\n\n\
             --m\nContent-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain\n\n{text}\n\
             --a\nContent-Type: text/html\n\n{html}\n--a--\n\
             --m\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n{attached}\n--m--\n"
        )
    }

    fn fingerprint(&self) -> Fingerprint {
        Message::parse(self.bytes()).fingerprint()
    }
}

fn plain(subject: &str, text: &str) -> Fingerprint {
    Message::parse(format!("From: a@x.example\nSubject: {subject}\n\n{text}\n")).fingerprint()
}

fn html(body: &str) -> Fingerprint {
    Message::parse(format!("From: a@x.example\nSubject: x\nContent-Type: text/html\n\n{body}")).fingerprint()
}

#[test]
fn the_format_is_frozen() {
    let frozen = |fingerprint: Fingerprint, expected: &str| assert_eq!(fingerprint.to_string(), expected);
    frozen(Copy::to("Anna").fingerprint(), "01cb335be21eed2be8b95fedf70a1856");
    frozen(plain("Ümlaut", &format!("ÄRGER mit straße 请 {TEXT}")), "01a569bd7225e95661f2666050ab8a22");
    frozen(
        html("<p>see <a href='http://www.shop.example.co.uk/a/B/c-d?e#f'>the shop</a>"),
        "0150de82d2007aa86b1b664edfba6c07",
    );
    frozen(plain("Hi", "Call 555 NOW"), "01c1b55ed8e5458277ebb618f618888c");
    frozen(Message::parse("").fingerprint(), "019c6821239970b290ee3be437ffdc38");
}

#[test]
fn a_copy_for_somebody_else_is_of_the_same_campaign() {
    let sent = Copy::to("Anna Kowalska").fingerprint();
    for name in [
        "Bill Price",
        "Mark",
        "Jean-Luc Dubois",
        "Fatima al-Sayed",
        "\u{141}ukasz",
        "O'Brien",
        "someone@x.example",
        "user77",
    ] {
        assert_eq!(Copy::to(name).fingerprint(), sent, "{name}");
    }
}

#[test]
fn who_it_is_sent_to_does_not_matter() {
    let copy = Copy::to("Anna");
    for address in ["anna@home.example", "parcel@home.example", "info@address.example", ""] {
        let envelope = Envelope::new().mail_from("bounce-17@x.example").recipient(address);
        let message =
            Message::builder(format!("To: Parcel Address <{address}>\n{}", copy.bytes())).envelope(envelope).build();
        assert_eq!(message.fingerprint(), copy.fingerprint(), "{address}");
    }
}

#[test]
fn sent_again_it_is_the_same() {
    let sent = Copy::to("Anna").fingerprint();
    let header = "Received: from a by b; Fri, 25 Apr 2025 09:24:01 +0000\nDate: Fri, 25 Apr 2025 09:24:00 +0000\n\
        Subject: =?utf-8?q?Your_parcel_815?= waits\nMessage-ID: <2@y.example>";
    assert_eq!(Copy { header, ..Copy::to("Anna") }.fingerprint(), sent);
    let wrapped = Copy { text: Copy::to("Anna").text.replace(' ', "\n"), ..Copy::to("Anna") };
    assert_eq!(wrapped.fingerprint(), sent);
    let greeted = Copy { text: format!("Hello dear customer,\n\n{}", Copy::to("Anna").text), ..Copy::to("Anna") };
    assert_eq!(greeted.fingerprint(), sent);
    let tracked = Copy::to("Anna")
        .html
        .replace("t17.mail", "t18.mail")
        .replace("id=", "utm_source=z&uid=")
        .replace("track/", "track/8Zq/now/");
    assert_eq!(Copy { html: tracked, ..Copy::to("Anna") }.fingerprint(), sent);
}

#[test]
fn how_it_is_encoded_does_not_matter() {
    let text = format!("gr\u{fc}\u{df}e: {TEXT}");
    let encoded = |encoding: &str, body: &str| {
        let head = "From: a@x.example\nSubject: x\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding:";
        Message::parse(format!("{head} {encoding}\n\n{body}\n")).fingerprint()
    };
    let sent = encoded("8bit", &text);
    let quoted = text.replace('\u{fc}', "=C3=BC").replace('\u{df}', "=C3=9F").replace("parcel", "par=\ncel");
    assert_eq!(encoded("quoted-printable", &quoted), sent);
    use base64::Engine as _;
    assert_eq!(encoded("base64", &base64::engine::general_purpose::STANDARD.encode(&text)), sent);
    assert_ne!(encoded("8bit", &text.replace("gr", "g")), sent);
}

#[test]
fn another_content_is_another_campaign() {
    let sent = Copy::to("Anna").fingerprint();
    let said = Copy { text: Copy::to("Anna").text.replace("this week", "next month"), ..Copy::to("Anna") };
    let led = Copy { html: Copy::to("Anna").html.replace("parcel.example", "evil.example"), ..Copy::to("Anna") };
    let carried = Copy { attached: "cGRn", ..Copy::to("Anna") };
    let asked = Copy { header: "Subject: Win a parcel now", ..Copy::to("Anna") };
    for (other, what) in [(said, "text"), (led, "host"), (carried, "attachment"), (asked, "subject")] {
        assert_ne!(other.fingerprint(), sent, "{what}");
    }
}

#[test]
fn a_short_message_is_taken_literally() {
    let sent = plain("Lunch", "See you at 12 in the hall");
    assert_eq!(plain("lunch", "see you\n  at 12 in the hall"), sent);
    assert_eq!(plain("Lunch", "Dear Anna, See you at 12 in the hall"), sent);
    assert_ne!(plain("Lunch", "See you at 13 in the hall"), sent, "digits count");
    assert_ne!(plain("Lunch", "See Bill at 12 in the hall"), sent, "names count");
    assert_ne!(plain("Dinner", "See you at 12 in the hall"), sent, "the subject counts");
    let elsewhere = Message::parse("From: a@y.example\nSubject: Lunch\n\nSee you at 12 in the hall\n");
    assert_ne!(elsewhere.fingerprint(), sent, "the sender's domain counts");
}

#[test]
fn nothing_to_say_joins_nobody_else() {
    let empty = |header: &str| Message::parse(format!("{header}\n\n")).fingerprint();
    let all = ["Subject: a", "Subject: 1", "From: a@x.example", "From: a@y.example", "X: y"].map(empty);
    let distinct: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
    let image = "<a href='http://x.example/'><img src='http://y.example/1.png'></a>";
    assert_ne!(html(image), html(&image.replace("x.example", "z.example")));
}

#[test]
fn a_short_message_is_told_from_a_long_one() {
    // What is kept of the long one, and something short that says just that.
    let words: Vec<String> = ('a'..='z').take(WORDS_MIN).map(|letter| format!("{letter}oo")).collect();
    assert_ne!(plain("x", &words.join(" ")), plain("x", &words[1..].join(" ")));
    assert_eq!(plain("x", &words.join(" ")), plain("y", &format!("77 {} Bill", words.join(" "))));
    assert_ne!(plain("x", &words[1..].join(" ")), plain("y", &format!("77 {} Bill", words[1..].join(" "))));
}

#[test]
fn a_huge_message_has_one() {
    let huge = |unit: &str| plain("x", &unit.repeat(400_000 / unit.len()));
    let units = ["word ", "x", "1 ", "dear ", "Dear a b c d e ", "请", "a.b ", "\u{200b}", "a\u{300}", "://", "@ "];
    let distinct: std::collections::HashSet<_> = units.map(huge).into_iter().collect();
    assert!(distinct.len() >= units.len() - 2, "only what leaves nothing is alike: {distinct:?}");
}

#[test]
fn it_begins_with_its_version() {
    assert!([plain("x", TEXT), plain("x", "y")].iter().all(|fingerprint| fingerprint.as_bytes()[0] == VERSION));
}

#[test]
fn what_cannot_be_decoded_is_told_apart_by_its_bytes() {
    let sent = |subject: &[u8], text: &[u8]| {
        let message = [b"Content-Transfer-Encoding: 8bit\nSubject: ", subject, b"\n\n", text].concat();
        Message::parse(message).fingerprint()
    };
    // Nobody says that it is GBK.
    let (one, other) =
        (b"\xc4\xe3\xba\xc3\xa3\xac\xca\xc0\xbd\xe7".repeat(4), b"\xbd\xe7\xca\xc0\xba\xc3\xa3\xac\xc4\xe3".repeat(4));
    let distinct: std::collections::HashSet<_> =
        [sent(b"x", &one), sent(b"x", &other), sent(b"\xc4\xe3", &one), sent(b"x", b"\xff"), sent(b"x", b"\xfe")]
            .into();
    assert_eq!(distinct.len(), 5);
    assert!(distinct.iter().all(|fingerprint| fingerprint.as_bytes()[0] == VERSION_LITERAL));
    let named = |name: &str| sent(b"x", &[b"dear ", name.as_bytes(), b", ", &*one].concat());
    assert_eq!(named("Anna"), named("Bill"), "of one campaign all the same");
}
