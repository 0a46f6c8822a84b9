//! Following the ledger.

use jiff::Timestamp;
use switchback_model::release::Digest;
use switchback_model::verdict::{HitCounter, Overrides};
use switchback_store::control::{
    Broken, Damage, Entry, Event, EventSequence, Operation, ProcessNumber, StoreState, Tail, Who, Witness,
};
use switchback_system::clock;

use super::{Progress, Shared, Trouble};

impl Shared {
    /// Reads the ledger from its beginning. One that ends before what anybody remembers of it is not obeyed.
    pub(super) fn read_first(&self, progress: &mut Progress) -> Result<(), Trouble> {
        // Asked first: what they saw is in the ledger that is read afterwards.
        let witnesses = self.store.witnesses()?;
        let anew = follow_all(&self.store.tail(EventSequence::NONE)?)?;
        witnesses.iter().try_for_each(|witness| anew.ledger.confirms(witness))?;
        let now = clock::now();
        if let Some(known) = anew.ledger.state().time_missed(now) {
            tracing::warn!("the clock says {now}, and the ledger has come to {known}: it is set back");
        }
        progress.adopt(anew);
        Ok(())
    }

    /// Follows the ledger to its end. One that does not go on from what was read before, because somebody took something
    /// out of it or put another one in its place, is obeyed only if it was recovered since.
    pub(super) fn read(&self, progress: &mut Progress) -> Result<(), Trouble> {
        let known = progress.ledger.end();
        // The last one that was read has to be there still.
        let mut tail = self.store.tail(known.0.previous())?;
        let is_there = match tail.entries.first() {
            _ if known.0 == EventSequence::NONE => true,
            Some(entry) => (entry.sequence, entry.hash) == known && entry.is_as_written(),
            None => false,
        };
        if !is_there {
            return self.read_anew(progress, &tail);
        }
        tail.entries.retain(|entry| entry.sequence > known.0);
        let ends = tail.entries.last().map_or(known, |last| (last.sequence, last.hash));
        if tail.head != Some(ends).filter(|(last, _)| *last > EventSequence::NONE) {
            return Err(misplaced_head(ends.0, tail.head).into());
        }
        if tail.entries.iter().any(|entry| is_of_another(entry, progress)) {
            return self.read_anew(progress, &tail);
        }
        progress.refused = None;
        let events = take(progress, &tail.entries)?;
        events.iter().for_each(|event| self.core.exchange.news.changed(event));
        Ok(())
    }

    /// Reads another ledger than before from its beginning, unless that one was refused already.
    fn read_anew(&self, progress: &mut Progress, tail: &Tail) -> Result<(), Trouble> {
        if let Some((head, broken)) = &progress.refused
            && *head == tail.head
        {
            return Err(broken.clone().into());
        }
        let whole = self.store.tail(EventSequence::NONE)?;
        let who = Who::Process {
            number: progress.number().unwrap_or(ProcessNumber::new(0)),
            name: self.process.name.clone(),
        };
        let witness = Witness::new(who, progress.ledger.mark());
        let read = follow_all(&whole).and_then(|anew| anew.ledger.confirms(&witness).map(|()| anew));
        match read {
            Ok(anew) => {
                tracing::warn!("the ledger was recovered; following it from its beginning");
                progress.adopt(anew);
                Ok(())
            }
            Err(broken) => {
                progress.refused = Some((whole.head, broken.clone()));
                Err(broken.into())
            }
        }
    }
}

impl Progress {
    /// Goes on with another ledger.
    fn adopt(&mut self, anew: Self) {
        let Self { ledger, overrides, .. } = anew;
        (self.ledger, self.overrides, self.overrides_changed) = (ledger, overrides, true);
        (self.reported_hits, self.expired, self.refused) = Default::default();
    }
}

/// Follows a whole ledger, as far as it is understood.
fn follow_all(tail: &Tail) -> Result<Progress, Broken> {
    let mut progress = Progress::default();
    take(&mut progress, &tail.entries)?;
    progress.ledger.ends_with(tail.head)?;
    Ok(progress)
}

/// Whether an entry comes after another one than that at its place. One that says nothing is for the ledger to name.
fn is_of_another(entry: &Entry, progress: &Progress) -> bool {
    let (last, head) = progress.ledger.end();
    entry.sequence == last.next() && Event::from_json(&entry.body).is_ok_and(|event| event.previous != head)
}

/// The ledger does not end where the store says that it does.
fn misplaced_head(sequence: EventSequence, head: Option<(EventSequence, Digest)>) -> Broken {
    let damage = match head {
        None => Damage::Headless,
        Some((last, _)) if last > sequence => Damage::CutOff { last },
        Some(_) => Damage::OtherHead,
    };
    Broken::new(sequence, damage)
}

fn take(progress: &mut Progress, entries: &[Entry]) -> Result<Vec<Event>, Broken> {
    let mut events = Vec::new();
    let Progress { ledger, overrides, expired, overrides_changed, .. } = progress;
    ledger.follow_all(entries, |ledger, event| {
        *overrides_changed |= index(ledger.state(), overrides, expired, &event);
        events.push(event);
    })?;
    Ok(events)
}

/// Keeps the index of overrides in step, one event at a time: however many there are, one more costs the same.
/// Returns whether it has changed.
fn index(state: &StoreState, overrides: &mut Overrides, expired: &mut Vec<HitCounter>, event: &Event) -> bool {
    let expires = if let Operation::Expire { rule } = &event.operation { Some(*rule) } else { None };
    if let Some(rule) = expires {
        expired.extend(overrides.counter(rule));
        overrides.remove(rule);
    }
    let changed = state.ended_by_last().iter().copied().chain([event.sequence.get()]);
    for made in changed.filter_map(|id| state.overrides.get(&id)) {
        overrides.insert(made.clone());
    }
    overrides.set_not_before(state.time(Timestamp::MIN));
    // One that was there, or the time from which on they hold, is another one.
    expires.is_some() || !overrides.is_empty()
}
