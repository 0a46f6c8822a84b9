//! The two releases, ready to be asked.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, bail};
use switchback::compare::Side;
use switchback::control::StoreState;
use switchback::journal::RecordedOpinion;
use switchback::release::Reads;
use switchback::verdict::Said;
use switchback::{Message, ReleaseId, Runtime, Thresholds};

use super::{Args, NAME};
use crate::exit;
use crate::progress::Busy;
use crate::releases;
use crate::show;
use crate::sides::Named;

/// What the live release is called.
const LIVE: &str = "live";

/// Failures that are said one by one.
const FAILURES_SAID: usize = 10;

/// The two releases, ready to be asked.
pub(super) struct Asked {
    runtime: Runtime,
    /// The baseline, and the candidate.
    pub(super) ids: [ReleaseId; 2],
    /// Whether the baseline can be asked now.
    can_ask_baseline: bool,
    failures: AtomicUsize,
}

impl Asked {
    /// Loads them, and refuses a candidate that reads what no journal has.
    pub(super) fn load(args: &Args, dir: &Path, state: &StoreState, slot: &str) -> anyhow::Result<Self> {
        let baseline = match args.baseline.to_str() {
            Some(LIVE) => {
                let live = state.slots.get(slot).and_then(|slot| slot.live.clone());
                live.with_context(|| format!("no release is live in {slot}: name one with --baseline"))?
            }
            _ => Named::of(&args.baseline).id(state).context("--baseline")?,
        };
        let instances = u32::try_from(2 * args.threads.count() * 4).unwrap_or(u32::MAX).clamp(64, 20_000);
        let busy = Busy::with(format!("loading the releases of {}", dir.display()));
        let runtime = args.runtime.grant(Runtime::builder().instances(instances).name(NAME).store_dir(dir)).build()?;
        let candidate = match Named::of(&args.candidate) {
            Named::File(path) => {
                busy.now(releases::loading(&path));
                runtime.load(&path).map_err(releases::described)?
            }
            named @ Named::Stored(_) => named.id(state)?,
        };
        if !runtime.rouse(&candidate) {
            bail!("{candidate} is in the store but cannot be loaded; see above");
        }
        let beyond = |id| runtime.manifest(id).map(|manifest| manifest.reads.without(Reads::FEATURES | Reads::FACTS));
        if let Some(beyond) = beyond(&candidate).filter(|beyond| *beyond != Reads::default()) {
            bail!(
                "{candidate} reads {}, which a journal does not have: only a release that reads nothing but features and facts \
                 can be scored on past mail",
                beyond.names().collect::<Vec<_>>().join(", ")
            );
        }
        let can_ask_baseline = runtime.rouse(&baseline) && beyond(&baseline) == Some(Reads::default());
        args.runtime.check_grants(&[baseline.clone(), candidate.clone()])?;
        Ok(Self { runtime, ids: [baseline, candidate], can_ask_baseline, failures: AtomicUsize::new(0) })
    }

    /// What the baseline made of a message: what is recorded, or what it makes of it now; none where neither is known.
    pub(super) fn baseline(
        &self,
        recorded: Option<RecordedOpinion>,
        message: &Message,
        thresholds: &Thresholds,
    ) -> (Option<Side>, Answered) {
        match recorded.filter(|opinion| !matches!(opinion.said, Said::Dropped(_))) {
            Some(opinion) => (Some(Side::new(opinion.said, opinion.took_us)), Answered::Then),
            None if self.can_ask_baseline => (Some(self.ask(&self.ids[0], message, thresholds)), Answered::Now),
            None => (None, Answered::Never),
        }
    }

    /// What the candidate makes of a message.
    pub(super) fn candidate(&self, message: &Message, thresholds: &Thresholds) -> Side {
        self.ask(&self.ids[1], message, thresholds)
    }

    fn ask(&self, release: &ReleaseId, message: &Message, thresholds: &Thresholds) -> Side {
        let (side, failure) = self.runtime.side(release, message, thresholds);
        if let Some(failure) = failure
            && self.failures.fetch_add(1, Ordering::Relaxed) < FAILURES_SAID
        {
            exit::say(&show::printable(&exit::chain(&failure), 500));
        }
        side
    }
}

/// When the baseline answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    /// When the message came.
    Then,
    /// Now.
    Now,
    /// It was not to score the message, or had no time for it, and cannot be asked now.
    Never,
}
