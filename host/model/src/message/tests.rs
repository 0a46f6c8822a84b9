//! The message as a whole; each module has its own tests.

use super::*;

const MAIL: &[u8] = b"Received: from a by b; Fri, 25 Apr 2025 09:24:01 +0000\r\n\
    X-Spam-Status: Yes\r\n\
    From: =?utf-8?q?Caf=C3=A9?= <news@mail.Example.co.uk>\r\n\
    To: me@home.example\r\n\
    Reply-To: a@x.example, b@y.example\r\n\
    Subject: =?utf-8?b?aGVsbG8=?=\r\n \r\n =?utf-8?q?_world?=\r\n\
    Date: Fri, 25 Apr 2025 09:24:00 +0000\r\n\
    \r\n\
    see http://x.example/\r\n";

fn message(text: &str) -> Message {
    Message::parse(text)
}

#[test]
fn a_message_is_read() {
    let message = Message::parse(MAIL);
    assert_eq!(&**message.subject(), "hello world");
    assert_eq!((&*message.from()[0].name, &*message.from()[0].domain), ("Café", "mail.example.co.uk"));
    assert_eq!(message.sender_domain(), Some("example.co.uk"));
    assert_eq!(message.reply_to().len(), 2);
    assert_eq!(message.date(), Some(1_745_573_040));
    assert_eq!(message.text(100).value, "see http://x.example/\n");
    assert_eq!(&*message.links(10).items[0].host, "x.example");
    assert!(message.defects().is_empty(), "{:?}", message.defects());
    let counts = message.counts(Recipients::Granted);
    assert_eq!((counts.headers, counts.received, counts.parts, counts.attachments), (6, 1, 1, 0));
    assert_eq!(message.size(), MAIL.len() as u64);
}

#[test]
fn the_sender_is_the_certain_author() {
    let named = message("From: \"Offers@amazon.example\" <x@mail.stay.example>\n\n");
    assert_eq!(named.from().len(), 1);
    assert_eq!(named.sender_domain(), Some("stay.example"));
    assert_eq!(
        &*message("From: Ann <Ann@Mail.X.Example>\n\n").from()[0].address,
        "Ann@Mail.X.Example",
        "as it is written"
    );
    let uncertain = message("From: \"Offers@amazon.example\", <x@mail.stay.example>\n\n");
    assert_eq!(uncertain.sender_domain(), None);
}

#[test]
fn nothing_at_all_is_a_message() {
    let message = message("");
    assert_eq!(&**message.subject(), "");
    assert!(message.from().is_empty() && message.sender_domain().is_none() && message.date().is_none());
    assert_eq!(message.text(10), Content { value: "", truncated: false });
    assert!(message.raw(0, 10, Recipients::Granted).is_empty());
    let defects: Vec<&str> = message.defects().names().collect();
    assert_eq!(defects, ["no-header", "bad-from", "bad-date"]);
}

#[test]
fn hidden_fields_are_hidden_everywhere() {
    let message = Message::parse(MAIL);
    for (recipients, to) in [(Recipients::Masked, 0), (Recipients::Granted, 1)] {
        assert_eq!(message.header("to", recipients).len(), to);
        assert!(message.header("X-Spam-Status", recipients).is_empty());
        let names: Vec<&str> = message.headers(recipients).items.iter().map(|header| &*header.name).collect();
        assert_eq!(names.contains(&"To"), to == 1);
        assert!(!names.contains(&"X-Spam-Status"));
        assert_eq!(message.counts(recipients).headers as usize, names.len());
        let raw = String::from_utf8(message.raw(0, u32::MAX, recipients).into_owned()).unwrap();
        assert_eq!(raw.contains("me@home.example"), to == 1);
        assert!(!raw.contains("X-Spam-Status") && raw.contains("\r\n\r\nsee http://x.example/\r\n"));
    }
}

#[test]
fn raw_bytes_come_in_pieces() {
    let message = Message::parse(MAIL);
    let whole = message.raw(0, u32::MAX, Recipients::Masked).into_owned();
    let mut pieces = Vec::new();
    while let piece = message.raw(pieces.len() as u64, 7, Recipients::Masked)
        && !piece.is_empty()
    {
        pieces.extend_from_slice(&piece);
    }
    assert_eq!(pieces, whole);
    assert!(message.raw(u64::MAX, 7, Recipients::Masked).is_empty());
    let long = Message::parse([b"A: 1\n\n".to_vec(), vec![b'x'; 200_000]].concat());
    assert_eq!(long.raw(0, u32::MAX, Recipients::Masked).len(), RAW_BYTES_MAX);
    assert_eq!(long.raw(200_000, u32::MAX, Recipients::Masked).len(), 6);
}

