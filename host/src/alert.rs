//! Telling people what the guard found, and what it did about it.
//!
//! An [`Alert`] is plain data. Where it goes is an [`AlertConfig`]: to a web address, to a command, into the system's log.
//! Each of those is a [`Sink`], which sends one alert once; what is worth trying again, and when, is [`pause_after`].

pub use switchback_store::alert::{About, Alert, By, Changes, Found, Kind, Response, Severity};
#[cfg(feature = "alerts")]
pub use switchback_store::alert::{
    AlertConfig, AlertError, InvalidAlertConfig, Secret, Sink, Syslog, Webhook, pause_after,
};
pub use switchback_store::guard_store::KeptAlert;
