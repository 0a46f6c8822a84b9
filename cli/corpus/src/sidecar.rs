//! What a filter knew of a message besides its bytes, as a file beside it: `message.eml.json`.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny};
use serde_json::Value;
use switchback::files::InWords;
use switchback::{Authentication, Client, Envelope, MessageBuilder};

use crate::address::{forward_path, reverse_path};

/// The largest sidecar, in bytes.
const BYTES_MAX: u64 = 1 << 20;

/// A sidecar. What is not in it is unknown.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sidecar {
    /// The SMTP transaction.
    pub envelope: Option<Transaction>,
    /// Who delivered it.
    pub client: Peer,
    /// What the filter verified itself.
    pub authentication: Option<Authentication>,
    /// For which of the filter's tenants it is.
    pub tenant: Option<String>,
    /// What a gateway keeps of a message that it holds: of no use to a model.
    pub held: IgnoredAny,
}

/// The envelope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Transaction {
    /// The sender; empty is the null sender.
    pub mail_from: Option<String>,
    /// The recipients.
    pub recipients: Vec<String>,
}

/// The SMTP client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Peer {
    /// Its address.
    pub ip: Option<IpAddr>,
    /// The name that it gave with HELO or EHLO.
    pub helo: Option<String>,
    /// Its host name, on which forward and reverse DNS agree.
    pub host: Option<String>,
    /// Whether the connection was encrypted.
    pub tls: Option<bool>,
}

impl Sidecar {
    /// Reads the sidecar of a message's file, if it has one.
    pub(super) fn beside(message: &Path) -> io::Result<Option<Self>> {
        let path = path_of(message);
        match fs::symlink_metadata(&path) {
            // A name that is too long for a file has none.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename) => Ok(None),
            Ok(found) if found.is_symlink() && matches!(path.try_exists(), Ok(false)) => {
                Err(in_sidecar(&path, &io::Error::other("it is a link to what is not there")))
            }
            _ => Self::read(&path).map(Some).map_err(|error| in_sidecar(&path, &error)),
        }
    }

    fn read(path: &Path) -> io::Result<Self> {
        // Not opened before that is known: opening a pipe waits for whoever writes into it.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        let mut text = String::new();
        File::open(path)?.take(BYTES_MAX + 1).read_to_string(&mut text)?;
        if text.len() as u64 > BYTES_MAX {
            return Err(io::Error::other(format!("it has more than {} MiB", BYTES_MAX >> 20)));
        }
        Ok(Self::of(&text)?)
    }

    /// Reads a sidecar's text. It and its parts are objects: a list would be taken for the fields in their order.
    fn of(text: &str) -> serde_json::Result<Self> {
        if text.trim().is_empty() {
            return Err(serde_json::Error::custom("it is empty; `{}` says that nothing is known"));
        }
        let given: Value = serde_json::from_str(text)?;
        let parts = ["envelope", "client", "authentication"].map(|part| (part, given.get(part)));
        let odd = parts.into_iter().find(|(_, part)| part.is_some_and(|part| !part.is_object() && !part.is_null()));
        match odd {
            _ if !given.is_object() => Err(serde_json::Error::custom("it is not a JSON object")),
            Some((part, _)) => Err(serde_json::Error::custom(format_args!("`{part}` is not a JSON object"))),
            None => serde_json::from_str::<Self>(text)?.checked(),
        }
    }

    /// With addresses that are some, as the options have them.
    fn checked(mut self) -> serde_json::Result<Self> {
        let odd = |field: &str, why| serde_json::Error::custom(format_args!("`{field}`: {why}"));
        if let Some(Transaction { mail_from, recipients }) = &mut self.envelope {
            if let Some(sender) = mail_from {
                *sender = reverse_path(sender).map_err(|why| odd("mail_from", why))?;
            }
            for recipient in recipients {
                *recipient = forward_path(recipient).map_err(|why| odd("recipients", why))?;
            }
        }
        Ok(self)
    }

    /// The message with what is known of it.
    pub fn tell(self, mut message: MessageBuilder) -> MessageBuilder {
        if let Some(Transaction { mail_from, recipients }) = self.envelope {
            let envelope = mail_from.iter().fold(Envelope::new(), |envelope, sender| envelope.mail_from(sender));
            message = message.envelope(recipients.iter().fold(envelope, |envelope, to| envelope.recipient(to)));
        }
        message = message.client(self.client.client());
        if let Some(authentication) = self.authentication {
            message = message.authentication(authentication);
        }
        self.tenant.iter().fold(message, |message, tenant| message.tenant(tenant))
    }
}

