//! What a filter knew of a message besides its bytes, as options.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use clap::builder::BoolishValueParser;
use switchback::MessageBuilder;

use crate::corpus::{Peer, Sidecar, Transaction};
use crate::show::printable;

/// What the transaction said that a message came with. A sidecar file says it for each message; an option stands above it.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "The message's transaction (see also --no-sidecars)")]
pub(crate) struct ContextArgs {
    /// The sender of the envelope; '' is the null sender
    #[arg(long, value_name = "ADDRESS", value_parser = reverse_path)]
    mail_from: Option<String>,

    /// A recipient of the envelope (repeatable)
    #[arg(long, value_name = "ADDRESS", value_parser = forward_path)]
    rcpt: Vec<String>,

    /// The address of the SMTP client; an IPv4 address may be written as IPv6
    #[arg(long, value_name = "IP")]
    client_ip: Option<IpAddr>,

    /// The name that the client gave with HELO or EHLO
    #[arg(long, value_name = "NAME", value_parser = name)]
    helo: Option<String>,

    /// The client's host name, on which forward and reverse DNS agree
    #[arg(long, value_name = "NAME", value_parser = name)]
    client_host: Option<String>,

    /// Whether the connection was encrypted
    #[arg(long, value_name = "YES|NO", value_parser = BoolishValueParser::new())]
    client_tls: Option<bool>,

    /// For which of the filter's tenants the message is
    #[arg(long, value_name = "NAME", value_parser = name)]
    tenant: Option<String>,

    /// The filter's key for hashes of recipients: a file with 64 hexadecimal digits
    #[arg(long, value_name = "FILE", value_parser = recipient_key)]
    recipient_key_file: Option<Key>,
}

type Key = [u8; 32];

impl ContextArgs {
    /// What is known of a message with this sidecar.
    pub(crate) fn over(&self, sidecar: Sidecar) -> Sidecar {
        let Sidecar { envelope, client, authentication, tenant } = sidecar;
        let is_envelope_given = self.mail_from.is_some() || !self.rcpt.is_empty();
        let envelope = (is_envelope_given || envelope.is_some()).then(|| {
            let Transaction { mail_from, recipients } = envelope.unwrap_or_default();
            let recipients = if self.rcpt.is_empty() { recipients } else { self.rcpt.clone() };
            Transaction { mail_from: self.mail_from.clone().or(mail_from), recipients }
        });
        let client = Peer {
            ip: self.client_ip.or(client.ip),
            helo: self.helo.clone().or(client.helo),
            host: self.client_host.clone().or(client.host),
            tls: self.client_tls.or(client.tls),
        };
        Sidecar { envelope, client, authentication, tenant: self.tenant.clone().or(tenant) }
    }

    /// The message with the key, if there is one.
    pub(crate) fn with_key(&self, message: MessageBuilder) -> MessageBuilder {
        self.recipient_key_file.into_iter().fold(message, MessageBuilder::recipient_key)
    }
}

/// `MAIL FROM`: an address, or nothing for the null sender.
fn reverse_path(text: &str) -> Result<String, String> {
    if matches!(text.trim(), "" | "<>") { Ok(String::new()) } else { address(text) }
}

/// `RCPT TO`: an address, or `postmaster` alone (RFC 5321, section 4.5.1).
fn forward_path(text: &str) -> Result<String, String> {
    let is_postmaster = text.trim().eq_ignore_ascii_case("postmaster");
    if is_postmaster { Ok(text.trim().to_owned()) } else { address(text) }
}

/// The longest address, in bytes: 64 before the `@`, and 255 behind it (RFC 5321, section 4.5.3.1).
const ADDRESS_BYTES_MAX: usize = 320;

/// An address as SMTP has it, so far as a mistake shows: what a server would have accepted is not told by its form.
fn address(text: &str) -> Result<String, String> {
    let text = text.trim();
    let bare = text.strip_prefix('<').and_then(|inner| inner.strip_suffix('>')).unwrap_or(text);
    let refuse = |why: &str| Err(format!("`{}` is no address: {why}", printable(bare, ADDRESS_BYTES_MAX)));
    if bare.len() > ADDRESS_BYTES_MAX {
        return refuse("it has more than 320 bytes");
    }
    let Some((local, domain)) = bare.rsplit_once('@') else { return refuse("there is no `@`") };
    if local.is_empty() || domain.is_empty() {
        return refuse("there is something before and behind the `@` of one");
    }
    let is_quoted = local.starts_with('"') && local.ends_with('"');
    let is_odd = |c: char| c.is_control() || (c.is_whitespace() || "<>,;".contains(c)) && !is_quoted;
    if local.chars().any(is_odd) {
        return refuse("before the `@` there is a character that belongs into no address");
    }
    let is_literal = domain.starts_with('[') && domain.ends_with(']');
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || "<>,;@()\"\\".contains(c);
    if domain.chars().any(is_odd) || !is_literal && domain.trim_end_matches('.').split('.').any(str::is_empty) {
        return refuse("behind the `@` there is no domain");
    }
    Ok(bare.to_owned())
}