#[test]
fn header_fields_are_bounded() {
    let many = message(&format!("{}\n", "A: 1\n".repeat(600)));
    assert_eq!(many.header("a", Recipients::Masked).len(), 64);
    let fields = many.headers(Recipients::Masked);
    assert_eq!((fields.items.len(), fields.truncated), (512, true));
    assert_eq!(many.counts(Recipients::Masked).headers, 600);
    let long = message(&format!("A: {}\n\n", "x".repeat(10_000)));
    let fields = long.headers(Recipients::Masked);
    assert_eq!((fields.items[0].value.len(), fields.truncated), (8_192, true));
}

#[test]
fn every_defect_is_found() {
    let has = |text: &str, defect: Defects| message(text).defects().contains(defect);
    let sound = "From: a@b.example\nDate: Fri, 25 Apr 2025 09:24:00 +0000\n";
    assert!(message(&format!("{sound}\nhi")).defects().is_empty());
    assert!(has(sound, Defects::NO_HEADER));
    assert!(has("hello there", Defects::NO_HEADER));
    assert!(has(&format!("{sound}From: c@d.example\n\n"), Defects::BAD_FROM));
    assert!(has("From: nobody\n\n", Defects::BAD_FROM));
    assert!(has("Date: tomorrow\n\n", Defects::BAD_DATE));
    assert!(has(&format!("{sound}Content-Transfer-Encoding: base64\n\n***"), Defects::BAD_MIME));
    assert!(has(&format!("{sound}Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx"), Defects::BAD_MIME));
    assert!(has(&format!("{sound}\na\0b"), Defects::BAD_BYTES));
    assert!(Message::parse(&b"Subject: caf\xe9\n\n"[..]).defects().contains(Defects::BAD_BYTES));
    assert!(has(&format!("{sound}{}\n", "A: 1\n".repeat(5_000)), Defects::TOO_COMPLEX));
}

#[test]
fn results_are_read_from_trusted_fields_alone() {
    let mail = "Authentication-Results: MX.home.example; spf=pass smtp.mailfrom=a.example\n\
        Authentication-Results: other.example; dmarc=pass\n\
        Authentication-Results: mx.home.example; dkim=pass header.d=a.example\n\
        Received: from a by b; Fri, 25 Apr 2025 09:24:01 +0000\n\
        Authentication-Results: mx.home.example; dmarc=pass\n\n";
    let read = |trusted: &str| Message::builder(mail).trust_authserv_id(trusted).build().authentication().clone();
    let trusted = read("mx.HOME.example");
    assert_eq!((trusted.spf, trusted.dkim, trusted.dmarc), (AuthResult::Pass, AuthResult::Pass, AuthResult::Unknown));
    assert_eq!(read("mx.example"), Authentication::default());
    assert_eq!(message(mail).authentication(), &Authentication::default());
    let own = Authentication { spf: AuthResult::Fail, ..Authentication::default() };
    let told = Message::builder(mail).trust_authserv_id("mx.home.example").authentication(own.clone()).build();
    assert_eq!(told.authentication(), &own);
}

#[test]
fn recipients_are_listed_and_counted() {
    let envelope = (0..150).fold(Envelope::new(), |envelope, n| envelope.recipient(&format!("r{n}@x.example")));
    let message = Message::builder("\n").envelope(envelope).build();
    let recipients = message.recipients();
    assert_eq!((recipients.items.len(), recipients.truncated, recipients.total), (100, true, 150));
    assert_eq!(message.counts(Recipients::Masked).recipients, 150);
}

#[test]
fn threads_share_what_was_derived() {
    let message = Message::parse(MAIL);
    let subjects: Vec<Arc<str>> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..4).map(|_| scope.spawn(|| Arc::clone(message.subject()))).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    });
    assert!(subjects.iter().all(|subject| Arc::ptr_eq(subject, &subjects[0])));
}

#[test]
fn a_message_in_a_log_tells_nothing_of_its_content() {
    let shown = format!("{:?}", Message::parse(MAIL));
    assert!(shown.contains("sha256") && !shown.contains("example"));
}

#[test]
fn attached_messages_are_where_they_were_sent_the_outermost_ones() {
    let inner = "From: a@x.example\nContent-Type: multipart/mixed; boundary=i\n\n--i\nContent-Type: message/rfc822\n\n\
                 Subject: deeper\n\nx\n--i--";
    let encoded = "U3ViamVjdDogeAoKeAo=";
    let mail = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b\n\
         Content-Type: Message/Global\nContent-Transfer-Encoding: base64\n\n{encoded}\n--b--\n"
    );
    let message = Message::parse(mail.as_str());
    let found: Vec<_> = message.attached_messages().map(|range| &mail[range]).collect();
    assert_eq!(found, [inner, encoded]);
    assert_eq!(Message::parse("Subject: x\n\nx\n").attached_messages().count(), 0);
}
