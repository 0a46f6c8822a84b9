//! How releases differ on the messages of this process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use switchback_model::compare::{Comparison, ComparisonSettings, MessageName, Pair, Report};
use switchback_model::message::Message;
use switchback_model::release::{Digest, ReleaseId};
use switchback_model::route::Generation;
use switchback_model::verdict::Judged;

/// The most pairs of releases that are counted: those of the last few rollouts. One takes at most 8 MiB.
const PAIRS_MAX: usize = 16;

/// How the releases of a slot differ, by baseline and candidate.
#[derive(Default)]
pub(super) struct Pairs(Mutex<BTreeMap<(Digest, Digest), Counted>>);

struct Counted {
    comparison: Comparison,
    /// The generation at which the pair was met last: the pair of the oldest one makes room.
    generation: Generation,
}

impl Pairs {
    /// Counts what releases made of one message.
    pub(super) fn add(&self, judged: &Judged, message: &Message) {
        for (baseline, candidate) in judged.opinions.pairs() {
            let pair = Pair::new(baseline.into(), candidate.into())
                .sender_domain(message.sender_domain())
                .is_authenticated(message.is_sender_authenticated());
            let mut all = self.lock();
            let counted = entry(&mut all, (baseline.release.digest, candidate.release.digest));
            counted.generation = judged.generation;
            counted.comparison.add(&pair, || MessageName::new(judged.id.to_string()));
        }
    }

    /// How two releases differ, if they met; at most `limit` rows of each list.
    pub(super) fn report(&self, baseline: &ReleaseId, candidate: &ReleaseId, limit: usize) -> Option<Report> {
        let all = self.lock();
        let counted = all.get(&(baseline.digest, candidate.digest))?;
        Some(counted.comparison.report(baseline.clone(), candidate.clone(), limit))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(Digest, Digest), Counted>> {
        // Nothing in a comparison can be half done that matters: it is counts.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry(all: &mut BTreeMap<(Digest, Digest), Counted>, key: (Digest, Digest)) -> &mut Counted {
    if !all.contains_key(&key)
        && all.len() >= PAIRS_MAX
        && let Some(oldest) = all.iter().min_by_key(|(_, counted)| counted.generation).map(|(key, _)| *key)
    {
        all.remove(&oldest);
    }
    all.entry(key).or_insert_with(|| Counted {
        comparison: Comparison::new(ComparisonSettings::default()),
        generation: Generation::default(),
    })
}
