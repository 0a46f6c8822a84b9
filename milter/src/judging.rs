//! Waiting for a decision, while the mail server is told that it is being made.

use std::pin::pin;

use tokio::select;
use tokio::time::{Instant, interval_at, sleep};

use crate::limits::{JUDGING_MAX, PROGRESS_EVERY};

/// Waits for a decision, and reports progress meanwhile. Returns none if it takes too long, or if nobody waits for it any more.
pub(crate) async fn judged<T, P, E>(judging: impl Future<Output = T>, progress: impl Fn() -> P) -> Option<T>
where
    P: Future<Output = Result<(), E>>,
{
    let mut judging = pin!(judging);
    let mut too_late = pin!(sleep(JUDGING_MAX));
    let mut due = interval_at(Instant::now() + PROGRESS_EVERY, PROGRESS_EVERY);
    loop {
        select! {
            biased;
            decision = &mut judging => return Some(decision),
            () = &mut too_late => return None,
            _ = due.tick() => if progress().await.is_err() {
                return None;
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;
    use std::time::Duration;

    use super::*;

    // OpenDMARC#231: a mail server that hears nothing for its time-out gives the filter up.
    #[tokio::test(start_paused = true)]
    async fn progress_is_reported_until_there_is_a_decision() {
        let reports = Cell::new(0);
        let slow = async {
            sleep(Duration::from_secs(35)).await;
            7
        };
        let report = || {
            reports.set(reports.get() + 1);
            async { Ok::<_, ()>(()) }
        };
        assert_eq!(judged(slow, report).await, Some(7));
        assert_eq!(reports.get(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_decision_that_never_comes_is_given_up() {
        let since = Instant::now();
        assert_eq!(judged(pending::<()>(), || async { Ok::<_, ()>(()) }).await, None);
        assert!(since.elapsed() < Duration::from_secs(300));
        assert_eq!(judged(pending::<()>(), || async { Err(()) }).await, None);
    }
}
