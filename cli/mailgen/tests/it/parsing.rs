//! Every message is a message, says a parser that knows nothing of the generator.

use mail_parser::{Message, MessageParser, MimeHeaders};
use switchback_mailgen::{Generator, Kind, Mix, hand_written};

fn parsed(bytes: &[u8]) -> Message<'_> {
    MessageParser::new().parse(bytes).unwrap()
}

fn from_domain(message: &Message<'_>) -> String {
    let address = message.from().unwrap().first().unwrap().address().unwrap();
    address.rsplit_once('@').unwrap().1.to_lowercase()
}

#[test]
fn every_message_has_its_sender_subject_date_and_text() {
    let modern = Generator::with_mix(21, Mix::modern()).take(2000);
    for generated in Generator::new(21).take(3000).chain(modern) {
        let raw = String::from_utf8_lossy(&generated.bytes);
        let message = parsed(&generated.bytes);
        assert_eq!(from_domain(&message), generated.from_domain, "{raw}");
        assert!(!message.subject().unwrap_or_default().is_empty(), "{raw}");
        assert_eq!(message.date().unwrap().to_timestamp(), generated.sent_unix, "{raw}");
        assert!(message.message_id().is_some(), "{raw}");
        assert!(message.body_text(0).unwrap().trim().len() > 20, "{raw}");
        assert!(!raw.contains("[["), "{raw}");
    }
}

#[test]
fn lines_are_within_the_limits_of_rfc_5322() {
    let small = Generator::new(22).take(1000).inspect(|generated| assert!(generated.bytes.is_ascii()));
    for generated in small.chain(Generator::with_mix(22, Mix::modern()).take(1000)) {
        let text = String::from_utf8(generated.bytes).unwrap();
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "a bare CR or LF");
        assert!(text.split("\r\n").all(|line| line.len() <= 998));
    }
}

#[test]
fn texts_are_of_their_kind() {
    let words = |kind, words: &[&str]| {
        let mail: Vec<_> = Generator::with_mix(23, Mix::only(kind)).take(400).collect();
        let hits = mail.iter().filter(|generated| {
            let message = parsed(&generated.bytes);
            let subject = message.subject().unwrap_or_default();
            let text = format!("{subject} {}", message.body_text(0).unwrap()).to_lowercase();
            words.iter().any(|word| text.contains(word))
        });
        hits.count() as f64 / mail.len() as f64
    };
    let money = ["order", "invoice", "booking", "reservation", "bill", "trip"];
    assert!(words(Kind::Receipt, &money) > 0.95);
    let bait =
        ["account", "konto", "compte", "card", "password", "refund", "sign", "fee", "bitcoin", "urgent", "mailbox"];
    assert!(words(Kind::Phish, &bait) > 0.6);
    assert!(words(Kind::Personal, &["viagra", "click here", "gift card", "suspended"]) < 0.01);
}

#[test]
fn some_subjects_are_encoded_and_some_texts_foreign() {
    let mail: Vec<_> = Generator::new(24).take(2000).collect();
    let share = |test: &dyn Fn(&str) -> bool| {
        let hits = mail.iter().filter(|one| test(&String::from_utf8_lossy(&one.bytes))).count();
        hits as f64 / mail.len() as f64
    };
    assert!(share(&|raw| raw.contains("=?UTF-8?")) > 0.05);
    assert!(share(&|raw| raw.contains("Content-Disposition: attachment")) > 0.08);
    assert!(share(&|raw| raw.contains("multipart/alternative")) > 0.5);
    assert!(share(&|raw| raw.contains("In-Reply-To:")) > 0.15);
}

#[test]
fn attachments_decode() {
    let mut count = 0;
    for generated in Generator::new(25).take(1000) {
        for part in parsed(&generated.bytes).attachments() {
            assert!(part.attachment_name().is_some());
            assert!(part.len() > 100);
            count += 1;
        }
    }
    assert!(count > 80, "{count}");
}

#[test]
fn hand_written_messages_are_in_order_and_parse() {
    let names: Vec<_> = hand_written().iter().map(|(name, _)| *name).collect();
    assert!(names.is_sorted(), "{names:?}");
    for (name, bytes) in hand_written() {
        assert!(parsed(bytes).from().is_some(), "{name}");
        let bare = bytes.windows(2).any(|pair| pair[1] == b'\n' && pair[0] != b'\r');
        assert!(!bare, "{name} was stored without CRLF");
    }
}
