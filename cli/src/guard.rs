//! `switchback guard`.

mod alerts;
mod explain;
mod learn;
pub(crate) mod mail;
mod pairs;
mod set;
mod settings;
mod simulate;
mod status;
mod test_alert;

pub(crate) use self::explain::numbers;
pub(crate) use self::simulate::{Rule, Sample, Simulation};
use crate::family::family;
use crate::schema::Output;

family! {
    /// Inspect, configure and simulate the guard, which reverts harmful releases by itself
    ///
    /// The guard compares the verdicts of a candidate and its baseline on the same messages, and adds up the counts of every
    /// process of a store. When more verdicts flip in a segment of senders than a harmless candidate causes, it reverts a live
    /// release, withdraws a canary, and blocks a shadow. The ledger records its settings and everything that it does.
    Status = status,
    Set = set,
    Explain = explain,
    Simulate = simulate,
    Learn = learn,
    Alerts = alerts,
    TestAlert = test_alert,
}

const EXAMPLES: &str = "\
Examples:
  switchback guard status
  switchback guard simulate phish@1.1.0 phish@2.0.0 --journal     what would the guard have done?
  switchback guard set --slot inbound --mode warn
  switchback guard explain 17                                     why did it do that?
  switchback guard test-alert --on-alert 'mail -s \"$SWITCHBACK_ALERT_SUMMARY\" postmaster'";

const EXIT_CODES: [&str; 2] = ["success", "something failed, or was found; stderr says what"];

/// What `--json` prints, by command.
pub(crate) const OUTPUTS: &[(&str, Output)] = &[
    ("guard alerts", alerts::OUTPUT),
    ("guard explain", explain::OUTPUT),
    ("guard learn", learn::OUTPUT),
    ("guard simulate", simulate::OUTPUT),
    ("guard status", status::OUTPUT),
    ("guard test-alert", test_alert::OUTPUT),
];
