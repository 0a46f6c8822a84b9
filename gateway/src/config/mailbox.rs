//! The users' mailboxes.

use std::path::PathBuf;

use serde::Deserialize;

use super::ConfigError;

/// The users' mailboxes, which are Dovecot's: mail that was delivered into one of them can be moved back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct MailboxConfig {
    /// Dovecot's program `doveadm`, or one that runs it. Default `/usr/bin/doveadm`.
    pub doveadm: PathBuf,
    /// Arguments in front of all others. Default: none.
    pub arguments: Vec<String>,
    /// The mailbox that junk is delivered into. Default `Junk`.
    pub from: String,
    /// The mailbox that it is moved back into. Default `INBOX`.
    pub to: String,
}

impl Default for MailboxConfig {
    fn default() -> Self {
        Self {
            doveadm: "/usr/bin/doveadm".into(),
            arguments: Vec::new(),
            from: "Junk".to_owned(),
            to: "INBOX".to_owned(),
        }
    }
}

impl MailboxConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        // `doveadm` takes `*` and `%` for wildcards, and what begins with `-` for an option.
        let is_name = |name: &str| {
            !name.is_empty()
                && !name.starts_with('-')
                && !name.chars().any(|character| character.is_control() || matches!(character, '*' | '%'))
        };
        for (field, name) in [("mailbox.from", &self.from), ("mailbox.to", &self.to)] {
            if !is_name(name) {
                return Err(ConfigError::value(field, format_args!("`{name}` names no mailbox")));
            }
        }
        match self.from.eq_ignore_ascii_case(&self.to) {
            true => Err(ConfigError::value("mailbox.to", "mail is moved into another mailbox than mailbox.from")),
            false => Ok(()),
        }
    }
}
