//! Messages that SpamAssassin put into a report of its own, as it does with all that it takes for spam unless it is told otherwise
//! (`report_safe`).

use std::ops::Range;

use memchr::memmem;
use switchback::Message;
use switchback::message::Recipients;

/// The parameter of the part with the message as it came (Mail::SpamAssassin::PerMsgStatus).
const ORIGINAL: &[u8] = b"x-spam-type=original";

/// What SpamAssassin writes into the field `Received` of a report.
const BY_SPAMASSASSIN: &str = "with SpamAssassin (version ";

/// What Postfix writes into that of a message that a program of its own host submits, such as the one that called SpamAssassin.
const LOCALLY: &str = "(Postfix, from userid ";

/// The message as it came, where SpamAssassin put it into a report; none where it did not. What a trained model will see is this, so it
/// is what is learned from: of the report a model would learn another filter's verdict.
///
/// A report is believed where nothing came between SpamAssassin and the mailbox but local submission: a sender can write one, too, and
/// then the field of the server that took it stands above.
pub fn original(message: &Message) -> Option<Message> {
    let received = message.header("received", Recipients::Granted);
    received.iter().find(|by| !by.contains(LOCALLY)).filter(|by| by.contains(BY_SPAMASSASSIN))?;
    let bytes = message.bytes();
    // Also of a message that somebody forwards a report in.
    let boundary =
        message.header("content-type", Recipients::Granted).into_iter().find_map(|value| boundary(&value))?;
    let mark = memmem::find(bytes, ORIGINAL)?;
    let delimiter = [b"\n--", boundary.as_bytes()].concat();
    let header = memmem::rfind(&bytes[..mark], &delimiter)? + delimiter.len();
    let body = header + blank_line(&bytes[header..])?.end;
    if body <= mark {
        return None;
    }
    let end = memmem::find(&bytes[body - 1..], &delimiter).map_or(bytes.len(), |end| body - 1 + end);
    let original = bytes.get(body..end)?;
    Some(Message::parse(original.strip_suffix(b"\r").unwrap_or(original)))
}

/// The boundary that a Content-Type names.
fn boundary(value: &str) -> Option<String> {
    let (_, after) = value.split_once("boundary=")?;
    let quoted = after.strip_prefix('"').and_then(|quoted| quoted.split_once('"'));
    let boundary =
        quoted.map_or_else(|| after.split([';', ' ', '\t']).next().unwrap_or_default(), |(quoted, _)| quoted);
    (!boundary.is_empty()).then(|| boundary.to_owned())
}

/// The end of a line and the blank line behind it.
fn blank_line(bytes: &[u8]) -> Option<Range<usize>> {
    let ends = [&b"\n\n"[..], b"\n\r\n"].map(|end| memmem::find(bytes, end).map(|at| at..at + end.len()));
    ends.into_iter().flatten().min_by_key(|end| end.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Tue, 1 Apr 2025 09:00:01 +0000";

    /// What SpamAssassin writes in front of a report.
    const RECEIVED: &str = "Received: from localhost by mx.home.example\n\twith SpamAssassin (version 4.0.1);\n\tTue, 01 Apr 2025 09:00:01 +0000\n";

    const SPAM: &str =
        "Received: from a by b; Tue, 1 Apr 2025 09:00:00 +0000\nFrom: pills@y.example\nSubject: cheap\n\npills\n";

    /// A report as SpamAssassin 4.0.1 writes it, shortened.
    fn report(kind: &str) -> String {
        format!(
            "{RECEIVED}From: pills@y.example\nSubject: *****SPAM***** cheap\nX-Spam-Flag: YES\nMIME-Version: 1.0\n\
             Content-Type: multipart/mixed; boundary=\"----------=_67EBACE1.5E6F1BAA\"\n\nThis is a multi-part message in MIME format.\n\n\
             ------------=_67EBACE1.5E6F1BAA\nContent-Type: text/plain; charset=UTF-8\nContent-Disposition: inline\n\n\
             Spam detection software, running on the system \"mx.home.example\",\nhas identified this incoming email as possible spam.\n\n\
             ------------=_67EBACE1.5E6F1BAA\nContent-Type: {kind}; x-spam-type=original\n\
             Content-Description: original message before SpamAssassin\nContent-Disposition: attachment\n\
             Content-Transfer-Encoding: 8bit\n\n{SPAM}\n------------=_67EBACE1.5E6F1BAA--\n\n"
        )
    }

    #[test]
    fn a_report_is_the_message_that_it_is_about() {
        for kind in ["message/rfc822", "text/plain"] {
            let again = format!(
                "Received: by mx.home.example (Postfix, from userid 110)\n\tid 7F2A3; {DATE}\n{}",
                report(kind)
            );
            for mail in [report(kind), report(kind).replace('\n', "\r\n"), again] {
                let found = original(&Message::parse(mail.clone())).unwrap();
                assert_eq!(String::from_utf8_lossy(found.bytes()).replace('\r', ""), SPAM, "{mail}");
            }
        }
    }

    #[test]
    fn what_only_speaks_of_one_or_carries_one_or_came_as_one_is_what_it_is() {
        let forged =
            format!("Received: from y.example by mx.home.example with ESMTP; {DATE}\n{}", report("message/rfc822"));
        let carried = format!(
            "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nlook\n--b\nContent-Type: message/rfc822\n\n{}\n--b--\n",
            report("message/rfc822")
        );
        let spoken = format!(
            "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx-spam-type=original\n--b--\n{SPAM}"
        );
        let empty = "Content-Type: multipart/mixed; boundary=\"\"\n\nx-spam-type=original";
        for mail in [
            forged,
            format!("{RECEIVED}{carried}"),
            format!("{RECEIVED}{spoken}"),
            format!("{RECEIVED}{empty}"),
            SPAM.to_owned(),
        ] {
            assert!(original(&Message::parse(mail.clone())).is_none(), "{mail}");
        }
    }
}
