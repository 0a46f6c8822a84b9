//! Where doors listen.

use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};
use switchback::control::Lasting;

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

/// A door, by the protocol that it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DoorKind {
    /// The milter's: [`MilterConfig`].
    Milter,
    /// spamd's: [`SpamdConfig`].
    Spamd,
    /// HTTP: [`HttpConfig`].
    Http,
}

/// Makes the settings of a door: those of its own, and those that every door has. Not by `serde(flatten)`, with which a field
/// that nobody knows is refused without its line.
macro_rules! door {
    (
        $(#[$about:meta])*
        $name:ident in $section:literal {
            $($(#[$own_about:meta])* $own:ident: $type:ty = $value:expr,)*
        }
        $(#[$connections_about:meta])*
        connections: $connections:literal up to $connections_max:literal,
        $(#[$timeout_about:meta])*
        timeout: $timeout:literal in $seconds:expr,
        only a start takes $($fixed:ident),+
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$own_about])* pub $own: $type,)*
            /// The mode of a unix socket, in octal. Default `660`.
            #[serde(deserialize_with = "mode")]
            pub mode: u32,
            /// The group of a unix socket. Default: that of the process.
            pub group: Option<String>,
            $(#[$connections_about])*
            pub connections: usize,
            $(#[$timeout_about])*
            #[serde(deserialize_with = "text::lasting")]
            pub timeout: Duration,
            /// How long messages have that are being received when the program is told to stop, up to 5 min. Default 20 s.
            #[serde(deserialize_with = "text::lasting")]
            pub drain: Duration,
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($own: $value,)*
                    mode: 0o660,
                    group: None,
                    connections: $connections,
                    timeout: Duration::from_secs($timeout),
                    drain: Duration::from_secs(20),
                }
            }
        }

        impl $name {
            /// How its connections are bounded.
            pub fn bounds(&self) -> DoorBounds {
                DoorBounds { connections: self.connections, timeout: self.timeout, drain: self.drain }
            }

            fn check_bounds(&self) -> Result<(), ConfigError> {
                self.bounds().check($section, $connections_max, $seconds)
            }

            /// Which settings differ that only a start takes, by their names.
            pub(super) fn fixed_that_differ(&self, new: &Self) -> Vec<&'static str> {
                let fixed = [$((concat!($section, ".", stringify!($fixed)), self.$fixed != new.$fixed)),+];
                fixed.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
            }
        }
    };
}

door! {
    /// The milter's door.
    MilterConfig in "milter" {
        /// Where it listens. Default `unix:/run/switchback/milter.sock`.
        listen: Listen = Listen::Unix("/run/switchback/milter.sock".into()),
    }
    /// The most connections at once; more wait. 1 to 100,000, default 1,000.
    connections: 1_000 up to 100_000,
    /// How long a connection may be silent, 10 s to 2 h. Default 2 h, as libmilter's: a mail server keeps connections.
    timeout: 7_200 in 10..=7_200,
    // The library of the protocol takes the last two once.
    only a start takes listen, mode, group, connections, timeout
}

door! {
    /// The door that speaks spamd's protocol.
    SpamdConfig in "spamd" {
        /// Where it listens. Default: nowhere.
        listen: Option<Listen> = None,
    }
    /// The most connections at once; more wait. 1 to 10,000, default 200.
    connections: 200 up to 10_000,
    /// How long a client may be silent, or not read its answer, 1 s to 1 h. Default 60 s.
    timeout: 60 in 1..=3_600,
    only a start takes listen, mode, group
}

door! {
    /// The door that speaks HTTP.
    HttpConfig in "http" {
        /// Where it listens. Default: nowhere.
        listen: Option<Listen> = None,
        /// A file with the token that clients must send, as `Authorization: Bearer TOKEN`. Nobody else may be able to read it.
        /// Default: none; then only this machine can be listened to.
        token_file: Option<PathBuf> = None,
    }
    /// The most connections at once; more wait. 1 to 10,000, default 200.
    connections: 200 up to 10_000,
    /// How long a client may be silent, or not read its answer, 1 s to 1 h. Default 60 s.
    timeout: 60 in 1..=3_600,
    only a start takes listen, mode, group, token_file
}

impl MilterConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.check_bounds()
    }
}

impl SpamdConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.check_bounds()?;
        self.listen.as_ref().map_or(Ok(()), |listen| self.may_listen_on(listen))
    }

    /// That the door may be here.
    ///
    /// # Errors
    /// If other machines can reach it.
    pub fn may_listen_on(&self, listen: &Listen) -> Result<(), ConfigError> {
        loopback_only("spamd.listen", listen, "spamd's protocol knows no passwords")
    }
}

impl HttpConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.check_bounds()?;
        self.listen.as_ref().map_or(Ok(()), |listen| self.may_listen_on(listen))
    }

    /// That the door may be here.
    ///
    /// # Errors
    /// If other machines can reach it, and no token is asked for.
    pub fn may_listen_on(&self, listen: &Listen) -> Result<(), ConfigError> {
        match self.token_file {
            Some(_) => Ok(()),
            None => loopback_only("http.listen", listen, "without http.token_file anybody could ask"),
        }
    }
}

/// How the connections of a door are bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DoorBounds {
    /// The most at once.
    pub connections: usize,
    /// How long a client may be silent.
    pub timeout: Duration,
    /// How long messages have that are being received when the program is told to stop.
    pub drain: Duration,
}

impl DoorBounds {
    fn check(self, section: &str, connections_max: usize, seconds: RangeInclusive<u64>) -> Result<(), ConfigError> {
        let refused = |field: &str, why: String| Err(ConfigError::value(format!("{section}.{field}"), why));
        if !(1..=connections_max).contains(&self.connections) {
            return refused("connections", format!("1 to {connections_max} are possible"));
        }
        let (least, most) = seconds.into_inner();
        let [least, most] = [least, most].map(Duration::from_secs);
        if !(least..=most).contains(&self.timeout) {
            return refused("timeout", format!("{} to {} are possible", Lasting(least), Lasting(most)));
        }
        if self.drain > DRAIN_MAX {
            return refused("drain", format!("up to {} are possible", Lasting(DRAIN_MAX)));
        }
        Ok(())
    }
}

/// The longest time to drain: a service manager that ends a program waits a little longer than this.
const DRAIN_MAX: Duration = Duration::from_secs(300);

fn loopback_only(field: &str, listen: &Listen, why: &str) -> Result<(), ConfigError> {
    match listen {
        Listen::Inet(address) if !address.ip().to_canonical().is_loopback() => {
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