impl Peer {
    fn client(self) -> Client {
        let client = self.ip.into_iter().fold(Client::new(), Client::ip);
        let client = self.helo.iter().fold(client, |client, helo| client.helo(helo));
        let client = self.host.iter().fold(client, |client, host| client.host(host));
        self.tls.into_iter().fold(client, Client::tls)
    }
}

/// Where the sidecar of a message would be.
pub(super) fn path_of(message: &Path) -> PathBuf {
    let mut path = message.as_os_str().to_owned();
    path.push(".json");
    path.into()
}

/// In words, without the system's number: the message's own file has no such error.
fn in_sidecar(path: &Path, error: &io::Error) -> io::Error {
    let why = InWords(error);
    io::Error::other(format!("its sidecar {}: {why}; --no-sidecars leaves such files out", path.display()))
}

#[cfg(test)]
mod tests {
    use switchback::{AuthResult, Message};

    use super::*;
    use crate::Unread;

    #[test]
    fn a_sidecar_makes_the_message_that_the_filter_had() {
        let told = Sidecar::of(
            r#"{"envelope": {"mail_from": "<a@x.example>", "recipients": ["b@y.example"]},
                "client": {"ip": "::ffff:192.0.2.7", "helo": "mx.x.example", "tls": true},
                "authentication": {"dmarc": "pass"}}"#,
        )
        .unwrap();
        let message = told.tell(Message::builder("Subject: x\n\n")).build();
        let mut authentication = Authentication::default();
        authentication.dmarc = AuthResult::Pass;
        let expected = Message::builder("Subject: x\n\n")
            .envelope(Envelope::new().mail_from("a@x.example").recipient("b@y.example"))
            .client(Client::new().ip([192, 0, 2, 7].into()).helo("mx.x.example").tls(true))
            .authentication(authentication)
            .build();
        assert_eq!(message.context_digest(), expected.context_digest());
        let nothing = Sidecar::default().tell(Message::builder("")).build();
        assert_eq!(nothing.context_digest(), Message::parse("").context_digest());
    }

    const MISSPELT: (&str, &str) = (r#"{"authentication": {"dmrac": "pass"}}"#, "unknown field `dmrac`");

    #[test]
    fn a_file_beside_a_message_that_is_no_sidecar_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let message = dir.path().join("m.eml");
        assert_eq!(Sidecar::beside(&message).unwrap(), None);
        let large = format!("{{}}{}", " ".repeat(1 << 20));
        for (text, why) in [
            ("{", "EOF"),
            ("", "it is empty"),
            (" \n", "it is empty"),
            (&large, "more than 1 MiB"),
            (r#"{"authentication": {"dmarc": "fail", "dmarc": "pass"}}"#, "duplicate field `dmarc`"),
            (r#"{"tenant": "a", "tenant": "b"}"#, "duplicate field `tenant`"),
            (
                r#"{"envelope": {"mail_from": "not an address"}}"#,
                "`mail_from`: `not an address` is not a valid address",
            ),
            (r#"{"envelope": {"recipients": ["b@y.example", ""]}}"#, "`recipients`: `` is not a valid address"),
            ("{\"label\": 1}", "unknown field `label`"),
            ("[]", "it is not a JSON object"),
            ("{\"client\": []}", "`client` is not a JSON object"),
            MISSPELT,
        ] {
            fs::write(dir.path().join("m.eml.json"), text).unwrap();
            let error = Sidecar::beside(&message).unwrap_err().to_string();
            assert!(error.contains("m.eml.json: ") && error.contains(why), "{error}");
        }
    }
    #[test]
    fn what_is_no_regular_file_is_no_sidecar_and_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let message = dir.path().join("m.eml");
        let sidecar = dir.path().join("m.eml.json");
        let refused = |why: &str| {
            let error = Unread::from(Sidecar::beside(&message).unwrap_err()).about("m.eml");
            assert!(error.contains("m.eml.json: ") && error.contains(why), "{error}");
        };
        fs::create_dir(&sidecar).unwrap();
        refused("it is not a regular file");
        fs::remove_dir(&sidecar).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &sidecar).unwrap();
        refused("it is not a regular file");
        fs::remove_file(&sidecar).unwrap();
        std::os::unix::fs::symlink("nowhere", &sidecar).unwrap();
        refused("it is a link to what is not there");
        fs::remove_file(&sidecar).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&sidecar).status().unwrap().success());
        refused("it is not a regular file");
        assert_eq!(Sidecar::beside(&dir.path().join("m".repeat(253))).unwrap(), None);
    }
}
