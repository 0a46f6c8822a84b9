//! What a filter knew of a message besides its bytes, as options.

use std::net::IpAddr;
use std::path::Path;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use switchback::MessageBuilder;
use switchback_corpus::address::{forward_path, reverse_path};
use switchback_corpus::{Peer, Sidecar, Transaction};

use crate::file::read_small;

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
    #[arg(long, value_name = "YES|NO", value_parser = PossibleValuesParser::new(["yes", "no"]).map(|text| text == "yes"))]
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
        let Sidecar { envelope, client, authentication, tenant, held } = sidecar;
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
        Sidecar { envelope, client, authentication, tenant: self.tenant.clone().or(tenant), held }
    }

    /// The message with the key, if there is one.
    pub(crate) fn with_key(&self, message: MessageBuilder) -> MessageBuilder {
        self.recipient_key_file.into_iter().fold(message, MessageBuilder::recipient_key)
    }
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
    let text = read_small(Path::new(path)).map_err(|error| format!("{error:#}"))?;
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
    use std::fs;

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
    fn a_key_has_64_digits() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        for (text, is_key) in [("ab".repeat(32), true), ("ab".repeat(31), false), ("é".repeat(32), false)] {
            fs::write(path, text + "\n").unwrap();
            assert_eq!(recipient_key(path).is_ok(), is_key);
        }
        fs::write(path, "0f".repeat(32)).unwrap();
        assert_eq!(recipient_key(path), Ok([15; 32]));
        assert!(recipient_key("/dev/zero").unwrap_err().contains("/dev/zero: it is larger than"));
    }
}
