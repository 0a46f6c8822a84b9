//! Telling people what the guard found, and what it did about it.
//!
//! An [`Alert`] is plain data. Where it goes is an [`AlertConfig`]: to a web address, to a command, into the system's log.
//! Each of those is a [`Sink`], which sends one alert once; what is worth trying again, and when, is [`pause_after`].

mod command;
mod config;
mod error;
mod forward;
mod proxy;
mod record;
mod retry;
mod roots;
mod sink;
mod syslog;
mod text;
mod webhook;

pub use config::{AlertConfig, Changes, InvalidAlertConfig, Secret, Syslog, Webhook};
pub use error::AlertError;
pub use record::{About, Alert, By, Found, Kind, Response, Severity};
pub use retry::pause_after;
pub use sink::Sink;
pub use text::numbers;
