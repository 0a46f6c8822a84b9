//! Every override that stands, found by what a message says.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use smallvec::SmallVec;

use super::probe::{Asker, Probe, Shape};
use super::sender::Standing;
use super::shards::Shards;
use super::{Effect, Override, Senders};
use crate::message::Message;
use crate::verdict::{Action, Category, Verdict};

/// An index of overrides. A clone is a snapshot: cheap, unchanged by what happens to the original, but counting
/// hits together with it.
///
/// Looking a message up takes a microsecond or two, however many overrides there are: it asks one question of a
/// hash table for each kind of rule and of scope and each length of network prefix that some rule has, and one for
/// each label of a sender's domain. With no override it costs nothing. Adding or removing one copies a 256th of the
/// index where a snapshot shares it.
///
/// Of several overrides that match a message, a block decides before an allow, a harsher block before a milder,
/// and among equals the one with the lowest id; allows that may not override the verdict are passed over.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    hasher: RandomState,
    /// By the hash of the question, the strongest first.
    by_probe: Shards<SmallVec<[Arc<Entry>; 1]>>,
    by_id: Shards<Arc<Entry>>,
    /// How many overrides have each shape.
    shapes: BTreeMap<Shape, usize>,
    len: usize,
    /// See [`Overrides::set_not_before`].
    not_before: Option<Timestamp>,
}

#[derive(Debug)]
struct Entry {
    made: Override,
    /// How often it has decided. Snapshots share entries, and so this.
    hits: AtomicU64,
}

/// The hits of one override.
#[derive(Debug)]
pub struct HitCounter(Arc<Entry>);

impl HitCounter {
    #[doc(hidden)]
    pub fn id(&self) -> u64 {
        self.0.made.id
    }

    #[doc(hidden)]
    pub fn hits(&self) -> u64 {
        self.0.hits.load(Ordering::Relaxed)
    }

