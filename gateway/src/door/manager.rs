//! What the service manager is told: systemd, or whoever speaks its protocol (`sd_notify(3)`). Without one, nobody is told.

use std::time::Duration;

use sd_notify::{NotifyState, notify, watchdog_enabled};

/// How often the service manager hears how things are, where it has no watchdog that has to be told more often.
const STATUS_EVERY: Duration = Duration::from_secs(5);

/// How often it has to hear that the program is alive: twice in the time after which it would end it.
pub fn every() -> Duration {
    watchdog_enabled().map_or(STATUS_EVERY, |time| STATUS_EVERY.min(time / 2)).max(Duration::from_millis(1))
}

/// Clients can connect.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// All is as `status` says.
pub fn alive(status: &str) {
    tell(&[NotifyState::Watchdog, NotifyState::Status(status)]);
}

/// The configuration is read again; [`ready`] follows.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// It ends.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping: messages that are under way come to their end")]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = notify(state) {
        tracing::debug!("the service manager cannot be told: {error}");
    }
}
