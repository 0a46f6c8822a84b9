//! Counting while threads score, without a lock.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::mail::{Column, Group};

/// What the route of one generation made of the mail.
#[derive(Default)]
pub(super) struct Tally {
    groups: [[AtomicU64; 2]; Group::COUNT],
    messages: AtomicU64,
}

/// How many messages, and how many of them were flagged, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) messages: u64,
    groups: [[u64; 2]; Group::COUNT],
}

/// A share of messages that were flagged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub(super) struct Share {
    pub(super) flagged: u64,
    pub(super) messages: u64,
}

impl Tally {
    /// Counts a message.
    pub(super) fn add(&self, group: Group, flagged: bool) {
        let [messages, flagged_messages] = &self.groups[group as usize];
        messages.fetch_add(1, Relaxed);
        if flagged {
            flagged_messages.fetch_add(1, Relaxed);
        }
        self.messages.fetch_add(1, Relaxed);
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            messages: self.messages.load(Relaxed),
            groups: self.groups.each_ref().map(|group| group.each_ref().map(|n| n.load(Relaxed))),
        }
    }
}

impl Counts {
    /// These and others.
    pub(super) fn with(&self, others: &Self) -> Self {
        let mut sum = *self;
        sum.messages += others.messages;
        for (all, more) in sum.groups.iter_mut().flatten().zip(others.groups.iter().flatten()) {
            *all += more;
        }
        sum
    }

    /// What came since an earlier moment.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let mut since = *self;
        since.messages -= earlier.messages;
        for (now, then) in since.groups.iter_mut().flatten().zip(earlier.groups.iter().flatten()) {
            // Group and total are not counted at one instant.
            *now = now.saturating_sub(*then);
        }
        since
    }

    /// The flagged share of a column's groups.
    pub(super) fn share(&self, (_, groups): &Column) -> Share {
        groups.iter().fold(Share::default(), |sum, group| {
            let [messages, flagged] = self.groups[*group as usize];
            Share { flagged: sum.flagged + flagged, messages: sum.messages + messages }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_what_came_since_the_row_before() {
        let tally = Tally::default();
        tally.add(Group::Gmail, true);
        let first = tally.counts();
        tally.add(Group::Gmail, false);
        tally.add(Group::Other, true);
        let row = tally.counts().since(&first);
        assert_eq!(row.messages, 2);
        assert_eq!(row.share(&("", &[Group::Gmail])), Share { flagged: 0, messages: 1 });
        assert_eq!(row.share(&("", &[Group::Gmail, Group::Other])), Share { flagged: 1, messages: 2 });
        assert_eq!(first.with(&row), tally.counts());
    }
}
