//! What a client tells of a message, in fields that have the names which Rspamd's protocol has for them, in its old form and its
//! new one.

use axum::http::{HeaderMap, HeaderValue};
use switchback::Message;
use switchback_gateway::door::client_address;
use switchback_gateway::{Direction, Transaction};

/// The fields, and what each says.
pub(super) const FIELDS: [(&str, &str); 9] = [
    ("IP", "the address of the SMTP client"),
    ("Helo", "the name that the client gave with HELO or EHLO"),
    ("Hostname", "the client's host name, only if forward and reverse DNS agree"),
    ("From", "MAIL FROM; empty or `<>` for a bounce"),
    ("Rcpt", "RCPT TO: repeated, or several separated by commas"),
    ("Deliver-To", "the recipient, where there is no Rcpt"),
    ("User", "the login name, if the client has authenticated itself"),
    ("Queue-Id", "the mail server's name for the message"),
    ("MTA-Name", "the mail server's own host name"),
];

/// Fields by which a client of Rspamd names a file or shared memory in the place of a message.
const PLACES: [&str; 6] = ["File", "Path", "Shm", "Shm-Offset", "Shm-Length", "Shm-Name"];

/// The field by which a client of Rspamd says that something else stands before the message in the body.
const BEFORE: &str = "Message-Length";

/// What is told of a message.
///
/// What cannot be read is not used, and a log line says so, without the value: half of an envelope is better than no verdict.
///
/// # Errors
/// A sentence for the client, if a field says that the body is not the message, or there are two of a field that can be there once.
pub(super) fn transaction(fields: &HeaderMap) -> Result<Transaction, String> {
    if let Some(name) = PLACES.into_iter().find(|name| fields.contains_key(*name)) {
        return Err(format!("no file is read for a client: send the message as the body, without `{name}`"));
    }
    if fields.contains_key(BEFORE) {
        return Err(format!("the body is the message, and nothing else: send it without `{BEFORE}`"));
    }
    let mut transaction = Transaction::new();
    let envelope =
        one(fields, "From")?.iter().fold(switchback::Envelope::new(), |envelope, from| envelope.mail_from(from));
    transaction.envelope = recipients(fields).iter().fold(envelope, |envelope, address| envelope.recipient(address));
    let mut client = switchback::Client::new();
    if let Some(ip) = told(fields, "IP")? {
        match client_address(&ip) {
            Some(ip) => client = client.ip(ip),
            None => malformed("IP"),
        }
    }
    if let Some(name) = told(fields, "Helo")? {
        client = client.helo(&name);
    }
    // Clients of Rspamd write so where they do not know it.
    if let Some(name) = told(fields, "Hostname")?.filter(|name| name != "unknown") {
        client = client.host(&name);
    }
    transaction.client = client;
    transaction.user = told(fields, "User")?;
    transaction.queue_id = told(fields, "Queue-Id")?;
    transaction.server = told(fields, "MTA-Name")?;
    // Whoever knows neither asks about mail that arrives.
    if transaction.client.ip.is_none() && transaction.user.is_none() {
        transaction.direction = Some(Direction::Inbound);
    }
    Ok(transaction)
}

fn recipients(fields: &HeaderMap) -> Vec<String> {
    let named = |name| fields.get_all(name).iter().filter_map(move |value| text(name, value));
    let told: Vec<_> = named("Rcpt").flat_map(|list| separated(&list)).collect();
    if told.is_empty() { named("Deliver-To").filter(|address| !address.is_empty()).collect() } else { told }
}

/// The value of a field that says nothing where it is empty, as clients send what they do not know.
fn told(fields: &HeaderMap, name: &'static str) -> Result<Option<String>, String> {
    Ok(one(fields, name)?.filter(|value| !value.is_empty()))
}

/// The value of a field that can be there once.
fn one(fields: &HeaderMap, name: &'static str) -> Result<Option<String>, String> {
    let mut values = fields.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(format!("there are two fields `{name}`"));
    }
    Ok(first.and_then(|value| text(name, value)))
}

/// A value, which may be UTF-8 as in SMTPUTF8, or encoded words, as some clients send an envelope.
fn text(name: &'static str, value: &HeaderValue) -> Option<String> {
    let Ok(text) = std::str::from_utf8(value.as_bytes()) else {
        malformed(name);
        return None;
    };
    let text = text.trim();
    let text = if text.contains("=?") { decoded(text) } else { text.to_owned() };
    if text.chars().any(|c| (c.is_control() && c != '\t') || c == char::REPLACEMENT_CHARACTER) {
        malformed(name);
        return None;
    }
    Some(text)
}

/// Encoded words (RFC 2047) as what they stand for.
fn decoded(text: &str) -> String {
    Message::parse(format!("Subject: {text}\r\n\r\n")).subject().to_string()
}

fn malformed(name: &str) {
    tracing::warn!("the field `{name}` of a request is malformed, and not used");
}

