//! What one transaction remembers of one trial.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};
use switchback_model::guard::{
    Counts, FirstKey, Flip, Flipped, GuardSettings, Key, KnownSenders, MailCounts, Memory, Past, Segment, SegmentRef,
    Tally, TrialKey, weight,
};
use switchback_model::limits::{GUARD_FIRSTS_MAX, GUARD_SEGMENTS_MAX};

use super::mail;
use super::noted::{NotedPair, Notes};
use super::trials::{self};
use super::{senders, tallies, volumes};
use crate::limits::GUARD_FIRSTS_STRANGERS_MAX;

/// Remembers one batch of messages: everything that it changes is one transaction.
///
/// What was read or changed is kept until [`StoreMemory::write_back`], so a segment is read and written once per batch.
pub struct StoreMemory<'a> {
    transaction: &'a Transaction<'a>,
    room: Room,
    senders: HashMap<Key, senders::Seen>,
    trials: HashMap<TrialKey, OpenTrial>,
    volumes: HashMap<(String, Segment, i32), u64>,
    mail: HashMap<(String, i32), MailCounts>,
    /// Whether what is counted of each pair is noted.
    takes_notes: bool,
}

impl fmt::Debug for StoreMemory<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreMemory").finish_non_exhaustive()
    }
}

/// Events that count once, of eligible mail and of other mail: each kind has a budget of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Firsts {
    pub(crate) eligible: u64,
    pub(crate) others: u64,
}

/// Whose mail a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// That of an authenticated, known sender.
    Eligible,
    /// That of anybody else.
    Other,
}

/// How much room there is for events that count once.
struct Room {
    left: Firsts,
    /// Whether there was none for eligible mail, and for other mail.
    is_full: Full,
}

/// Whether events were not counted for lack of room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Full {
    /// Of mail that counts as evidence.
    pub eligible: bool,
    /// Of other mail.
    pub others: bool,
}

impl Room {
    fn beside(known: Firsts) -> Self {
        let left = |max: usize, known| (max as u64).saturating_sub(known);
        let left = Firsts {
            eligible: left(GUARD_FIRSTS_MAX - GUARD_FIRSTS_STRANGERS_MAX, known.eligible),
            others: left(GUARD_FIRSTS_STRANGERS_MAX, known.others),
        };
        Self { left, is_full: Full::default() }
    }

    fn of(&mut self, whose: Whose) -> (&mut u64, &mut bool) {
        match whose {
            Whose::Eligible => (&mut self.left.eligible, &mut self.is_full.eligible),
            Whose::Other => (&mut self.left.others, &mut self.is_full.others),
        }
    }
}

/// A trial of which something was read.
struct OpenTrial {
    trial: trials::Working,
    /// What was changed, by the keys of the segments' names.
    tallies: HashMap<Key, (Segment, Tally)>,
    last: Timestamp,
    pairs: MailCounts,
    notes: Notes,
}

impl OpenTrial {
    fn new(trial: trials::Working, at: Timestamp) -> Self {
        let (pairs, notes) = (MailCounts::default(), Notes::default());
        Self { trial, tallies: HashMap::new(), last: at, pairs, notes }
    }
}

impl<'a> StoreMemory<'a> {
    /// Remembers in this transaction, where about so many events are remembered already.
    pub fn new(transaction: &'a Transaction<'a>, firsts: Firsts) -> Self {
        let room = Room::beside(firsts);
        Self {
            transaction,
            room,
            senders: HashMap::new(),
            trials: HashMap::new(),
            volumes: HashMap::new(),
            mail: HashMap::new(),
            takes_notes: false,
        }
    }

    /// Also notes what is counted of each pair, if this is so.
    #[doc(hidden)]
    pub fn with_notes_if(self, takes_notes: bool) -> Self {
        Self { takes_notes, ..self }
    }

    /// When a trial began: at this time, if it is new.
    #[doc(hidden)]
    pub fn began_at(&mut self, key: &TrialKey, at: Timestamp) -> rusqlite::Result<Timestamp> {
        if let Some(open) = self.trials.get(key) {
            return Ok(open.trial.began_at);
        }
        let trial = trials::find_or_begin(self.transaction, key, at)?;
        let began_at = trial.began_at;
        self.trials.insert(key.clone(), OpenTrial::new(trial, at));
        Ok(began_at)
    }

