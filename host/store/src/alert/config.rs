//! Where alerts go.

use std::env::VarError;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use url::Url;

use super::changes::Changes;
use crate::limits::{SECRET_FILE_BYTES_MAX, WEBHOOK_SECRET_BYTES_MAX, WEBHOOK_SECRET_BYTES_MIN};

/// Where alerts go. By default nowhere but into the metrics and, as warnings, to the subscriber of `tracing`.
///
/// A configuration says it as in this TOML, each part of which may be absent:
///
/// ```toml
/// webhook = { url = "https://hooks.example/T0", secret_file = "/etc/filter/webhook-secret" }
/// command = "mail -s alert ada@filter.example"
/// syslog = "local"
/// changes = "told"
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct AlertConfig {
    /// A web address.
    pub webhook: Option<Webhook>,
    /// A command of the shell. It reads the alert on its standard input, as JSON, and finds the main fields in its
    /// environment.
    pub command: Option<String>,
    /// The system's log.
    pub syslog: Syslog,
    /// Whether each change of the store is told as well, with the ledger's head.
    pub changes: Changes,
}

/// Whether alerts go into the system's log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Syslog {
    /// They do not.
    #[default]
    Off,
    /// To where the system's log listens: `/dev/log`, else `/var/run/syslog` or `/var/run/log`.
    Local,
    /// To this socket: in a container, say.
    Socket(PathBuf),
}

/// A web address that alerts are posted to. Only its scheme and host are ever printed: the rest is often a secret.
///
/// A configuration names the `url`, and either the file that holds the secret, `secret_file`, or the environment variable
/// that does, `secret_env`. It is read at once.
#[derive(Clone)]
pub struct Webhook {
    pub(super) url: Url,
    pub(super) secret: Secret,
}

/// A webhook in a configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookEntry {
    url: String,
    secret_file: Option<PathBuf>,
    secret_env: Option<String>,
}

/// What posted alerts are signed with: 24 to 64 bytes, written in base64 with or without `whsec_` before it, as
/// [Standard Webhooks](https://www.standardwebhooks.com) has it. `openssl rand -base64 32` makes one. There is no way to
/// print it.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl AlertConfig {
    switchback_model::setters! {
        /// Posts alerts to a web address.
        pub webhook: Some(Webhook);

        /// Gives alerts to a command of the shell.
        pub command: Some(impl Into<String>);

        /// Sets whether alerts go into the system's log.
        pub syslog: Syslog;

        /// Sets whether each change of the store is told as well.
        pub changes: Changes;
    }

    /// Whether alerts go nowhere.
    pub fn is_empty(&self) -> bool {
        self.webhook.is_none() && self.command.is_none() && self.syslog == Syslog::Off
    }

    /// Checks it. Whether anybody listens shows when something is sent: `switchback guard test-alert`.
    ///
    /// # Errors
    /// If the command is empty or has a zero byte in it, or the path of the system log's socket is not absolute.
    pub fn validate(&self) -> Result<(), InvalidAlertConfig> {
        match self.command.as_deref().map(str::trim) {
            Some("") => return Err(InvalidAlertConfig::Command),
            Some(command) if command.contains('\0') => return Err(InvalidAlertConfig::CommandZero),
            _ => {}
        }
        match &self.syslog {
            Syslog::Socket(path) if !path.is_absolute() => Err(InvalidAlertConfig::Socket(path.clone())),
            _ => Ok(()),
        }
    }
}

impl Webhook {
    /// Posts to this address, signed.
    ///
    /// # Errors
    /// If the address is none of `https` or `http`, or has a name or password in it.
    pub fn new(url: &str, secret: Secret) -> Result<Self, InvalidAlertConfig> {
        let url: Url = url.parse().map_err(|error: url::ParseError| InvalidAlertConfig::Url(error.to_string()))?;
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return Err(InvalidAlertConfig::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidAlertConfig::Credentials);
        }
        Ok(Self { url, secret })
    }
}

