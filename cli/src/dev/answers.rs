//! What a release makes of all the mail.

use std::path::Path;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use switchback::compare::Side;
use switchback::verdict::Said;
use switchback::{Message, ReleaseId, Runtime, Thresholds};

use super::Args;
use crate::exit::chain;
use crate::parallel::Workers;
use crate::releases::described;

/// What asks releases.
pub(super) struct Scorer<'a> {
    args: &'a Args,
    thresholds: Thresholds,
    workers: Workers,
    is_over: Arc<AtomicBool>,
}

/// A release that can be asked. It has a runtime of its own: no runtime has two releases of one name and version.
pub(super) struct Candidate {
    runtime: Runtime,
    pub(super) id: ReleaseId,
}

/// What a release said of each message, and the first reason why it failed.
pub(super) struct Answers {
    pub(super) sides: Vec<Side>,
    /// The message, by its number, and why.
    pub(super) failure: Option<(usize, String)>,
}

impl Answers {
    /// Messages that the release failed on.
    pub(super) fn failed(&self) -> usize {
        self.sides.iter().filter(|side| matches!(side.said, Said::Failed(_))).count()
    }
}

impl<'a> Scorer<'a> {
    pub(super) fn new(args: &'a Args, is_over: Arc<AtomicBool>) -> anyhow::Result<Self> {
        let thresholds = args.thresholds.thresholds()?;
        Ok(Self { args, thresholds, workers: Workers::start(args.threads.count())?, is_over })
    }

    /// Loads a release. What it is compiled to is not kept: there will be many.
    pub(super) fn load(&self, path: &Path) -> anyhow::Result<Candidate> {
        let instances = u32::try_from(2 * self.args.threads.count()).unwrap_or(u32::MAX).clamp(64, 20_000);
        let builder = self.args.grants.grant(Runtime::builder().instances(instances));
        let runtime: Runtime = builder.build().context("start the runtime")?.into();
        let id = runtime.load(path).map_err(described)?;
        self.args.grants.check_grants(slice::from_ref(&id))?;
        Ok(Candidate { runtime, id })
    }

    /// Asks a release about all messages; none if the command is to end.
    pub(super) fn ask(&self, candidate: &Candidate, messages: &[Message]) -> Option<Answers> {
        let ask = |message: &Message| {
            let Candidate { runtime, id } = candidate;
            (!self.is_over.load(Ordering::Relaxed)).then(|| runtime.side(id, message, &self.thresholds))
        };
        let asked: Option<Vec<_>> = self.workers.run(|| messages.par_iter().map(ask).collect());
        let (sides, failures): (Vec<_>, Vec<_>) = asked?.into_iter().unzip();
        let failure = failures.iter().enumerate().find_map(|(n, failure)| Some((n, chain(failure.as_ref()?))));
        Some(Answers { sides, failure })
    }
}
