//! The chain of events, and what is wrong with one that somebody touched.

use std::io;
use std::num::NonZero;
use std::thread;

use jiff::Timestamp;
use switchback_model::release::Digest;
use switchback_system::shortage::in_full;

use super::event::{Drafted, Event, Proposal, hash};
use super::mark::{GENESIS, Mark, Witness};
use super::newer::NewerEvent;
use super::number::EventSequence;
use super::refused::Refused;
use super::state::StoreState;

/// An event as a store keeps it: nothing is believed about it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The place under which the store keeps it.
    pub sequence: EventSequence,
    /// The event as JSON.
    pub body: String,
    /// The hash under which the store keeps it.
    pub hash: Digest,
}

impl Entry {
    /// An event as a store keeps it: under this place and this hash, as JSON.
    pub fn new(sequence: EventSequence, body: impl Into<String>, hash: Digest) -> Self {
        Self { sequence, body: body.into(), hash }
    }

    /// Whether its text has the hash under which it is kept.
    #[doc(hidden)]
    pub fn is_as_written(&self) -> bool {
        hash(&self.body) == self.hash
    }
}

/// An entry, read by itself: whether it follows the one before is another question.
struct Read {
    sequence: EventSequence,
    hash: Digest,
    said: Result<Said, Damage>,
}

/// What an entry says.
enum Said {
    Event(Box<Event>),
    Newer(NewerEvent),
}

impl Read {
    fn of(entry: &Entry) -> Self {
        let Entry { sequence, body, hash } = entry;
        let said = match (entry.is_as_written(), Event::from_json(body)) {
            (false, _) => Err(Damage::Edited),
            (true, Ok(event)) => Ok(Said::Event(event.into())),
            (true, Err(why)) => {
                NewerEvent::of(body, *hash).map(Said::Newer).ok_or_else(|| Damage::Unreadable(in_full(&why)))
            }
        };
        Self { sequence: *sequence, hash: *hash, said }
    }
}

impl Said {
    fn into_newer(self, hash: Digest) -> NewerEvent {
        match self {
            Self::Event(event) => event.not_understood(hash),
            Self::Newer(newer) => newer,
        }
    }
}

/// Reads entries, many of them on all cores: most of the time that a long ledger takes is JSON and hashes.
fn read_all(entries: &[Entry]) -> Vec<Read> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(entries.len() / ENTRIES_PER_THREAD_MIN);
    if threads < 2 {
        return entries.iter().map(Read::of).collect();
    }
    let read = |part: &[Entry]| part.iter().map(Read::of).collect::<Vec<_>>();
    thread::scope(|scope| {
        let begin = |part| (part, thread::Builder::new().spawn_scoped(scope, move || read(part)));
        let readers: Vec<_> = entries.chunks(entries.len().div_ceil(threads)).map(begin).collect();
        // Where a thread cannot be had, this one does its work.
        let end = |(part, reader): (_, io::Result<thread::ScopedJoinHandle<'_, _>>)| {
            reader.ok().and_then(|reader| reader.join().ok()).unwrap_or_else(|| read(part))
        };
        readers.into_iter().flat_map(end).collect()
    })
}

/// Fewer entries than this are read sooner than a thread is started.
const ENTRIES_PER_THREAD_MIN: usize = 1_024;

/// A ledger as far as it was read: what it amounts to, and the hash that the next event has to name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    state: StoreState,
    /// The hash of each event, in order.
    hashes: Vec<Digest>,
    last_at: Option<Timestamp>,
    /// The first event that this version does not understand, and all after it.
    newer: Vec<NewerEvent>,
}

impl Ledger {
    /// What the events so far amount to.
    pub fn state(&self) -> &StoreState {
        &self.state
    }

    /// [`Ledger::state`], without the ledger.
    pub fn into_state(self) -> StoreState {
        self.state
    }

    /// The hash of the last event that is understood; zeros if there is none.
    pub fn head(&self) -> Digest {
        self.hashes.last().copied().unwrap_or(GENESIS)
    }

    /// Where that is.
    pub fn mark(&self) -> Mark {
        let StoreState { sequence, recoveries, generation, .. } = self.state;
        Mark { sequence, head: self.head(), recoveries, generation }
    }