    /// Whether an index has the override, and hits may be added.
    #[doc(hidden)]
    pub fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl Overrides {
    /// How many there are, expired ones included.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an override. One of the same id is replaced, and begins with its hits; an equal one stays.
    pub fn insert(&mut self, made: Override) {
        if self.get(made.id) == Some(&made) {
            return;
        }
        let hits = self.remove_entry(made.id).map_or(0, |before| before.hits.load(Ordering::Relaxed));
        let entry = Arc::new(Entry { made, hits: hits.into() });
        *self.shapes.entry(Shape::of(&entry.made)).or_default() += 1;
        self.len += 1;
        self.by_id.change(spread(entry.made.id), |_| Some(Arc::clone(&entry)));
        self.by_probe.change(self.hasher.hash_one(Probe::of(&entry.made)), |found| {
            let mut equals = found.unwrap_or_default();
            let at = equals.partition_point(|other| other.rank() < entry.rank());
            equals.insert(at, entry);
            Some(equals)
        });
    }

    /// Removes an override and returns it, if it was there.
    pub fn remove(&mut self, id: u64) -> Option<Override> {
        self.remove_entry(id).map(|entry| entry.made.clone())
    }

    fn remove_entry(&mut self, id: u64) -> Option<Arc<Entry>> {
        let entry = Arc::clone(self.entry(id)?);
        let shape = Shape::of(&entry.made);
        if let Some(count) = self.shapes.get_mut(&shape) {
            *count -= 1;
        }
        self.shapes.retain(|_, count| *count > 0);
        self.len -= 1;
        self.by_id.change(spread(id), |_| None);
        self.by_probe.change(self.hasher.hash_one(Probe::of(&entry.made)), |found| {
            let mut equals = found?;
            equals.retain(|other| other.made.id != id);
            (!equals.is_empty()).then_some(equals)
        });
        Some(entry)
    }

    /// The override of this id.
    pub fn get(&self, id: u64) -> Option<&Override> {
        Some(&self.entry(id)?.made)
    }

    /// How often the override of this id has decided in this process.
    pub fn hits(&self, id: u64) -> Option<u64> {
        Some(self.entry(id)?.hits.load(Ordering::Relaxed))
    }

    /// All overrides with their hits, by id; expired ones included.
    pub fn iter(&self) -> impl Iterator<Item = (&Override, u64)> {
        let mut entries: Vec<&Arc<Entry>> = self.by_id.values().collect();
        entries.sort_unstable_by_key(|entry| entry.made.id);
        entries.into_iter().map(|entry| (&entry.made, entry.hits.load(Ordering::Relaxed)))
    }

    /// It is no earlier than this, whatever a clock says.
    #[doc(hidden)]
    pub fn set_not_before(&mut self, at: Timestamp) {
        self.not_before = Some(at);
    }

    /// What counts the hits of an override, also after it was removed: whoever scores may still hold a snapshot.
    #[doc(hidden)]
    pub fn counter(&self, id: u64) -> Option<HitCounter> {
        Some(HitCounter(Arc::clone(self.entry(id)?)))
    }

    /// The id of every override that has decided in this process, and how often; in no order.
    #[doc(hidden)]
    pub fn counted(&self) -> impl Iterator<Item = (u64, u64)> {
        let counted = self.by_id.values().map(|entry| (entry.made.id, entry.hits.load(Ordering::Relaxed)));
        counted.filter(|(_, hits)| *hits > 0)
    }

    fn entry(&self, id: u64) -> Option<&Arc<Entry>> {
        self.by_id.get(spread(id))
    }

    /// What becomes of a verdict on a message in a slot at a time. What the model said stays in it: score,
    /// category and reasons.
    ///
    /// * A block sets its action, or leaves a harsher one, and [`Scl::HIGHEST`](crate::verdict::Scl::HIGHEST).
    /// * An allow that may override the verdict's category sets `deliver` and
    ///   [`Scl::ALLOWED`](crate::verdict::Scl::ALLOWED), also where the message would have been delivered anyway.
    /// * [`DecidedBy`](crate::verdict::DecidedBy) names the override, and its hits are one more.
    pub fn apply(&self, message: &Message, slot: &str, now: Timestamp, verdict: Verdict) -> Verdict {
        let now = self.not_before.map_or(now, |at| at.max(now));
        match self.strongest(message, slot, now, verdict.category) {
            Some(entry) => {
                entry.hits.fetch_add(1, Ordering::Relaxed);
                entry.made.effect.decide(entry.made.id, verdict)
            }
            None => verdict,
        }
    }

    fn strongest(&self, message: &Message, slot: &str, now: Timestamp, category: Option<Category>) -> Option<&Entry> {
        let asker = Asker::new(message, slot);
        let mut strongest: Option<&Entry> = None;
        for shape in self.shapes.keys() {
            asker.ask(*shape, |probe, standing| {
                let found = self.answer(probe, |entry| entry.decides(standing, now, category));
                if let Some(found) = found.filter(|found| strongest.is_none_or(|best| found.rank() < best.rank())) {
                    strongest = Some(found);
                }
            });
        }
        strongest
    }

    /// The strongest override that answers a question and decides.
    fn answer(&self, probe: Probe<'_>, decides: impl Fn(&Entry) -> bool) -> Option<&Entry> {
        let found = self.by_probe.get(self.hasher.hash_one(probe))?;
        found.iter().map(|entry| &**entry).find(|entry| decides(entry) && Probe::of(&entry.made) == probe)
    }
}

impl FromIterator<Override> for Overrides {
    fn from_iter<I: IntoIterator<Item = Override>>(all: I) -> Self {
        let mut overrides = Self::default();
        all.into_iter().for_each(|made| overrides.insert(made));
        overrides
    }
}

/// An id as a hash: sequential numbers spread over all bits, and no two alike.
fn spread(id: u64) -> u64 {
    // 2 to the power of 64 divided by the golden ratio, made odd: multiplying by an odd number loses nothing.
    id.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Entry {
    /// The stronger, the less.
    fn rank(&self) -> (Reverse<Option<Action>>, u64) {
        (Reverse(self.made.effect.harshness()), self.made.id)
    }

    fn decides(&self, standing: Standing, now: Timestamp, category: Option<Category>) -> bool {
        let is_meant = standing.is_author || matches!(self.made.effect, Effect::Block { .. });
        let accepts = standing.is_authenticated || self.made.rule.senders == Senders::Anyone;
        is_meant && accepts && self.made.holds_at(now) && self.made.effect.covers(category)
    }
}
