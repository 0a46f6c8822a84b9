//! The line that is logged of each message: without addresses, and nothing of its text.

use std::time::Instant;

use switchback_gateway::{Decision, Disposition, Mail};

/// The longest queue id that is logged; Postfix's and Sendmail's have up to 20 characters.
const QUEUE_ID_MAX: usize = 64;

/// A message that is being judged, as logs name it.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The mail server's name for it, `-` if it told none.
    pub(crate) queue_id: String,
    bytes: usize,
    is_partial: bool,
    since: Instant,
}

impl Entry {
    pub(crate) fn of(mail: &Mail) -> Self {
        Self {
            queue_id: plain(mail.transaction.queue_id.as_deref().unwrap_or("-")),
            bytes: mail.text.bytes().len(),
            is_partial: mail.text.is_partial(),
            since: Instant::now(),
        }
    }

    /// Logs what was decided.
    pub(crate) fn log(&self, decision: &Decision) {
        let verdict = decision.verdict.as_ref();
        tracing::info!(
            queue_id = self.queue_id,
            slot = decision.slot.as_deref(),
            answer = answer(&decision.disposition),
            action = verdict.map(|verdict| tracing::field::display(verdict.action)),
            score = verdict.and_then(|verdict| verdict.score),
            by = verdict.map(|verdict| verdict.decided_by.name()),
            cause = verdict.and_then(|verdict| verdict.cause).map(|cause| cause.name()),
            release = verdict.and_then(|verdict| verdict.release.as_ref()).map(tracing::field::display),
            generation = verdict.map(|verdict| tracing::field::display(verdict.generation)),
            record = verdict.and_then(|verdict| verdict.id.as_ref()).map(tracing::field::display),
            bytes = self.bytes,
            is_partial = self.is_partial,
            ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            "judged"
        );
    }
}

fn answer(disposition: &Disposition) -> &'static str {
    match disposition {
        Disposition::Quarantine { .. } => "quarantine",
        Disposition::Discard => "hold",
        Disposition::Reject(_) => "reject",
        Disposition::Tempfail(_) => "tempfail",
        _ => "accept",
    }
}

/// A name that a mail server gave, on one line.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_graphic).take(QUEUE_ID_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_id_makes_no_line_of_its_own() {
        assert_eq!(plain("4XyZ\n2026 forged\u{1b}[0m"), "4XyZ2026forged[0m");
        assert_eq!(plain(&"x".repeat(1_000)).len(), QUEUE_ID_MAX);
    }
}
