//! How senders are authenticated.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

use super::{ConfigError, text};

/// How senders are authenticated.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct AuthenticationConfig {
    /// Whether SPF, DKIM, DMARC and ARC are verified here. Default yes.
    pub verify: bool,
    /// Under which name results are written and believed, and forged ones removed (RFC 8601, section 2.5). Default: the mail
    /// server's host name.
    pub authserv_id: Option<String>,
    /// Whose `Authentication-Results` fields are believed, where nothing is verified here: names of servers before this one
    /// that remove forged fields of their name. Default: none.
    pub trusted: Vec<String>,
    /// Whether an `Authentication-Results` field is added with what was verified here. Default yes.
    pub add_results: bool,
    /// Name servers. Default: those of /etc/resolv.conf.
    pub resolvers: Vec<SocketAddr>,
    /// The time that all look-ups of one message have, 100 ms to 60 s; what is not known by then is a temporary error. Default 5 s.
    #[serde(deserialize_with = "text::lasting")]
    pub budget: Duration,
    /// How many answers of name servers are remembered, for as long as they allow. Default 10,000.
    pub cache: u64,
}

impl Default for AuthenticationConfig {
    fn default() -> Self {
        Self {
            verify: true,
            authserv_id: None,
            trusted: Vec::new(),
            add_results: true,
            resolvers: Vec::new(),
            budget: Duration::from_secs(5),
            cache: 10_000,
        }
    }
}

impl AuthenticationConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !(Duration::from_millis(100)..=Duration::from_secs(60)).contains(&self.budget) {
            return Err(ConfigError::value("authentication.budget", "100 ms to 60 s are possible"));
        }
        let is_name = |name: &str| {
            let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/');
            (1..=255).contains(&name.len()) && name.bytes().all(is_sound)
        };
        let own = self.authserv_id.iter().map(|name| ("authserv_id", name));
        let mut names = own.chain(self.trusted.iter().map(|name| ("trusted", name)));
        if let Some((field, name)) = names.find(|(_, name)| !is_name(name)) {
            return Err(ConfigError::value(
                format!("authentication.{field}"),
                format_args!("`{name}` is not the name of a server: a host name is, such as mx.example.org"),
            ));
        }
        if self.verify && !self.trusted.is_empty() {
            return Err(ConfigError::value(
                "authentication.trusted",
                "results are verified here, so nobody else's are believed: set verify = false, or leave this out",
            ));
        }
        Ok(())
    }
}
