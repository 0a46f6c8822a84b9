//! Mail that is held here.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;

use super::{ConfigError, text};

/// Mail that is held here.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct HeldConfig {
    /// The folder. Nobody but this user may be able to read it. Default: none, and nothing can be held.
    pub dir: Option<PathBuf>,
    /// How long mail is held, 1 h or longer; `switchback held expire` removes what is older. Default 30 days.
    #[serde(deserialize_with = "text::lasting")]
    pub keep: Duration,
    /// The least room that is left on the disk: below it nothing is held, and the client tries again. Default 256 MiB.
    pub free_min: ByteSize,
    /// How mail is given back.
    pub release: Reinjection,
}

impl Default for HeldConfig {
    fn default() -> Self {
        Self {
            dir: None,
            keep: Duration::from_secs(30 * 24 * 3_600),
            free_min: ByteSize::mib(256),
            release: Reinjection::default(),
        }
    }
}

/// How mail that was held is given to the mail server again: past the filter, or it would be judged again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Reinjection {
    /// By SMTP, to a port of the mail server behind which nothing scans.
    Smtp(SocketAddr),
    /// By this program, called as `sendmail -G -i -f SENDER -- RECIPIENT ..`.
    Sendmail(PathBuf),
}

impl Default for Reinjection {
    fn default() -> Self {
        Self::Sendmail("/usr/sbin/sendmail".into())
    }
}

impl HeldConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.keep < Duration::from_secs(3_600) {
            return Err(ConfigError::value("held.keep", "1 h or longer is possible"));
        }
        Ok(())
    }
}
