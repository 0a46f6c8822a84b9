//! What the service manager is told: systemd, or whoever speaks its protocol (`sd_notify(3)`). Without one, nobody is told.

use std::time::Duration;

use sd_notify::{NotifyState, notify, watchdog_enabled};
use tokio::select;
use tokio::time::{MissedTickBehavior, interval};

use super::signals::{Signals, Told};

/// How often the service manager hears how things are, where it has no watchdog that has to be told more often.
const STATUS_EVERY: Duration = Duration::from_secs(5);

/// Says that clients can connect, and goes on until a signal ends the program. Every few seconds, and after each `reload`, the
/// service manager hears what `status` returns.
pub async fn until_told_to_end(signals: &mut Signals, status: impl Fn() -> String, reload: impl Fn()) {
    tell(&[NotifyState::Ready, NotifyState::Status(&status())]);
    let mut tick = interval(every());
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        select! {
            told = signals.next() => match told {
                Told::End => break,
                Told::Reload => {
                    tell_of_reload();
                    reload();
                    tell(&[NotifyState::Ready, NotifyState::Status(&status())]);
                }
            },
            _ = tick.tick() => tell(&[NotifyState::Watchdog, NotifyState::Status(&status())]),
        }
    }
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping: messages that are under way come to their end")]);
}

/// How often it has to hear that the program is alive: twice in the time after which it would end it.
fn every() -> Duration {
    watchdog_enabled().map_or(STATUS_EVERY, |time| STATUS_EVERY.min(time / 2)).max(Duration::from_millis(1))
}

fn tell_of_reload() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = notify(state) {
        tracing::debug!("the service manager cannot be told: {error}");
    }
}