/// Addresses that are separated by commas, which a quoted local part may have, too.
fn separated(list: &str) -> Vec<String> {
    let (mut addresses, mut is_quoted, mut is_escaped) = (vec![String::new()], false, false);
    for c in list.chars() {
        match c {
            ',' if !is_quoted => {
                addresses.push(String::new());
                continue;
            }
            '"' if !is_escaped => is_quoted = !is_quoted,
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
        if let Some(address) = addresses.last_mut() {
            address.push(c);
        }
    }
    let addresses = addresses.iter().map(|address| address.trim().to_owned());
    addresses.filter(|address| !address.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&'static str, &[u8])]) -> Result<Transaction, String> {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        transaction(&map)
    }

    // haraka-plugin-rspamd#47: an envelope came as encoded words, and was taken for broken.
    #[test]
    fn an_envelope_is_read_however_it_is_written() {
        for from in [&b"root@test.com"[..], b"<root@test.com>", b"=?UTF-8?Q?root=40test=2Ecom?=", b" root@test.com "] {
            let told = read(&[("from", from)]).unwrap();
            assert_eq!(told.envelope.mail_from.as_deref(), Some("root@test.com"), "{from:?}");
        }
        let raw = read(&[("from", "j\u{f6}rg@m\u{fc}ller.example".as_bytes())]).unwrap();
        assert_eq!(raw.envelope.mail_from.as_deref(), Some("j\u{f6}rg@m\u{fc}ller.example"));
        for bounce in [&b""[..], b"<>"] {
            assert_eq!(read(&[("from", bounce)]).unwrap().envelope.mail_from.as_deref(), Some(""));
        }
        for malformed in [&b"j\xf6rg@x.example"[..], b"=?UTF-8?B?AAEC?=", b"=?utf-8?q?=FF?="] {
            assert_eq!(read(&[("from", malformed)]).unwrap().envelope.mail_from, None, "{malformed:?}");
        }
    }

    #[test]
    fn recipients_are_repeated_or_separated() {
        let told =
            read(&[("rcpt", b"a@x.example, <b@x.example>"), ("rcpt", b"\"c,d\"@x.example,"), ("deliver-to", b"z")]);
        let recipients: Vec<_> = told.unwrap().envelope.recipients.iter().map(|address| address.to_string()).collect();
        assert_eq!(recipients, ["a@x.example", "b@x.example", "\"c,d\"@x.example"]);
    }

    // rspamd#4247: tabs in an address, as Postfix lets them pass, lost the recipient.
    #[test]
    fn white_space_around_an_address_is_none_of_it() {
        let told = read(&[("from", b"<a@x.example\t>"), ("rcpt", b"<b@x.example\t\t>,\t< c@x.example>")]).unwrap();
        let recipients: Vec<_> = told.envelope.recipients.iter().map(|address| address.to_string()).collect();
        assert_eq!(told.envelope.mail_from.as_deref(), Some("a@x.example"));
        assert_eq!(recipients, ["b@x.example", "c@x.example"]);
    }

    // Haraka#1230: what a client does not know it sends as an empty field.
    #[test]
    fn an_empty_field_says_nothing() {
        let told = read(&[("ip", b""), ("helo", b""), ("hostname", b" "), ("user", b""), ("queue-id", b"")]).unwrap();
        assert_eq!((told.client, told.user, told.queue_id), (switchback::Client::new(), None, None));
        assert_eq!(told.direction, Some(Direction::Inbound));
    }

    #[test]
    fn mail_of_which_nothing_is_known_arrives() {
        assert_eq!(read(&[]).unwrap().direction, Some(Direction::Inbound));
        assert_eq!(read(&[("ip", b"nonsense")]).unwrap().direction, Some(Direction::Inbound));
        assert_eq!(read(&[("ip", b"192.0.2.7")]).unwrap().direction, None);
        assert_eq!(read(&[("user", b"ada")]).unwrap().direction, None);
        let client = read(&[("ip", b"::ffff:192.0.2.7"), ("hostname", b"unknown"), ("helo", b"mx")]).unwrap().client;
        assert_eq!((client.ip, client.host, client.helo.as_deref()), (Some([192, 0, 2, 7].into()), None, Some("mx")));
    }

    // rspamd#5157: with this field, what stands before the message is settings in JSON.
    #[test]
    fn a_body_of_two_parts_is_refused() {
        assert!(read(&[("message-length", b"10")]).unwrap_err().contains("the body is the message"));
    }

    #[test]
    fn no_field_names_a_place() {
        for name in ["file", "path", "shm", "shm-offset", "shm-length"] {
            assert!(read(&[(name, b"/etc/passwd")]).unwrap_err().contains("no file is read"), "{name}");
        }
        assert!(read(&[("ip", b"192.0.2.7"), ("ip", b"192.0.2.8")]).unwrap_err().contains("two fields"));
    }
}
