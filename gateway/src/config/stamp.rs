//! What is written into the header.

use serde::Deserialize;

use super::ConfigError;

/// What is written into the header.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct StampConfig {
    /// Fields that are removed when mail arrives, besides `X-Switchback-*`: names, or beginnings of names that end with `*`.
    /// Default: the verdicts of SpamAssassin, Rspamd and Exchange.
    pub remove: Vec<String>,
    /// Whether `X-Spam-Flag` and `X-Spam-Status` are written as well, for filters that know those. Default no.
    pub x_spam: bool,
    /// Whether `X-MS-Exchange-Organization-SCL` is written as well. Default no.
    pub scl: bool,
    /// Whether `X-Switchback-Reasons` is written, with the model's reasons. Default no.
    pub reasons: bool,
}

impl Default for StampConfig {
    fn default() -> Self {
        let remove = ["X-Spam-*", "X-Rspamd-*", "X-MS-Exchange-Organization-*"];
        Self { remove: remove.map(str::to_owned).to_vec(), x_spam: false, scl: false, reasons: false }
    }
}

impl StampConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let is_name = |name: &str| {
            let name = name.strip_suffix('*').unwrap_or(name);
            name.len() >= 3 && name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b':' | b'*'))
        };
        match self.remove.iter().find(|name| !is_name(name)) {
            Some(name) => Err(ConfigError::value(
                "stamp.remove",
                format_args!("`{name}` names no field: at least three letters, and `*` only at the end"),
            )),
            None => Ok(()),
        }
    }
}
