//! One place that alerts go to.

use std::fmt;

use super::command::Shell;
use super::config::{AlertConfig, InvalidAlertConfig, Syslog, Webhook};
use super::error::AlertError;
use super::record::Alert;
use super::syslog;
use super::webhook::Post;

/// One place that alerts go to, ready to send. From [`AlertConfig::sinks`](super::AlertConfig::sinks).
#[derive(Debug)]
pub struct Sink(Place);

#[derive(Debug)]
enum Place {
    Webhook(Post),
    Command(Shell),
    Syslog(Syslog),
}

impl AlertConfig {
    /// Each place, ready to send.
    ///
    /// # Errors
    /// If it is not [valid](Self::validate).
    pub fn sinks(&self) -> Result<Vec<Sink>, InvalidAlertConfig> {
        self.validate()?;
        let webhook = self.webhook.iter().map(|webhook| Sink::webhook(webhook.clone()));
        let command = self.command.iter().map(|command| Sink::command(command.clone()));
        let syslog = (self.syslog != Syslog::Off).then(|| Sink::syslog(self.syslog.clone()));
        Ok(webhook.chain(command).chain(syslog).collect())
    }
}

impl Sink {
    fn webhook(webhook: Webhook) -> Self {
        Self(Place::Webhook(Post::new(webhook)))
    }

    fn command(command: String) -> Self {
        Self(Place::Command(Shell::new(command)))
    }

    fn syslog(syslog: Syslog) -> Self {
        Self(Place::Syslog(syslog))
    }

    /// Sends an alert, once. Takes at most 10 seconds, a command 30.
    ///
    /// # Errors
    /// If it did not arrive, or nobody said that it did.
    pub fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        match &self.0 {
            Place::Webhook(post) => post.send(alert),
            Place::Command(shell) => shell.send(alert),
            Place::Syslog(place) => syslog::send(place, alert),
        }
    }
}

/// `webhook https://hooks.example`, `command`, `syslog`.
impl fmt::Display for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Webhook(post) => post.fmt(f),
            Place::Command(_) => f.write_str("command"),
            Place::Syslog(_) => f.write_str("syslog"),
        }
    }
}
