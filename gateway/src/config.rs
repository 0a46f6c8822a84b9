//! The configuration of all doors: one TOML file, checked as a whole before anything starts.
//!
//! A field that is not known is refused, a field that is not there has the default that `example.toml` states.

mod authentication;
mod directions;
mod doors;
mod error;
mod held;
mod mailbox;
mod scoring;
mod stamp;
mod text;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use switchback::ipnet::IpNet;

pub use authentication::AuthenticationConfig;
pub(crate) use directions::ID_MAX;
pub use directions::{DirectionConfig, FailureAnswer, FailureAnswers, Measure};
pub use doors::{DoorBounds, DoorKind, HttpConfig, Listen, MilterConfig, SpamdConfig};
pub use error::ConfigError;
pub use held::{HeldConfig, Reinjection};
pub use mailbox::MailboxConfig;
pub use scoring::{JournalSection, ScoringConfig};
pub use stamp::StampConfig;

use crate::mail::Direction;

/// The commented example, in which every default is stated.
pub const EXAMPLE: &str = include_str!("config/example.toml");

/// The configuration of all doors.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The store's folder: releases, routes, overrides, guard and journal.
    pub store: PathBuf,
    /// The networks of this site. Mail from there, as mail of users who have logged in and mail made on this machine, is
    /// outbound. Default: the loopback networks.
    #[serde(default = "loopback")]
    pub own_networks: Vec<IpNet>,
    /// Mail relays of this site that pass on mail from outside: the client before them, in the `Received` fields, is the one
    /// that counts. Mail from them is inbound. Default: none.
    #[serde(default)]
    pub relays: Vec<IpNet>,
    /// What is done with mail from outside.
    #[serde(default)]
    pub inbound: DirectionConfig,
    /// What is done with mail of this site. Default: it is not scored.
    pub outbound: Option<DirectionConfig>,
    /// How messages are scored.
    #[serde(default)]
    pub scoring: ScoringConfig,
    /// The record of verdicts.
    #[serde(default)]
    pub journal: JournalSection,
    /// How senders are authenticated.
    #[serde(default)]
    pub authentication: AuthenticationConfig,
    /// What is written into the header.
    #[serde(default)]
    pub stamp: StampConfig,
    /// Mail that is held here.
    #[serde(default)]
    pub held: HeldConfig,
    /// The users' mailboxes.
    #[serde(default)]
    pub mailbox: MailboxConfig,
    /// The milter's door.
    #[serde(default)]
    pub milter: MilterConfig,
    /// The door that speaks spamd's protocol.
    #[serde(default)]
    pub spamd: SpamdConfig,
    /// The door that speaks HTTP.
    #[serde(default)]
    pub http: HttpConfig,
}

fn loopback() -> Vec<IpNet> {
    ["127.0.0.0/8", "::1/128"].iter().filter_map(|net| net.parse().ok()).collect()
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// If it cannot be read, is no TOML, has a field that is not known or a value that is not possible, or contradicts
    /// itself. The error names file, line and field.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|error| error.in_file(path))
    }

    /// Parses and checks a configuration.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml_edit::de::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    /// What is done with mail in this direction; none if it is not scored.
    pub fn direction(&self, direction: Direction) -> Option<&DirectionConfig> {
        match direction {
            Direction::Inbound => Some(&self.inbound),
            Direction::Outbound => self.outbound.as_ref(),
        }
    }

    /// Which settings of a door differ that only a start takes, by their names.
    pub(crate) fn fixed_that_differ(&self, new: &Self, door: DoorKind) -> Vec<&'static str> {
        match door {
            DoorKind::Milter => self.milter.fixed_that_differ(&new.milter),
            DoorKind::Spamd => self.spamd.fixed_that_differ(&new.spamd),
            DoorKind::Http => self.http.fixed_that_differ(&new.http),
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.inbound.check("inbound", &self.held)?;
        if let Some(outbound) = &self.outbound {
            outbound.check("outbound", &self.held)?;
            if outbound.slot == self.inbound.slot && outbound.thresholds != self.inbound.thresholds {
                return Err(ConfigError::value(
                    "outbound.thresholds",
                    "both directions have one slot, and a slot has one set of thresholds",
                ));
            }
        }
        self.scoring.check()?;
        self.authentication.check()?;
        self.stamp.check()?;
        self.held.check()?;
        self.mailbox.check()?;
        self.milter.check()?;
        self.spamd.check()?;
        self.http.check()
    }
}

#[cfg(test)]
mod tests;
