//! Whether changes of a store are alerts.

use serde::Deserialize;

/// Whether each event of the ledger is an alert. Such an alert holds the event's hash: kept where whoever can write to the
/// store cannot, it shows later whether the store still has this event and all before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
// Exhaustive: they are told or not.
pub enum Changes {
    /// It is not.
    #[default]
    Untold,
    /// It is, once among all processes of a store that are told so.
    Told,
}