    /// What is remembered of one trial, which is begun if it is new, for a message of this time and of such a sender.
    #[doc(hidden)]
    pub fn of<'m>(&'m mut self, key: &TrialKey, at: Timestamp, whose: Whose) -> rusqlite::Result<TrialMemory<'m, 'a>> {
        self.began_at(key, at)?;
        // It was just put there.
        let open = self.trials.get_mut(key).ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        open.last = open.last.max(at);
        let (transaction, takes_notes) = (self.transaction, self.takes_notes);
        Ok(TrialMemory { transaction, senders: &mut self.senders, room: &mut self.room, whose, open, takes_notes })
    }

    /// Adds a known sender's day to the volume of the week, which a later trial takes its weights from.
    #[doc(hidden)]
    pub fn add_volume(&mut self, slot: &str, segment: Segment, day: i32) {
        *self.volumes.entry((slot.to_owned(), segment, day)).or_default() += 1;
    }

    /// Counts a message of a slot, whoever sent it.
    #[doc(hidden)]
    pub fn mail(&mut self, slot: &str, day: i32) -> &mut MailCounts {
        self.mail.entry((slot.to_owned(), day)).or_default()
    }

    /// What is known of a sender by now.
    pub(super) fn seen(&mut self, sender: Key) -> rusqlite::Result<senders::Seen> {
        Ok(*seen(self.transaction, &mut self.senders, sender)?)
    }

    /// Writes what was changed; without this the transaction has not seen it. Says for whom there was no room.
    pub fn write_back(self) -> rusqlite::Result<Full> {
        for open in self.trials.values() {
            for (segment, tally) in open.tallies.values() {
                tallies::write(self.transaction, open.trial.id, segment, tally, open.last)?;
            }
            let noted = open.notes.write(self.transaction, open.trial.id)?;
            trials::write(self.transaction, &open.trial, open.last, &open.pairs, noted)?;
        }
        for ((slot, day), counts) in &self.mail {
            mail::add(self.transaction, slot, *day, counts)?;
        }
        for ((slot, segment, day), messages) in &self.volumes {
            volumes::add(self.transaction, slot, segment, *day, *messages)?;
        }
        self.senders.iter().try_for_each(|(sender, seen)| seen.write(self.transaction, *sender))?;
        Ok(self.room.is_full)
    }
}

/// What is remembered of one trial: [`Memory`].
pub struct TrialMemory<'m, 'a> {
    transaction: &'a Transaction<'a>,
    senders: &'m mut HashMap<Key, senders::Seen>,
    room: &'m mut Room,
    whose: Whose,
    open: &'m mut OpenTrial,
    takes_notes: bool,
}

impl fmt::Debug for TrialMemory<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrialMemory").finish_non_exhaustive()
    }
}

impl TrialMemory<'_, '_> {
    /// Counts a pair of the trial.
    #[doc(hidden)]
    pub fn pairs(&mut self) -> &mut MailCounts {
        &mut self.open.pairs
    }

    /// Notes what was counted of a pair, if notes are taken.
    #[doc(hidden)]
    pub fn note(&mut self, settings: &GuardSettings, pair: &NotedPair) {
        if self.takes_notes {
            self.open.notes.add(settings, pair);
        }
    }

    /// A segment that is new gets the next rank. Where there is no room, that which was met least recently is forgotten.
    fn discover(&mut self, segment: &Segment) -> rusqlite::Result<Tally> {
        let trial = &mut self.open.trial;
        if trial.kept >= GUARD_SEGMENTS_MAX as u64 {
            // What of this batch is in the cache only is newer than all that is forgotten.
            let forgotten = tallies::forget(self.transaction, trial.id, GUARD_SEGMENTS_MAX / 8)?;
            forgotten.iter().for_each(|segment| drop(self.open.tallies.remove(&SegmentRef::from(segment).key())));
            trial.kept = trial.kept.saturating_sub(forgotten.len() as u64);
        }
        trial.discovered += 1;
        trial.kept += 1;
        let share = volumes::take(self.transaction, trial.id, segment)?;
        let mut tally = Tally::default();
        (tally.rank, tally.weight) = (trial.discovered, weight(share, trial.discovered));
        Ok(tally)
    }
}

impl KnownSenders for StoreMemory<'_> {
    type Error = rusqlite::Error;

    fn past(&mut self, sender: Key, day: i32) -> rusqlite::Result<Past> {
        Ok(seen(self.transaction, &mut self.senders, sender)?.before(day))
    }

    fn senders_seen(&mut self, days: u32, most: u32) -> rusqlite::Result<u32> {
        senders::seen_on(self.transaction, days, most)
    }

    fn learn(&mut self, sender: Key, day: i32) -> rusqlite::Result<bool> {
        learn(self.transaction, &mut self.senders, sender, day)
    }
}

