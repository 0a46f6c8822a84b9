//! Messages that carry another one: spam that was forwarded to somebody, bounces. Nothing is learned from what they carry, and a
//! report counts them: what was forwarded is often of the other kind than the message around it.

use serde::Serialize;
use switchback::Message;
use switchback::message::Recipients;

/// How a message carries another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carries {
    /// As a part, or forwarded in its text.
    Forwarded,
    /// As what it reports about.
    Reported,
}

/// Messages that carry another one. What they carry was not learned from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Carriers {
    /// Wanted messages with another one attached, or forwarded in their text.
    pub forwarded: u64,
    /// Wanted messages that report about another one: bounces, receipts, complaints.
    pub reports: u64,
    /// What these messages are called, the first 20 in the order of their digests.
    pub messages: Vec<String>,
    /// Unwanted messages that carry another one. Where they are many, users have sent on what they were sent.
    pub unwanted: u64,
}

/// Whether a message carries another one; `quotes` tells whether one is forwarded in its text.
pub(crate) fn carries(message: &Message, quotes: bool) -> Option<Carries> {
    if is_report(message) {
        return Some(Carries::Reported);
    }
    (quotes || message.attached_messages().next().is_some()).then_some(Carries::Forwarded)
}

/// Reports as RFC 6522 has them, and what was usual before: a mail server as the sender, Exim's field.
fn is_report(message: &Message) -> bool {
    // Exim's field is hidden from models, as it names a recipient.
    let values = |name| message.header(name, Recipients::Granted);
    let is_multipart_report = values("content-type")
        .iter()
        .any(|value| value.trim_start().to_ascii_lowercase().starts_with("multipart/report"));
    let is_server = |address: &str| {
        let local = address.split('@').next().unwrap_or_default();
        local.eq_ignore_ascii_case("mailer-daemon")
    };
    is_multipart_report
        || !values("x-failed-recipients").is_empty()
        || message.from().iter().any(|mailbox| is_server(&mailbox.address))
}

/// A message without what is attached to it as a message; none where nothing is.
pub(crate) fn without_attached(message: &Message) -> Option<Message> {
    let bytes = message.bytes();
    let mut kept = Vec::new();
    let mut from = 0;
    for attached in message.attached_messages() {
        kept.extend(&bytes[from..attached.start]);
        from = attached.end;
    }
    (from > 0).then(|| {
        kept.extend(&bytes[from..]);
        Message::parse(kept)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(mail: &str) -> Option<Carries> {
        carries(&Message::parse(mail), false)
    }

    #[test]
    fn bounces_and_forwards_are_told_apart_from_other_mail() {
        let attached = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nlook\n--b\nContent-Type: message/rfc822\n\n\
                        Subject: x\n\nx\n--b--\n";
        for (mail, carried) in [
            ("From: a@x.example\nSubject: hello\n\nhello\n", None),
            (attached, Some(Carries::Forwarded)),
            (
                &attached.replace("multipart/mixed", "Multipart/Report; report-type=delivery-status"),
                Some(Carries::Reported),
            ),
            ("From: Mail <MAILER-DAEMON@mx.example>\nSubject: failure notice\n\nSorry.\n", Some(Carries::Reported)),
            ("From: postmaster@x.example\nX-Failed-Recipients: b@y.example\n\nSorry.\n", Some(Carries::Reported)),
        ] {
            assert_eq!(of(mail), carried, "{mail}");
        }
        assert_eq!(carries(&Message::parse("Subject: look\n\n"), true), Some(Carries::Forwarded), "in its text");
    }

    #[test]
    fn what_is_attached_is_cut_out_and_nothing_else() {
        let mail =
            "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\nx\n--b\n\nSubject: y\n\ny\n--b--\n";
        let cut = without_attached(&Message::parse(mail)).unwrap();
        assert_eq!(cut.bytes(), mail.replace("Subject: x\n\nx", "").replace("Subject: y\n\ny", "").as_bytes());
        assert!(without_attached(&Message::parse("Subject: x\n\nx\n")).is_none());
    }
}