    /// The events at its end that a newer program wrote, and that say nothing to this one: they are not part of the state,
    /// and nothing can be added after them. None, most of the time.
    pub fn newer(&self) -> &[NewerEvent] {
        &self.newer
    }

    /// The sequence and hash of the last event, understood or not; zeros if there is none.
    pub fn end(&self) -> (EventSequence, Digest) {
        self.newer.last().map_or((self.state.sequence, self.head()), |newer| (newer.sequence, newer.hash))
    }

    /// The event that has this hash; 0 for the hash before the first.
    pub fn place_of(&self, hash: &Digest) -> Option<EventSequence> {
        let place =
            self.all_hashes().position(|known| known == *hash).map(|index| EventSequence::new(index as u64 + 1));
        place.or_else(|| (*hash == GENESIS).then_some(EventSequence::NONE))
    }

    fn all_hashes(&self) -> impl Iterator<Item = Digest> {
        self.hashes.iter().copied().chain(self.newer.iter().map(|newer| newer.hash))
    }

    /// Makes the event that a proposal would be, if it is not refused.
    ///
    /// # Errors
    /// [`Refused`], which says why.
    pub fn draft(&self, proposal: Proposal, at: Timestamp) -> Result<Drafted, Refused> {
        match self.newer.first() {
            Some(newer) => Err(Refused::Newer(Box::new(newer.clone()))),
            None => self.state.draft(proposal, at, self.head()),
        }
    }

    /// Whether it went on from a mark, or was recovered since.
    pub fn continues(&self, mark: &Mark) -> bool {
        self.state.recoveries > mark.recoveries || self.hash_of(mark.sequence) == Some(mark.head)
    }

    fn hash_of(&self, sequence: EventSequence) -> Option<Digest> {
        let Some(index) = usize::try_from(sequence.get()).ok()?.checked_sub(1) else { return Some(GENESIS) };
        let newer = || self.newer.get(index.checked_sub(self.hashes.len())?).map(|newer| newer.hash);
        self.hashes.get(index).copied().or_else(newer)
    }

    /// Checks that it has what somebody remembers of it.
    ///
    /// # Errors
    /// [`Broken`], if it was set back or replaced since, and nobody recovered it.
    pub fn confirms(&self, witness: &Witness) -> Result<(), Broken> {
        let Witness { who, mark } = witness;
        if self.continues(mark) {
            return Ok(());
        }
        let who = who.to_string();
        let (last, known) = (self.end().0, mark.sequence);
        Err(match last < known {
            true => Broken { sequence: last.next(), damage: Damage::SetBack { known, who } },
            false => Broken { sequence: known, damage: Damage::Replaced { who } },
        })
    }

    /// When the last event was written; none if there is none.
    pub fn last_at(&self) -> Option<Timestamp> {
        self.last_at
    }

    /// Takes the next entry: checks that nobody touched it or anything before it, and applies it. None if it, or one before
    /// it, is of a [newer](Ledger::newer) program: the state stays as it is.
    ///
    /// # Errors
    /// [`Broken`], which names the event; the ledger stays as it is.
    pub fn follow(&mut self, entry: &Entry) -> Result<Option<Event>, Broken> {
        self.take(Read::of(entry))
    }

    /// [`Ledger::follow`] for many entries, which are read on all cores. Ends with the first that is refused.
    ///
    /// # Errors
    /// As [`Ledger::follow`].
    #[doc(hidden)]
    pub fn follow_all(&mut self, entries: &[Entry], mut each: impl FnMut(&Self, Event)) -> Result<(), Broken> {
        for read in read_all(entries) {
            if let Some(event) = self.take(read)? {
                each(self, event);
            }
        }
        Ok(())
    }

    fn take(&mut self, read: Read) -> Result<Option<Event>, Broken> {
        let expected = self.end().0.next();
        let broken = |damage| Broken { sequence: expected, damage };
        if read.sequence != expected {
            return Err(broken(Damage::Missing { next: read.sequence }));
        }
        match read.said.map_err(broken)? {
            Said::Event(event) if self.newer.is_empty() => {
                self.check_place(event.sequence, event.previous)?;
                self.state.apply(&event).map_err(|refused| broken(Damage::Impossible(refused.into())))?;
                self.hashes.push(read.hash);
                self.last_at = Some(event.at);
                Ok(Some(*event))
            }
            said => {
                let newer = said.into_newer(read.hash);
                self.check_place(newer.sequence, newer.previous)?;
                self.newer.push(newer);
                Ok(None)
            }
        }
    }

