//! A runtime that tells people what its guard found.

use switchback_store::alert::AlertConfig;

use super::RuntimeBuilder;

impl<S> RuntimeBuilder<S> {
    /// Tells people what the guard found and did. Of the processes of a store, the one that raised an alert delivers it;
    /// what it has not delivered after a minute, any other that tells people does. Default: nobody is told; alerts are in the store, in the metrics and, as
    /// warnings, with the subscriber of `tracing`.
    pub fn alerts(mut self, alerts: AlertConfig) -> Self {
        self.options.alerts = alerts;
        self
    }
}
