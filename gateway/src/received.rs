//! The `Received` field of a mail server that has yet to write it (RFC 5321, section 4.4).
//!
//! A milter does not see the field that its own mail server writes (Postfix's MILTER_README). Mail that models were made of has it,
//! and so has the message that a model judges (<https://github.com/rspamd/rspamd/issues/3895>). Where a message is held here, the
//! mail server's own field is lost with it, so it stands in what is held: it alone says when the message came, and from where
//! (<https://github.com/mailcow/mailcow-dockerized/issues/7000>).

use std::net::IpAddr;

use switchback::jiff::Timestamp;
use switchback::jiff::fmt::rfc2822;
use switchback::jiff::tz::TimeZone;

use crate::field::Field;
use crate::fold::fold;
use crate::mail::Transaction;

/// The longest field, in bytes: four names, an address, a date and what stands between them.
pub(crate) const FIELD_MAX: u64 = 5 * WORD_MAX as u64;

/// The longest word of a client's that is repeated: no name of a host is longer (RFC 1035, section 2.3.4).
const WORD_MAX: usize = 255;

/// The field's value: `from HELO (HOST [ADDRESS]) by SERVER id ID; DATE`, folded by LF and a space. No recipients: one of them may
/// be secret to another. None where the mail server has written it.
pub(crate) fn value(transaction: &Transaction, now: Timestamp) -> Option<String> {
    if !transaction.is_before_received {
        return None;
    }
    let client = &transaction.client;
    let mut words = Vec::new();
    if let Some(ip) = client.ip {
        words.extend(["from".to_owned(), word(client.helo.as_deref())]);
        words.extend([format!("({}", word(client.host.as_deref())), format!("{})", literal(ip.to_canonical()))]);
    }
    words.extend(["by".to_owned(), word(transaction.server.as_deref())]);
    if let Some(id) = &transaction.queue_id {
        words.extend(["id".to_owned(), word(Some(id))]);
    }
    let date = rfc2822::to_string(&now.to_zoned(TimeZone::UTC)).unwrap_or_default();
    let mut words: Vec<_> = words.iter().map(String::as_str).collect();
    let last = words.pop().map(|last| format!("{last};")).unwrap_or_default();
    words.push(&last);
    words.extend(date.split(' '));
    Some(fold("Received", words))
}

/// Puts this value on top of a message, as it will stand in a mailbox, and returns how long the field is.
pub(crate) fn put_above(value: &str, message: &mut Vec<u8>) -> usize {
    let mut field = Vec::new();
    Field::new(b"Received", format!(" {value}").as_bytes()).write(|piece| field.extend_from_slice(piece));
    let length = field.len();
    message.splice(..0, field);
    length
}

/// An address as RFC 5321, section 4.1.3, writes it.
fn literal(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("[{ip}]"),
        IpAddr::V6(ip) => format!("[IPv6:{ip}]"),
    }
}

/// What a client or a mail server called something, without what could end a word, a comment or a line.
fn word(name: Option<&str>) -> String {
    let is_sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    let clean = |name: &str| name.chars().take(WORD_MAX).map(|c| if is_sound(c) { c } else { '?' }).collect::<String>();
    name.map(clean).filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use switchback::Client;

    use super::*;
    use crate::client::counting;
    use crate::config::Config;

    fn transaction(ip: &str, helo: &str) -> Transaction {
        let mut transaction = Transaction::new();
        transaction.is_before_received = true;
        transaction.client = Client::new().ip(ip.parse().unwrap()).helo(helo).host("mail.news.example");
        transaction.server = Some("mx.site.example".to_owned());
        transaction.queue_id = Some("4XyZ".to_owned());
        transaction.envelope = transaction.envelope.recipient("secret@site.example");
        transaction
    }

    fn written(transaction: &Transaction) -> Option<String> {
        value(transaction, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn it_says_how_the_message_came_and_to_nobody_who_else_gets_it() {
        let mut transaction = transaction("203.0.113.9", "mx.news.example");
        assert_eq!(
            written(&transaction).unwrap(),
            "from mx.news.example (mail.news.example [203.0.113.9]) by\n mx.site.example id 4XyZ; Thu, 1 Jan 1970 00:00:00 +0000"
        );
        transaction.client = Client::default();
        transaction.queue_id = None;
        assert_eq!(written(&transaction).unwrap(), "by mx.site.example; Thu, 1 Jan 1970 00:00:00 +0000");
        transaction.is_before_received = false;
        assert_eq!(written(&transaction), None);
    }

    #[test]
    fn it_is_read_as_those_of_mail_servers() {
        let config =
            Config::parse("own_networks = []\nrelays = ['192.0.2.1/32']\nstore = '/s'\nheld.dir = '/h'").unwrap();
        for ip in ["203.0.113.9", "2001:db8::7"] {
            let value = written(&transaction(ip, "mx.news.example")).unwrap();
            let mut message = Vec::new();
            put_above(&value, &mut message);
            let relayed = transaction("192.0.2.1", "relay.site.example");
            let client = counting(&relayed, Field::all_of(&message), &config);
            assert_eq!((client.ip, client.helo.as_deref()), (ip.parse().ok(), Some("mx.news.example")), "{value}");
        }
    }

    #[test]
    fn no_field_is_longer_than_what_is_left_for_it() {
        let mut transaction = transaction("2001:db8:1111:2222:3333:4444:5555:6666", &"x".repeat(5_000));
        transaction.client = transaction.client.host(&"y".repeat(5_000));
        transaction.server = Some("z".repeat(5_000));
        transaction.queue_id = Some("1".repeat(5_000));
        let mut message = b"A: b".to_vec();
        let length = put_above(&written(&transaction).unwrap(), &mut message);
        assert!(length as u64 <= FIELD_MAX && message[length..] == *b"A: b", "{length}");
    }

    #[test]
    fn nothing_that_a_client_says_ends_the_line() {
        for helo in ["a\r\nX: y", "a b) (", "caf\u{e9};", "", &"x".repeat(5_000), "\0"] {
            let value = written(&transaction("203.0.113.9", helo)).unwrap();
            let lines: Vec<_> = value.split('\n').collect();
            assert!(lines[1..].iter().all(|line| line.starts_with(' ')), "{value}");
            assert!(value.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')) && value.len() < 600, "{value}");
            assert_eq!((value.matches(';').count(), value.matches('(').count()), (1, 1), "{value}");
        }
    }
}