impl TryFrom<WebhookEntry> for Webhook {
    type Error = String;

    fn try_from(entry: WebhookEntry) -> Result<Self, String> {
        let (place, text) = match (entry.secret_file, entry.secret_env) {
            (Some(path), None) => {
                let mut text = String::new();
                let read =
                    File::open(&path).and_then(|file| file.take(SECRET_FILE_BYTES_MAX).read_to_string(&mut text));
                (path.display().to_string(), read.map(|_| text).map_err(|error| error.to_string()))
            }
            (None, Some(name)) if name.is_empty() || name.starts_with("whsec_") => {
                return Err(
                    "a webhook's `secret_env` is the name of an environment variable that holds the secret".to_owned()
                );
            }
            (None, Some(name)) => {
                // The error of one that is not UTF-8 shows it.
                let text = match std::env::var(&name) {
                    Err(VarError::NotUnicode(_)) => Err("it is not UTF-8".to_owned()),
                    other => other.map_err(|error| error.to_string()),
                };
                (format!("the environment variable {name}"), text)
            }
            _ => return Err("a webhook needs its secret: name either `secret_file` or `secret_env`".to_owned()),
        };
        let secret = text.map_err(|error| format!("{place}: {error}"))?;
        let secret = secret.parse().map_err(|error| format!("{place}: {error}"))?;
        Self::new(&entry.url, secret).map_err(|error| error.to_string())
    }
}

impl<'de> Deserialize<'de> for Webhook {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WebhookVisitor)
    }
}

/// Reads a webhook, and quotes no text that stands in its place: an address is often a secret.
struct WebhookVisitor;

impl<'de> Visitor<'de> for WebhookVisitor {
    type Value = Webhook;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a webhook's `url`, and its `secret_file` or `secret_env`")
    }

    fn visit_str<E: de::Error>(self, _text: &str) -> Result<Webhook, E> {
        Err(E::invalid_type(Unexpected::Other("text"), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Webhook, A::Error> {
        WebhookEntry::deserialize(MapAccessDeserializer::new(map))?.try_into().map_err(de::Error::custom)
    }
}

/// `webhook https://hooks.example`.
impl fmt::Display for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "webhook {}", self.url.origin().ascii_serialization())
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({self})")
    }
}

