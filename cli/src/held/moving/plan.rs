//! What is to be moved.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use switchback::Message;
use switchback::journal::{JournalReader, MessageIds};
use switchback::verdict::RecordId;
use switchback_gateway::mailbox::{Delivered, Mark, Place};

use super::super::wanted::Listed;
use super::outcome::{Moved, OutcomeKind};
use crate::journal;

/// How long before a message was judged it may have been delivered, by another machine's clock.
const SLACK: Duration = Duration::from_secs(24 * 3_600);

/// The messages that are asked for.
pub(super) struct Wanted {
    ids: BTreeSet<RecordId>,
    /// Their records by Message-ID, as the journal has it.
    names: BTreeMap<String, Vec<RecordId>>,
    /// What makes such a name of a Message-ID; none without a journal.
    reader: Option<JournalReader>,
}

impl Wanted {
    /// These, and what a release flagged of a list.
    pub(super) fn new(ids: &[RecordId], listed: Vec<Listed>, store: &Path) -> Self {
        let mut wanted = Self { ids: ids.iter().copied().collect(), names: BTreeMap::new(), reader: None };
        for one in listed.into_iter().filter(Listed::is_held_back) {
            wanted.ids.insert(one.id);
            if let Some(name) = one.message_id {
                wanted.names.entry(name).or_default().push(one.id);
            }
        }
        if !wanted.names.is_empty() {
            wanted.reader = JournalReader::open(journal::of_store(store)).ok();
        }
        wanted
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = RecordId> {
        self.ids.iter().copied()
    }

    /// When the first of them can have been delivered.
    pub(super) fn since(&self) -> Timestamp {
        let first = self.ids.first().map_or(Timestamp::UNIX_EPOCH, began);
        first.checked_sub(SLACK).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The records of a message in a mailbox that is asked for.
    fn records(&self, mark: &Mark) -> Vec<RecordId> {
        match mark {
            Mark::Record(id) => self.ids.get(id).copied().into_iter().collect(),
            Mark::MessageId(id) => self.named(id).unwrap_or_default(),
        }
    }

    fn named(&self, message_id: &str) -> Option<Vec<RecordId>> {
        let message = Message::parse(format!("Message-ID: {message_id}\r\n\r\n"));
        let recorded = |ids| self.reader.as_ref()?.mail(&message, ids)?.message_id;
        let mut names = [MessageIds::Hashed, MessageIds::Plain].into_iter().filter_map(recorded);
        names.find_map(|name| self.names.get(&*name)).cloned()
    }
}

/// A UUID of version 7 begins with its time in milliseconds (RFC 9562, section 5.7).
fn began(id: &RecordId) -> Timestamp {
    let [first, second, third, fourth, fifth, sixth, ..] = *id.as_bytes();
    let millisecond = i64::from_be_bytes([0, 0, first, second, third, fourth, fifth, sixth]);
    Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A message to move.
pub(super) struct Move {
    pub(super) id: RecordId,
    pub(super) message: Delivered,
}

/// What there is to do.
#[derive(Default)]
pub(super) struct Plan {
    /// By user.
    pub(super) moves: BTreeMap<String, Vec<Move>>,
    /// What is not to be moved, and why.
    pub(super) others: Vec<Moved>,
    /// Records of messages that are in some mailbox.
    pub(super) seen: BTreeSet<RecordId>,
}

/// The copies of a message that a user has.
#[derive(Default)]
struct Copies {
    /// With the stamp.
    exact: Copied,
    /// With the Message-ID, and no stamp.
    alike: Copied,
}

#[derive(Default)]
struct Copied {
    from: Vec<Delivered>,
    to: usize,
}

impl Plan {
    /// What there is to do with what was found in mailboxes.
    pub(super) fn of(wanted: &Wanted, found: Vec<Delivered>) -> Self {
        let mut plan = Self::default();
        let mut all: BTreeMap<(String, RecordId), Copies> = BTreeMap::new();
        for message in found {
            let records = wanted.records(&message.mark);
            plan.seen.extend(&records);
            // Where several records have the Message-ID, one stands for all: a mailbox shows no difference.
            let Some(id) = records.first() else { continue };
            all.entry((message.user.clone(), *id)).or_default().add(message);
        }
        for ((user, id), copies) in all {
            plan.add(user, id, copies);
        }
        plan
    }

    /// Whether a user's message is to be moved or there already; none if it is in neither mailbox.
    pub(super) fn place(&self, user: &str, id: RecordId) -> Option<OutcomeKind> {
        let is_to_move = self.moves.get(user).is_some_and(|moves| moves.iter().any(|one| one.id == id));
        let other = self.others.iter().find(|one| one.is(user, id)).map(Moved::outcome);
        if is_to_move { Some(OutcomeKind::Found) } else { other }
    }

    fn add(&mut self, user: String, id: RecordId, copies: Copies) {
        let is_exact = !copies.exact.is_empty();
        let Copied { from, to } = if is_exact { copies.exact } else { copies.alike };
        let mut other = |outcome, why: Option<String>| self.others.push(Moved::of(id, &user, outcome, why.as_deref()));
        match (to, from.len()) {
            (0, 2..) if !is_exact => {
                let why = format!("{} messages have its Message-ID, and none has a stamp", from.len());
                other(OutcomeKind::Refused, Some(why));
            }
            (0, _) => {
                let moves = from.into_iter().take(1).map(|message| Move { id, message });
                self.moves.entry(user).or_default().extend(moves);
            }
            (_, 0) => other(OutcomeKind::AlreadyThere, None),
            (_, _) => other(OutcomeKind::AlreadyThere, Some("a copy is in both mailboxes, and both stay".to_owned())),
        }
    }
}

impl Copies {
    fn add(&mut self, message: Delivered) {
        let copied = match message.mark {
            Mark::Record(_) => &mut self.exact,
            Mark::MessageId(_) => &mut self.alike,
        };
        match message.place {
            Place::From => copied.from.push(message),
            Place::To => copied.to += 1,
        }
    }
}

impl Copied {
    fn is_empty(&self) -> bool {
        self.from.is_empty() && self.to == 0
    }
}
