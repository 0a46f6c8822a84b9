//! The chain of events, and what is wrong with one that somebody touched.

use jiff::Timestamp;

use super::event::{Event, GENESIS, hash};
use super::refused::Refused;
use super::state::State;
use crate::release::Digest;

/// An event as a store keeps it: nothing is believed about it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The place under which the store keeps it.
    pub sequence: u64,
    /// The event as JSON.
    pub body: String,
    /// The hash under which the store keeps it.
    pub hash: Digest,
}

/// A ledger as far as it was read: what it amounts to, and the hash that the next event has to name.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    state: State,
    head: Digest,
    last_at: Option<Timestamp>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { state: State::default(), head: GENESIS, last_at: None }
    }
}

impl Ledger {
    /// What the events so far amount to.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// [`Ledger::state`], without the ledger.
    pub fn into_state(self) -> State {
        self.state
    }

    /// The hash of the last event; zeros if there is none.
    pub fn head(&self) -> Digest {
        self.head
    }

    /// When the last event was written; none if there is none.
    pub fn last_at(&self) -> Option<Timestamp> {
        self.last_at
    }

    /// Takes the next entry: checks that nobody touched it or anything before it, and applies it.
    ///
    /// # Errors
    /// [`Broken`], which names the event; the ledger stays as it is.
    pub fn follow(&mut self, entry: &Entry) -> Result<Event, Broken> {
        let expected = self.state.sequence + 1;
        let broken = |sequence, damage| Broken { sequence, damage };
        if entry.sequence != expected {
            return Err(broken(expected, Damage::Missing { next: entry.sequence }));
        }
        if hash(&entry.body) != entry.hash {
            return Err(broken(expected, Damage::Edited));
        }
        let event = Event::from_json(&entry.body).map_err(|e| broken(expected, Damage::Unreadable(e.to_string())))?;
        if event.sequence != expected {
            return Err(broken(expected, Damage::Moved { from: event.sequence }));
        }
        if event.previous != self.head {
            return Err(broken(expected, Damage::Unchained));
        }
        self.state.apply(&event).map_err(|refused| broken(expected, Damage::Impossible(refused.into())))?;
        (self.head, self.last_at) = (entry.hash, Some(event.at));
        Ok(event)
    }

    /// The ledger with one more event.
    pub(super) fn after(&self, event: &Event) -> Result<Self, Broken> {
        let sequence = event.sequence;
        let unreadable = |why: serde_json::Error| Broken { sequence, damage: Damage::Unreadable(why.to_string()) };
        let body = event.to_json().map_err(unreadable)?;
        let mut after = self.clone();
        after.follow(&Entry { sequence, hash: hash(&body), body })?;
        Ok(after)
    }

    /// Checks that the ledger ends where the store, or somebody who wrote it down, says that it does.
    ///
    /// # Errors
    /// [`Broken`], if events are missing at the end.
    pub fn ends_at(&self, sequence: u64, head: Digest) -> Result<(), Broken> {
        if self.state.sequence < sequence {
            return Err(Broken { sequence: self.state.sequence + 1, damage: Damage::CutOff { last: sequence } });
        }
        if self.state.sequence > sequence || self.head != head {
            return Err(Broken { sequence: self.state.sequence, damage: Damage::OtherHead });
        }
        Ok(())
    }
}

/// A ledger that somebody or something touched.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("event {sequence} {damage}")]
pub struct Broken {
    /// The first event that is not as it was written.
    pub sequence: u64,
    /// What is wrong with it.
    pub damage: Damage,
}

/// What is wrong with an event.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// There is none at this place.
    #[error("is missing; {next} comes next")]
    Missing {
        /// The event after the gap.
        next: u64,
    },
    /// The last ones are gone.
    #[error("to {last} are missing: the ledger was cut off")]
    CutOff {
        /// The last event that there was.
        last: u64,
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
        from: u64,
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
}