impl Secret {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = InvalidAlertConfig;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let bytes = BASE64.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok();
        let is_long_enough =
            |bytes: &Vec<u8>| (WEBHOOK_SECRET_BYTES_MIN..=WEBHOOK_SECRET_BYTES_MAX).contains(&bytes.len());
        bytes.filter(is_long_enough).map(Self).ok_or(InvalidAlertConfig::Secret)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Why alerts cannot be sent so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAlertConfig {
    /// It is not a valid address.
    #[error("the webhook's address is not valid: {0}")]
    Url(String),
    /// The address is of another kind.
    #[error("the webhook's address begins with `{0}:`: `https:` and `http:` are possible")]
    Scheme(String),
    /// The address has a name or a password in it.
    #[error("the webhook's address has a name or a password in it: leave it out, alerts are signed with a secret")]
    Credentials,
    /// The secret is none.
    #[error(
        "the webhook's secret is not {WEBHOOK_SECRET_BYTES_MIN} to {WEBHOOK_SECRET_BYTES_MAX} bytes in base64: \
         `openssl rand -base64 32` makes one"
    )]
    Secret,
    /// The command is empty.
    #[error("the command for alerts is empty: name one, or none")]
    Command,
    /// The command has a zero byte in it, which no command can have.
    #[error("the command for alerts has a zero byte in it")]
    CommandZero,
    /// The path of the system log's socket is not absolute.
    #[error("the system log's socket for alerts, `{}`, has to be an absolute path", .0.display())]
    Socket(PathBuf),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        BASE64.encode([7; 32]).parse().unwrap()
    }

    #[test]
    fn an_address_is_of_the_web_and_has_no_password() {
        for (url, reason) in [
            ("https://hooks.example/T0/B1", None),
            ("http://localhost:9000/", None),
            ("file:///etc/passwd", Some("begins with `file:`")),
            ("ftp://a.example/", Some("begins with `ftp:`")),
            ("https://ada:secret@a.example/", Some("has a name or a password")),
            ("hooks.example", Some("address is not valid")),
        ] {
            let why = Webhook::new(url, secret()).err().map(|error| error.to_string());
            assert_eq!(why.is_some(), reason.is_some(), "{url}: {why:?}");
            assert!(why.unwrap_or_default().contains(reason.unwrap_or_default()), "{url}");
        }
    }

    #[test]
    fn what_is_secret_is_not_printed() {
        let webhook = Webhook::new("https://hooks.example/T0/B1?key=k", secret()).unwrap();
        let config = AlertConfig { webhook: Some(webhook), ..AlertConfig::default() };
        let printed = format!("{config:?} {:?}", secret());
        assert!(printed.contains("https://hooks.example"), "{printed}");
        for hidden in ["T0", "key", &BASE64.encode([7; 32])] {
            assert!(!printed.contains(hidden), "{printed}");
        }
    }

    #[test]
    fn a_secret_is_long_enough_or_none() {
        let of = |bytes: usize| BASE64.encode(vec![1; bytes]);
        for good in [of(24), of(64), format!("whsec_{}\n", of(32))] {
            assert!(good.parse::<Secret>().is_ok(), "{good}");
        }
        for bad in [of(23), of(65), String::new(), "whsec_".to_owned(), "not base64!".to_owned()] {
            assert_eq!(bad.parse::<Secret>().err(), Some(InvalidAlertConfig::Secret), "{bad}");
        }
    }

    #[test]
    fn a_socket_is_named_by_an_absolute_path() {
        let of = |path: &str| AlertConfig::default().syslog(Syslog::Socket(path.into())).validate();
        assert_eq!(of("/run/log"), Ok(()));
        for path in ["", "log"] {
            assert_eq!(of(path), Err(InvalidAlertConfig::Socket(path.into())));
        }
    }

    #[test]
    fn a_secret_that_is_not_text_is_not_shown() {
        let entry = |secret_file, secret_env| WebhookEntry {
            url: "https://hooks.example/".to_owned(),
            secret_file,
            secret_env,
        };
        let refused = |entry| Webhook::try_from(entry).unwrap_err();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"whsec_\xFFopensesame").unwrap();
        let said = refused(entry(Some(file.path().to_owned()), None));
        assert!(said.contains("UTF-8") && !said.contains("opensesame"), "{said}");
        // A test must not change its own environment; a child of it has another one.
        if std::env::var_os("SWITCHBACK_TEST_SECRET").is_some() {
            let said = refused(entry(None, Some("SWITCHBACK_TEST_SECRET".to_owned())));
            assert!(said.contains("SWITCHBACK_TEST_SECRET: it is not UTF-8") && !said.contains("opensesame"), "{said}");
            return;
        }
        let secret = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"whsec_\xFFopensesame");
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        let ran = child
            .args(["--exact", "alert::config::tests::a_secret_that_is_not_text_is_not_shown"])
            .env("SWITCHBACK_TEST_SECRET", secret)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
        assert!(String::from_utf8_lossy(&ran.stdout).contains("1 passed"), "{ran:?}");
    }

    #[test]
    fn a_command_that_is_empty_is_a_mistake() {
        assert_eq!(
            AlertConfig::default().command("mail\0ada").validate(),
            Err(InvalidAlertConfig::CommandZero),
            "no process can be started with it"
        );
        let config = AlertConfig { command: Some("  ".to_owned()), ..AlertConfig::default() };
        assert_eq!(config.validate(), Err(InvalidAlertConfig::Command));
        assert!(AlertConfig::default().is_empty() && !config.is_empty());
    }
}