/// A name on one line.
fn name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a name has at least one character; without the option there is none".to_owned()),
        name if name.chars().any(char::is_control) => Err("a name has no control characters".to_owned()),
        name => Ok(name.to_owned()),
    }
}

fn recipient_key(path: &str) -> Result<Key, String> {
    let text = fs::read_to_string(Path::new(path)).map_err(|error| format!("cannot read it: {error}"))?;
    let text = text.trim();
    let mut key = Key::default();
    let digits = || "it does not have 64 hexadecimal digits, and nothing else".to_owned();
    if text.len() != 2 * key.len() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(digits());
    }
    for (place, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).map_err(|_| digits())?;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_stands_above_the_sidecar_and_leaves_the_rest_of_it() {
        let sidecar: Sidecar = serde_json::from_str(
            r#"{"envelope": {"mail_from": "a@x.example", "recipients": ["b@y.example"]}, "client": {"helo": "x"}}"#,
        )
        .unwrap();
        let nothing = ContextArgs::default();
        assert_eq!(nothing.over(sidecar.clone()), sidecar);
        assert_eq!(nothing.over(Sidecar::default()), Sidecar::default());
        let given = ContextArgs {
            mail_from: Some(String::new()),
            client_ip: Some([192, 0, 2, 7].into()),
            ..ContextArgs::default()
        };
        let told = given.over(sidecar);
        let envelope = told.envelope.unwrap();
        assert_eq!((envelope.mail_from.as_deref(), envelope.recipients.len()), (Some(""), 1));
        assert_eq!((told.client.ip, told.client.helo.as_deref()), (Some([192, 0, 2, 7].into()), Some("x")));
    }

    #[test]
    fn an_address_is_one_that_a_server_could_have_been_told() {
        for (text, kept) in [
            ("a@x.example", "a@x.example"),
            (" <A.b+c@x.example.> ", "A.b+c@x.example."),
            ("\"a b\"@x.example", "\"a b\"@x.example"),
            ("ä@bücher.example", "ä@bücher.example"),
            ("a@[192.0.2.1]", "a@[192.0.2.1]"),
            ("root@localhost", "root@localhost"),
        ] {
            for parsed in [reverse_path(text), forward_path(text)] {
                assert_eq!(parsed.as_deref(), Ok(kept), "{text}");
            }
        }
        let long = format!("{}@x.example", "a".repeat(320));
        for (text, why) in [
            ("news", "no `@`"),
            ("@x.example", "before and behind"),
            ("a@", "before and behind"),
            ("a b@x.example", "before the `@`"),
            ("a@x.example, b@x.example", "before the `@`"),
            ("a\r\nRCPT@x.example", "before the `@`"),
            ("a@x..example", "no domain"),
            ("a@x example", "no domain"),
            (&long, "320 bytes"),
        ] {
            for refused in [reverse_path(text).unwrap_err(), forward_path(text).unwrap_err()] {
                assert!(refused.contains(why) && !refused.contains('\n'), "{refused}");
            }
        }
        assert_eq!((reverse_path("<>"), reverse_path("")), (Ok(String::new()), Ok(String::new())));
        assert!(forward_path("").is_err());
        assert_eq!(forward_path("Postmaster").as_deref(), Ok("Postmaster"));
    }

    #[test]
    fn a_key_has_64_digits() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        for (text, is_key) in [("ab".repeat(32), true), ("ab".repeat(31), false), ("é".repeat(32), false)] {
            fs::write(path, text + "\n").unwrap();
            assert_eq!(recipient_key(path).is_ok(), is_key);
        }
        fs::write(path, "0f".repeat(32)).unwrap();
        assert_eq!(recipient_key(path), Ok([15; 32]));
    }
}
