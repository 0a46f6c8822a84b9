//! What the guard counted of each pair, in the order in which it did: so that what it decided can be replayed over the
//! journal, which has the rest.
//!
//! A journal does not say who was known when a message was counted, in which order processes counted, nor who received it.

use rusqlite::{Connection, params};
use switchback_model::guard::{GuardSettings, Key, Past};
use switchback_model::verdict::RecordId;

use super::trials::TrialRecord;

/// What the guard counted of one pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotedPair {
    /// The record of the message in the journal.
    pub record: RecordId,
    /// What was known of its sender when the candidate entered its trial; of days, up to 65,535.
    pub past: Past,
    /// Whether it could be acted on, under the settings of the time.
    pub is_eligible: bool,
    /// Whether the evidence sufficed to act, with this pair.
    pub has_acted: bool,
    /// Who received it, where the filter says so; only of eligible pairs that flipped, of others nobody asks.
    pub recipient: Option<Key>,
}

/// Pairs that were counted in one transaction, under the same settings.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NotedPairs {
    /// The settings of the slot at that time.
    pub settings: GuardSettings,
    /// The pairs, in the order in which they were counted.
    pub pairs: Vec<NotedPair>,
}

const ELIGIBLE: u8 = 1;
const ACTED: u8 = 2;
const RECIPIENT: u8 = 4;

/// Pairs that are about to be noted.
#[derive(Default)]
pub(super) struct Notes {
    chunks: Vec<Chunk>,
}

struct Chunk {
    settings: GuardSettings,
    count: u64,
    bytes: Vec<u8>,
}

impl NotedPair {
    /// A pair by its record, with what was known of its sender. It could not be acted on, and its recipient is not known.
    pub const fn new(record: RecordId, past: Past) -> Self {
        Self { record, past, is_eligible: false, has_acted: false, recipient: None }
    }
}

impl Notes {
    pub(super) fn add(&mut self, settings: &GuardSettings, pair: &NotedPair) {
        if self.chunks.last().is_none_or(|chunk| chunk.settings != *settings) {
            self.chunks.push(Chunk { settings: settings.clone(), count: 0, bytes: Vec::new() });
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.count += 1;
            pair.append_to(&mut chunk.bytes);
        }
    }

    /// Writes them, and says how many there were.
    pub(super) fn write(&self, connection: &Connection, trial: i64) -> rusqlite::Result<u64> {
        for Chunk { settings, count, bytes } in &self.chunks {
            let settings = id_of(connection, settings)?;
            connection
                .prepare_cached("INSERT INTO noted (trial, settings, count, pairs) VALUES (?, ?, ?, ?)")?
                .execute(params![trial, settings, count, bytes])?;
        }
        Ok(self.chunks.iter().map(|chunk| chunk.count).sum())
    }
}

fn id_of(connection: &Connection, settings: &GuardSettings) -> rusqlite::Result<i64> {
    let text = serde_json::to_string(settings).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    connection.prepare_cached("INSERT OR IGNORE INTO noted_settings (settings) VALUES (?)")?.execute([&text])?;
    connection.prepare_cached("SELECT id FROM noted_settings WHERE settings = ?")?.query_row([&text], |row| row.get(0))
}

impl NotedPair {
    fn append_to(&self, bytes: &mut Vec<u8>) {
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        let flags =
            flag(self.is_eligible, ELIGIBLE) | flag(self.has_acted, ACTED) | flag(self.recipient.is_some(), RECIPIENT);
        bytes.extend_from_slice(self.record.as_bytes());
        bytes.extend(u16::try_from(self.past.days).unwrap_or(u16::MAX).to_le_bytes());
        bytes.extend(self.past.first_day.unwrap_or_default().to_le_bytes());
        bytes.push(flags);
        bytes.extend(self.recipient.iter().flat_map(|key| key.0.to_le_bytes()));
    }

    /// The first pair of these bytes, and the rest of them.
    fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (record, rest) = bytes.split_first_chunk::<16>()?;
        let (days, rest) = rest.split_first_chunk::<2>()?;
        let (first_day, rest) = rest.split_first_chunk::<4>()?;
        let (flags, rest) = rest.split_first()?;
        let days = u16::from_le_bytes(*days).into();
        let past = Past::new(days, (days > 0).then(|| i32::from_le_bytes(*first_day)));
        let (recipient, rest) = match flags & RECIPIENT {
            0 => (None, rest),
            _ => {
                let (key, rest) = rest.split_first_chunk::<8>()?;
                (Some(Key(u64::from_le_bytes(*key))), rest)
            }
        };
        let record = (*record).into();
        let (is_eligible, has_acted) = (flags & ELIGIBLE != 0, flags & ACTED != 0);
        Some((Self { record, past, is_eligible, has_acted, recipient }, rest))
    }

    fn all(mut bytes: &[u8]) -> Option<Vec<Self>> {
        let mut pairs = Vec::new();
        while !bytes.is_empty() {
            let (pair, rest) = Self::split(bytes)?;
            pairs.push(pair);
            bytes = rest;
        }
        Some(pairs)
    }
}

/// What was counted in a trial, as far as it is noted, in the order in which it was counted.
pub(super) fn of_trial(connection: &Connection, trial: &TrialRecord) -> rusqlite::Result<Vec<NotedPairs>> {
    connection
        .prepare(
            "SELECT pairs, noted_settings.settings FROM noted JOIN noted_settings ON noted.settings = noted_settings.id
             WHERE trial = ? ORDER BY noted.id",
        )?
        .query_map([trial.id], |row| {
            let (pairs, settings): (Vec<u8>, String) = (row.get(0)?, row.get(1)?);
            let unreadable = |column, error: Box<dyn std::error::Error + Send + Sync>| {
                rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Blob, error)
            };
            let pairs = NotedPair::all(&pairs).ok_or_else(|| unreadable(0, "pairs that are cut off".into()))?;
            let settings = serde_json::from_str(&settings).map_err(|error| unreadable(1, Box::new(error)))?;
            Ok(NotedPairs { settings, pairs })
        })?
        .collect()
}

/// Forgets the oldest rows where there are too many pairs, at most so many rows. Returns how many rows it forgot.
pub(super) fn forget(connection: &Connection, pairs_max: u64, rows_max: usize) -> rusqlite::Result<usize> {
    let all: u64 = connection.query_row("SELECT coalesce(sum(noted), 0) FROM trials", [], |row| row.get(0))?;
    let mut surplus = all.saturating_sub(pairs_max);
    if surplus == 0 {
        return Ok(0);
    }
    let rows = connection
        .prepare_cached("SELECT id, trial, count FROM noted ORDER BY id LIMIT ?")?
        .query_map([rows_max], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<Vec<(i64, i64, u64)>>>()?;
    let mut forgotten = 0;
    for (id, trial, count) in rows {
        if surplus == 0 {
            break;
        }
        connection.prepare_cached("DELETE FROM noted WHERE id = ?")?.execute([id])?;
        connection
            .prepare_cached("UPDATE trials SET noted = max(0, noted - ?) WHERE id = ?")?
            .execute([count as i64, trial])?;
        surplus = surplus.saturating_sub(count);
        forgotten += 1;
    }
    Ok(forgotten)
}
