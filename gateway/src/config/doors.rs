//! Where doors listen.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use super::{ConfigError, text};

/// Where a door listens: `unix:/run/switchback/milter.sock` or `inet:127.0.0.1:11332`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Listen {
    /// A socket in the file system.
    Unix(PathBuf),
    /// An address and a port.
    Inet(SocketAddr),
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("`{text}` is not a valid socket: `unix:/PATH` and `inet:ADDRESS:PORT` are");
        match text.split_once(':') {
            Some(("unix" | "local", path)) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(("inet", address)) => address.parse().map(Self::Inet).map_err(|_| refused()),
            _ => Err(refused()),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Inet(address) => write!(f, "inet:{address}"),
        }
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The milter's door.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct MilterConfig {
    /// Where it listens. Default `unix:/run/switchback/milter.sock`.
    pub listen: Listen,
    /// The mode of a unix socket, in octal. Default `660`.
    #[serde(deserialize_with = "mode")]
    pub mode: u32,
    /// The group of a unix socket. Default: that of the process.
    pub group: Option<String>,
    /// The most connections at once; more wait. Default 1,000.
    pub connections: usize,
    /// How long a connection may be silent, 10 s to 2 h. Default 2 h, as libmilter's: a mail server keeps connections.
    #[serde(deserialize_with = "text::lasting")]
    pub timeout: Duration,
    /// How long messages have that are being received when the daemon is told to stop. Default 20 s.
    #[serde(deserialize_with = "text::lasting")]
    pub drain: Duration,
}

impl Default for MilterConfig {
    fn default() -> Self {
        Self {
            listen: Listen::Unix("/run/switchback/milter.sock".into()),
            mode: 0o660,
            group: None,
            connections: 1_000,
            timeout: Duration::from_secs(7_200),
            drain: Duration::from_secs(20),
        }
    }
}

impl MilterConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !(1..=100_000).contains(&self.connections) {
            return Err(ConfigError::value("milter.connections", "1 to 100000 are possible"));
        }
        if !(Duration::from_secs(10)..=Duration::from_secs(7_200)).contains(&self.timeout) {
            return Err(ConfigError::value("milter.timeout", "10 s to 2 h are possible"));
        }
        if self.drain > Duration::from_secs(300) {
            return Err(ConfigError::value("milter.drain", "up to 5 min are possible"));
        }
        Ok(())
    }
}

/// The door that speaks spamd's protocol.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SpamdConfig {
    /// Where it listens. Default: nowhere.
    pub listen: Option<Listen>,
    /// The mode of a unix socket, in octal. Default `660`.
    #[serde(deserialize_with = "mode")]
    pub mode: u32,
    /// The group of a unix socket. Default: that of the process.
    pub group: Option<String>,
    /// The most connections at once; more wait. 1 to 10,000, default 200.
    pub connections: usize,
    /// How long a client may be silent, 1 s to 1 h. Default 60 s.
    #[serde(deserialize_with = "text::lasting")]
    pub timeout: Duration,
    /// How long messages have that are being received when the process is told to stop, up to 5 min. Default 20 s.
    #[serde(deserialize_with = "text::lasting")]
    pub drain: Duration,
}

impl Default for SpamdConfig {
    fn default() -> Self {
        let HttpConfig { mode, connections, timeout, drain, .. } = HttpConfig::default();
        Self { listen: None, mode, group: None, connections, timeout, drain }
    }
}

impl SpamdConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        check_bounds("spamd", self.connections, self.timeout, self.drain)?;
        loopback_only("spamd.listen", self.listen.as_ref(), "spamd's protocol knows no passwords")
    }
}

/// The door that speaks HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct HttpConfig {
    /// Where it listens. Default: nowhere.
    pub listen: Option<Listen>,
    /// The mode of a unix socket, in octal. Default `660`.
    #[serde(deserialize_with = "mode")]
    pub mode: u32,
    /// The group of a unix socket. Default: that of the process.
    pub group: Option<String>,
    /// The most connections at once; more wait. 1 to 10,000, default 200.
    pub connections: usize,
    /// How long a client may be silent, 1 s to 1 h. Default 60 s.
    #[serde(deserialize_with = "text::lasting")]
    pub timeout: Duration,
    /// How long messages have that are being received when the process is told to stop, up to 5 min. Default 20 s.
    #[serde(deserialize_with = "text::lasting")]
    pub drain: Duration,
    /// A file with the token that clients must send, as `Authorization: Bearer TOKEN`. Nobody else may be able to read it.
    /// Default: none; then only this machine can be listened to.
    pub token_file: Option<PathBuf>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: None,
            mode: 0o660,
            group: None,
            connections: 200,
            timeout: Duration::from_secs(60),
            drain: Duration::from_secs(20),
            token_file: None,
        }
    }
}

impl HttpConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        check_bounds("http", self.connections, self.timeout, self.drain)?;
        if self.token_file.is_some() {
            return Ok(());
        }
        loopback_only("http.listen", self.listen.as_ref(), "without http.token_file anybody could ask")
    }
}

/// What holds for the doors of `switchback serve`, whose clients ask once and go.
fn check_bounds(section: &str, connections: usize, timeout: Duration, drain: Duration) -> Result<(), ConfigError> {
    let field = |name: &str| format!("{section}.{name}");
    if !(1..=10_000).contains(&connections) {
        return Err(ConfigError::value(field("connections"), "1 to 10000 are possible"));
    }
    if !(Duration::from_secs(1)..=Duration::from_secs(3_600)).contains(&timeout) {
        return Err(ConfigError::value(field("timeout"), "1 s to 1 h are possible"));
    }
    if drain > Duration::from_secs(300) {
        return Err(ConfigError::value(field("drain"), "up to 5 min are possible"));
    }
    Ok(())
}

fn loopback_only(field: &str, listen: Option<&Listen>, why: &str) -> Result<(), ConfigError> {
    match listen {
        Some(Listen::Inet(address)) if !address.ip().to_canonical().is_loopback() => {
            Err(ConfigError::value(field, format_args!("{address} can be reached from outside, and {why}")))
        }
        _ => Ok(()),
    }
}

/// A mode as `chmod` takes it.
fn mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let text = String::deserialize(deserializer)?;
    let mode = u32::from_str_radix(&text, 8).ok().filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| de::Error::custom(format_args!("`{text}` is not a valid mode: \"660\" is")))
}
