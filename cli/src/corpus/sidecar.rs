//! What a filter knew of a message besides its bytes, as a file beside it: `message.eml.json`.

use std::fs::File;
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use switchback::{Authentication, Client, Envelope, MessageBuilder};

/// The largest sidecar, in bytes.
const BYTES_MAX: u64 = 1 << 20;

/// A sidecar. What is not in it is unknown.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Sidecar {
    pub(crate) envelope: Option<Transaction>,
    pub(crate) client: Peer,
    /// What the filter verified itself.
    #[serde(deserialize_with = "authentication")]
    pub(crate) authentication: Option<Authentication>,
    pub(crate) tenant: Option<String>,
}

/// The envelope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Transaction {
    pub(crate) mail_from: Option<String>,
    pub(crate) recipients: Vec<String>,
}

/// The SMTP client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Peer {
    pub(crate) ip: Option<IpAddr>,
    pub(crate) helo: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) tls: Option<bool>,
}

impl Sidecar {
    /// Reads the sidecar of a message's file, if it has one.
    pub(super) fn beside(message: &Path) -> io::Result<Option<Self>> {
        let path = path_of(message);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(in_sidecar(&path, &error)),
        };
        let mut text = String::new();
        file.take(BYTES_MAX).read_to_string(&mut text).map_err(|error| in_sidecar(&path, &error))?;
        Self::of(&text).map(Some).map_err(|error| in_sidecar(&path, &error))
    }

    /// Reads a sidecar's text. It and its parts are objects: a list would be taken for the fields in their order.
    fn of(text: &str) -> serde_json::Result<Self> {
        let given: Value = serde_json::from_str(text)?;
        let parts = ["envelope", "client", "authentication"].map(|part| (part, given.get(part)));
        let odd = parts.into_iter().find(|(_, part)| part.is_some_and(|part| !part.is_object() && !part.is_null()));
        match odd {
            _ if !given.is_object() => Err(serde_json::Error::custom("it is no JSON object")),
            Some((part, _)) => Err(serde_json::Error::custom(format_args!("`{part}` is no JSON object"))),
            None => serde_json::from_str(text),
        }
    }

    /// The message with what is known of it.
    pub(crate) fn tell(self, mut message: MessageBuilder) -> MessageBuilder {
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

/// What was verified; a field that the library does not know is an error here too.
fn authentication<'de, D: Deserializer<'de>>(sidecar: D) -> Result<Option<Authentication>, D::Error> {
    let given = Value::deserialize(sidecar)?;
    let known = serde_json::to_value(Authentication::default()).map_err(D::Error::custom)?;
    let unknown = given.as_object().and_then(|fields| fields.keys().find(|field| known.get(field).is_none()));
    match unknown {
        Some(field) => Err(D::Error::custom(format_args!("unknown field `{field}` in `authentication`"))),
        None => serde_json::from_value(given).map_err(D::Error::custom),
    }
}

/// Where the sidecar of a message would be.
pub(super) fn path_of(message: &Path) -> PathBuf {
    let mut path = message.as_os_str().to_owned();
    path.push(".json");
    path.into()
}

fn in_sidecar(path: &Path, error: &dyn std::error::Error) -> io::Error {
    io::Error::other(format!("its sidecar {}: {error}; --no-sidecars leaves such files out", path.display()))
}

#[cfg(test)]
mod tests {
    use switchback::{AuthResult, Message};

    use super::*;

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
        for (text, why) in [
            ("{", "EOF"),
            ("{\"label\": 1}", "unknown field `label`"),
            ("[]", "it is no JSON object"),
            ("{\"client\": []}", "`client` is no JSON object"),
            MISSPELT,
        ] {
            std::fs::write(dir.path().join("m.eml.json"), text).unwrap();
            let error = Sidecar::beside(&message).unwrap_err().to_string();
            assert!(error.contains("m.eml.json: ") && error.contains(why), "{error}");
        }
    }
}
