//! What mail of earlier days has taught.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::Serialize;
use switchback_model::compare::Providers;
use switchback_model::guard::{GuardSettings, Key, Sender, Sighting, is_known};

use super::memory::StoreMemory;
use super::senders::Seen;

/// What mail of earlier days has taught the guard, in senders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Lesson {
    /// Everybody who was met, authenticated.
    pub senders: u64,
    /// Of those, whom the guard had never seen.
    pub new: u64,
    /// Of those, whom it knew, and now from one more day at least.
    pub more_days: u64,
    /// Of those, of whom this told it nothing new: it has seen them on a later day, and on others before.
    pub known: u64,
    /// Of all, who count today: they were seen on enough days before it, the first of them long enough ago.
    pub count_today: u64,
    /// Of the others, who count tomorrow, because today is the last of the days.
    pub count_tomorrow: u64,
    /// Of the others, who have to be seen on more days, or were seen first too short a time ago.
    pub count_later: u64,
}

/// Who was met, and what was known of them before.
#[derive(Default)]
pub(super) struct Met(HashMap<Key, Seen>);

impl Met {
    /// Learns who sent a message, if that sender was authenticated.
    pub(super) fn see(
        &mut self,
        memory: &mut StoreMemory<'_>,
        sighting: &Sighting<'_>,
        settings: &GuardSettings,
        providers: &Providers,
    ) -> rusqlite::Result<()> {
        let Some(unit) = Sender::unit_of(sighting, providers) else { return Ok(()) };
        if let Entry::Vacant(entry) = self.0.entry(unit) {
            entry.insert(memory.seen(unit)?);
        }
        Sender::of(memory, sighting, settings, providers, None).map(drop)
    }

    /// What that changed.
    pub(super) fn lesson(
        self,
        memory: &mut StoreMemory<'_>,
        settings: &GuardSettings,
        today: i32,
    ) -> rusqlite::Result<Lesson> {
        let mut lesson = Lesson::default();
        for (sender, before) in self.0 {
            let now = memory.seen(sender)?;
            let counts_on = |day| is_known(now.before(day), settings, day);
            lesson.senders += 1;
            *match (before.days(), now.days()) {
                (0, _) => &mut lesson.new,
                (before, now) if now > before => &mut lesson.more_days,
                _ => &mut lesson.known,
            } += 1;
            *if counts_on(today) {
                &mut lesson.count_today
            } else if counts_on(today.saturating_add(1)) {
                &mut lesson.count_tomorrow
            } else {
                &mut lesson.count_later
            } += 1;
        }
        Ok(lesson)
    }
}
