//! Saying what keeps this process from following its store.

use super::obey::Shortfall;
use super::{Progress, Shared};
use crate::alert::Found;
use crate::control::{Broken, StoreError};

/// Why the store cannot be followed. The state stays as it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("its ledger is not whole: {0}")]
    Ledger(#[from] Broken),
}

impl Trouble {
    /// Whether somebody has to look: the store was touched, and does not get well by itself.
    fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Ledger(_)
                | Self::Store(StoreError::Damaged { .. } | StoreError::Unwitnessed { .. } | StoreError::Layout(_))
        )
    }
}

impl Shared {
    /// Says what goes wrong, once: in the log, in the metrics, in the store and, where the store was touched, to whoever
    /// receives alerts.
    pub(super) fn tell(&self, progress: &mut Progress, trouble: Option<Trouble>) {
        let (text, known) = (trouble.as_ref().map(text), progress.trouble.as_ref().map(text));
        if text != known {
            match &trouble {
                Some(trouble) => {
                    tracing::error!(%trouble, "the store cannot be followed; scoring goes on as before");
                    if trouble.is_damage() {
                        self.core.news.tell(Found::Store(trouble.to_string()));
                    }
                }
                None => tracing::info!("the store can be followed again"),
            }
        }
        // A store that was touched can be told, most of the time.
        if matches!(trouble, Some(Trouble::Ledger(_))) {
            let problems = text.iter().map(|why| format!("the store is not followed: {why}")).collect();
            let undecided = progress.acknowledged.as_ref().map(|known| known.undecided.clone()).unwrap_or_default();
            self.acknowledge(progress, Shortfall { problems, undecided });
        }
        progress.trouble = trouble;
        self.core.store_meters.trouble(progress.trouble.is_some(), progress.silence.is_some());
    }

    /// Whether the store could be told something: said once, whatever it was.
    pub(super) fn told(&self, progress: &mut Progress, told: Result<(), StoreError>) {
        let silence = told.err().map(|error| error.to_string());
        if silence != progress.silence {
            match &silence {
                Some(why) => {
                    tracing::warn!(%why, "the store is followed, and cannot be told so: nothing waits for this process");
                }
                None => tracing::info!("the store can be told again what is done here"),
            }
        }
        progress.silence = silence;
        self.core.store_meters.trouble(progress.trouble.is_some(), progress.silence.is_some());
    }
}

fn text(trouble: &Trouble) -> String {
    trouble.to_string()
}