    /// Checks that an event says of itself that it is the next.
    fn check_place(&self, sequence: EventSequence, previous: Digest) -> Result<(), Broken> {
        let (last, head) = self.end();
        let damage = match (sequence == last.next(), previous == head) {
            (true, true) => return Ok(()),
            (false, _) => Damage::Moved { from: sequence },
            (_, false) => Damage::Unchained,
        };
        Err(Broken { sequence: last.next(), damage })
    }

    /// The ledger with one more event.
    pub(super) fn after(&self, event: &Event) -> Result<Self, Broken> {
        let sequence = event.sequence;
        let body = event.to_json();
        let mut after = self.clone();
        after.follow(&Entry { sequence, hash: hash(&body), body })?;
        Ok(after)
    }

    /// Checks that the ledger ends where the store, or somebody who wrote it down, says that it does.
    ///
    /// # Errors
    /// [`Broken`], if events are missing at the end.
    pub fn ends_at(&self, sequence: EventSequence, head: Digest) -> Result<(), Broken> {
        let end = self.end();
        if end.0 < sequence {
            return Err(Broken { sequence: end.0.next(), damage: Damage::CutOff { last: sequence } });
        }
        if end != (sequence, head) {
            return Err(Broken { sequence: end.0, damage: Damage::OtherHead });
        }
        Ok(())
    }

    /// [`Ledger::ends_at`] for what a store keeps beside the entries: it says where they end as soon as there is one.
    ///
    /// # Errors
    /// [`Broken`], if events are missing at the end, or it is not said where they end.
    pub fn ends_with(&self, head: Option<(EventSequence, Digest)>) -> Result<(), Broken> {
        match head {
            Some((sequence, head)) => self.ends_at(sequence, head),
            None if self.end().0 == EventSequence::NONE => Ok(()),
            None => Err(Broken { sequence: self.end().0, damage: Damage::Headless }),
        }
    }
}

/// A ledger that somebody or something touched.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("event {sequence} {damage}")]
#[non_exhaustive]
pub struct Broken {
    /// The first event that is not as it was written.
    pub sequence: EventSequence,
    /// What is wrong with it.
    pub damage: Damage,
}

impl Broken {
    /// The first event that is not as it was written, and what is wrong with it.
    pub const fn new(sequence: EventSequence, damage: Damage) -> Self {
        Self { sequence, damage }
    }
}

/// What is wrong with an event.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// There is none at this place.
    #[error("is missing; {next} comes next")]
    Missing {
        /// The event after the gap.
        next: EventSequence,
    },
    /// The last ones are gone.
    #[error("to {last} are missing: the ledger was cut off")]
    CutOff {
        /// The last event that there was.
        last: EventSequence,
    },
    /// Its text is not the text of which the hash was kept.
    #[error("was edited: its text does not have the hash that was kept with it")]
    Edited,
    /// Its text is no event.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Another event stands in its place.
    #[error("is event {from}, put in another place")]
    Moved {
        /// The sequence that its text says.
        from: EventSequence,
    },
    /// It names another predecessor.
    #[error("does not follow the event before it: that one, or this one, was replaced together with its hash")]
    Unchained,
    /// It could never have been accepted.
    #[error("cannot have happened: {0}")]
    Impossible(Box<Refused>),
    /// The ledger does not end with the event that it is said to end with.
    #[error("is not the end that the ledger had: events were added or replaced without this program")]
    OtherHead,
    /// The store does not say where the ledger ends.
    #[error("may not be the last: the store no longer says where the ledger ends, so events may have been cut off")]
    Headless,
    /// Somebody obeyed an event that is no more.
    #[error(
        "is missing, although {who} has seen event {known}: the ledger was set back, by an older copy or by events that \
         were taken out"
    )]
    SetBack {
        /// The event.
        known: EventSequence,
        /// Who remembers it.
        who: String,
    },
    /// Somebody obeyed another event at this place.
    #[error("is not the one that {who} has seen: another ledger was put in the place of this one")]
    Replaced {
        /// Who remembers it.
        who: String,
    },
}
