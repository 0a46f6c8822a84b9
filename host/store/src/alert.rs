//! Telling people what the guard found, and what it did about it.
//!
//! An [`Alert`] is plain data. Where it goes is an [`AlertConfig`]: to a web address, to a command, into the system's log.
//! Each of those is a [`Sink`], which sends one alert once; what is worth trying again, and when, is [`pause_after`].

mod changes;
#[cfg(feature = "alerts")]
mod command;
#[cfg(feature = "alerts")]
mod config;
#[cfg(feature = "alerts")]
mod error;
#[cfg(feature = "alerts")]
mod forward;
mod found;
#[cfg(feature = "alerts")]
mod proxy;
mod record;
#[cfg(feature = "alerts")]
mod retry;
#[cfg(feature = "alerts")]
mod roots;
#[cfg(feature = "alerts")]
mod sink;
#[cfg(feature = "alerts")]
mod syslog;
mod text;
#[cfg(feature = "alerts")]
mod webhook;

pub use changes::Changes;
#[cfg(feature = "alerts")]
pub use config::{AlertConfig, InvalidAlertConfig, Secret, Syslog, Webhook};
#[cfg(feature = "alerts")]
pub use error::AlertError;
pub use found::{About, By, Found, Kind, Response, Severity};
pub use record::Alert;
#[cfg(feature = "alerts")]
pub use retry::pause_after;
#[cfg(feature = "alerts")]
pub use sink::Sink;
pub use text::numbers;