impl KnownSenders for TrialMemory<'_, '_> {
    type Error = rusqlite::Error;

    fn past(&mut self, sender: Key, day: i32) -> rusqlite::Result<Past> {
        Ok(seen(self.transaction, self.senders, sender)?.before(day))
    }

    fn senders_seen(&mut self, days: u32, most: u32) -> rusqlite::Result<u32> {
        senders::seen_on(self.transaction, days, most)
    }

    fn learn(&mut self, sender: Key, day: i32) -> rusqlite::Result<bool> {
        learn(self.transaction, self.senders, sender, day)
    }
}

impl Memory for TrialMemory<'_, '_> {
    /// Where there is no room to remember another event, none is the first: nothing counts twice, and what is not counted
    /// says nothing against the candidate.
    fn is_first(&mut self, key: FirstKey, _: Timestamp, until: Timestamp) -> rusqlite::Result<bool> {
        let (left, is_full) = self.room.of(self.whose);
        if *left == 0 {
            *is_full = true;
            return Ok(false);
        }
        let added = self
            .transaction
            .prepare_cached("INSERT OR IGNORE INTO firsts (trial, key, until_us, is_eligible) VALUES (?, ?, ?, ?)")?
            .execute(params![self.open.trial.id, key.0, until.as_microsecond(), self.whose == Whose::Eligible])?;
        *left = left.saturating_sub(added as u64);
        Ok(added > 0)
    }

    fn tally(&mut self, segment: SegmentRef<'_>) -> rusqlite::Result<&mut Tally> {
        let key = segment.key();
        if !self.open.tallies.contains_key(&key) {
            let segment = segment.to_segment();
            let tally = match tallies::read(self.transaction, self.open.trial.id, &segment)? {
                Some(tally) => tally,
                None => self.discover(&segment)?,
            };
            self.open.tallies.insert(key, (segment, tally));
        }
        // It was just put there, or was there.
        let (_, tally) = self.open.tallies.get_mut(&key).ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Ok(tally)
    }

    fn flipped(&mut self, flip: Flip, flips_min: u64) -> rusqlite::Result<Flipped> {
        let stored = tallies::flipped(self.transaction, self.open.trial.id, flip, flips_min)?;
        let mut all: HashMap<Segment, Counts> = stored.into_iter().collect();
        for (segment, tally) in self.open.tallies.values() {
            all.insert(segment.clone(), tally.direction(flip).eligible);
        }
        let mut flipped = Flipped::default();
        flipped.segments = all.into_iter().filter(|(_, counts)| counts.flips >= flips_min).collect();
        flipped.discovered = self.open.trial.discovered;
        Ok(flipped)
    }
}

fn seen<'s>(
    transaction: &Transaction<'_>,
    known: &'s mut HashMap<Key, senders::Seen>,
    sender: Key,
) -> rusqlite::Result<&'s mut senders::Seen> {
    match known.entry(sender) {
        Entry::Occupied(entry) => Ok(entry.into_mut()),
        Entry::Vacant(entry) => Ok(entry.insert(senders::Seen::read(transaction, sender)?)),
    }
}

fn learn(
    transaction: &Transaction<'_>,
    known: &mut HashMap<Key, senders::Seen>,
    sender: Key,
    day: i32,
) -> rusqlite::Result<bool> {
    Ok(seen(transaction, known, sender)?.on(day))
}

/// Forgets so many events of which nobody will ask again, and says how many it forgot.
pub(super) fn forget(connection: &Connection, now: Timestamp, rows_max: usize) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(
            "DELETE FROM firsts WHERE (trial, key) IN (SELECT trial, key FROM firsts WHERE until_us < ? LIMIT ?)",
        )?
        .execute(params![now.as_microsecond(), rows_max])
}

/// How many events are remembered.
pub(super) fn firsts(connection: &Connection) -> rusqlite::Result<Firsts> {
    connection.query_row("SELECT coalesce(sum(is_eligible), 0), count(*) FROM firsts", [], |row| {
        let (eligible, all): (u64, u64) = (row.get(0)?, row.get(1)?);
        Ok(Firsts { eligible, others: all - eligible })
    })
}
