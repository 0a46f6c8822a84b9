//! Saying what keeps this process from following its store.

use std::time::Instant;

use switchback_model::lasting::Lasting;
use switchback_store::alert::Found;
use switchback_store::control::{Broken, NewerEvent, StoreError};

use super::shortfall::Shortfall;
use super::{Progress, Shared};
use crate::limits::store::FOLLOW_REMINDER_INTERVAL;
use crate::runtime::error::describe;

/// Why the store cannot be followed. The state stays as it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("its ledger is not whole: {0}")]
    Ledger(Broken),
    #[error("{0}: what came before it is obeyed, and nothing after it; run that version here")]
    Newer(Box<NewerEvent>),
}

/// What was said of a trouble that lasts.
pub(super) struct Said {
    text: String,
    since: Instant,
    last: Instant,
}

impl From<Broken> for Trouble {
    fn from(broken: Broken) -> Self {
        Self::Ledger(broken)
    }
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

impl Said {
    fn now(text: String) -> Self {
        let now = Instant::now();
        Self { text, since: now, last: now }
    }

    /// A line that scrolled away is no use to whoever looks later.
    fn remind(&mut self) {
        if self.last.elapsed() >= FOLLOW_REMINDER_INTERVAL {
            self.last = Instant::now();
            tracing::error!(trouble = %self.text, lasts = %Lasting(self.since.elapsed()), "the store still cannot be followed; scoring goes on as before");
        }
    }
}

impl Shared {
    /// Says what goes wrong, when it begins and as long as it lasts: in the log, in the metrics, in the store and, where the
    /// store was touched, to whoever receives alerts.
    pub(super) fn tell(&self, progress: &mut Progress, trouble: Option<Trouble>) {
        let text = trouble.as_ref().map(|trouble| describe(trouble)).unwrap_or_default();
        match (&trouble, &mut progress.said) {
            (None, said) => {
                if said.take().is_some() {
                    tracing::info!("the store can be followed again");
                }
            }
            (Some(_), Some(said)) if said.text == text => said.remind(),
            (Some(trouble), said) => {
                tracing::error!(trouble = text, "the store cannot be followed; scoring goes on as before");
                *said = Some(Said::now(text.clone()));
                if trouble.is_damage() {
                    self.core.exchange.news.tell(Found::Store(text));
                }
            }
        }
        // A store that was touched can be told, most of the time.
        if let Some(trouble @ Trouble::Ledger(_)) = &trouble {
            let shortfall = Shortfall::of_stopped(progress.acknowledged.as_ref(), trouble);
            self.acknowledge(progress, shortfall);
        }
        progress.trouble = trouble;
        self.show(progress);
        self.core.exchange.meters.trouble(progress.trouble.is_some(), progress.silence.is_some());
    }

    /// Says, once, what is wrong with the store although it can be followed.
    pub(super) fn look_for_problem(&self, progress: &mut Progress) -> Result<(), Trouble> {
        let problem = self.store.problem()?;
        if let Some(problem) = problem.as_ref().filter(|_| problem != progress.problem) {
            tracing::error!("{problem}");
            self.core.exchange.news.tell(Found::Store(problem.clone()));
        }
        progress.problem = problem;
        Ok(())
    }

    /// Whether the store could be told something: said once, whatever it was.
    pub(super) fn told(&self, progress: &mut Progress, told: Result<(), StoreError>) {
        let silence = told.err().map(|error| describe(&error));
        if silence != progress.silence {
            match &silence {
                Some(why) => {
                    tracing::warn!(%why, "the store is followed, and cannot be told so: nothing waits for this process");
                }
                None => tracing::info!("the store can be told again what is done here"),
            }
        }
        progress.silence = silence;
        self.show(progress);
        self.core.exchange.meters.trouble(progress.trouble.is_some(), progress.silence.is_some());
    }
}
