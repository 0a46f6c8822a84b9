//! What the service manager is told: systemd, or whoever speaks its protocol (`sd_notify(3)`). Without one, nobody is told.

use std::time::Duration;

use sd_notify::{NotifyState, notify, watchdog_enabled};
use switchback_gateway::Readiness;

use super::limits::TICK;

/// How often it has to hear that the program is alive: twice in the time after which it would end it.
pub(super) fn every() -> Duration {
    watchdog_enabled().map_or(TICK, |time| TICK.min(time / 2)).max(Duration::from_millis(1))
}

/// Clients can connect.
pub(super) fn ready(readiness: &Readiness) {
    tell(&[NotifyState::Ready, NotifyState::Status(&status(readiness))]);
}

/// It is alive.
pub(super) fn alive(readiness: &Readiness) {
    tell(&[NotifyState::Watchdog, NotifyState::Status(&status(readiness))]);
}

/// The configuration is read again; [`ready`] follows.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// It ends.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping: messages that are under way come to their end")]);
}

fn status(readiness: &Readiness) -> String {
    match &readiness.why {
        Some(why) if !readiness.is_ready => format!("not ready: {why}"),
        _ => "ready".to_owned(),
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = notify(state) {
        tracing::debug!("the service manager cannot be told: {error}");
    }
}
