//! What is known of segments, as rows.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use switchback_model::guard::{Counts, DirectionTally, Flip, Key, Segment, Tally, Witnesses};

const COLUMNS: &str = "rank, weight,
    up_flips, up_opposite, up_all, up_any_flips, up_any_opposite, up_any_all,
    up_senders, up_recipients, up_is_warned, up_is_harmed,
    down_flips, down_opposite, down_all, down_any_flips, down_any_opposite, down_any_all,
    down_senders, down_recipients, down_is_warned, down_is_harmed";

/// What is known of one.
pub(super) fn read(connection: &Connection, trial: i64, segment: &Segment) -> rusqlite::Result<Option<Tally>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM segments WHERE trial = ? AND segment = ?"))?
        .query_row(params![trial, segment.to_string()], |row| tally(row, 0))
        .optional()
}

/// What is known of all of a trial, in the order in which they were discovered.
pub(super) fn all(connection: &Connection, trial: i64) -> rusqlite::Result<Vec<(Segment, Tally)>> {
    let query = format!("SELECT segment, {COLUMNS} FROM segments WHERE trial = ? ORDER BY rank");
    connection.prepare_cached(&query)?.query_map([trial], |row| Ok((segment(row)?, tally(row, 1)?)))?.collect()
}

/// What is known of everything, and of those in which anything that counts flipped.
pub(super) fn notable(connection: &Connection, trial: i64) -> rusqlite::Result<Vec<(Segment, Tally)>> {
    connection
        .prepare_cached(&notable_query())?
        .query_map([trial], |row| Ok((segment(row)?, tally(row, 1)?)))?
        .collect()
}

/// Asked for every few seconds: in two parts, each of which an index answers without a look at the other segments.
fn notable_query() -> String {
    format!(
        "SELECT segment, {COLUMNS} FROM segments WHERE trial = ?1 AND segment = 'everything'
         UNION ALL
         SELECT segment, {COLUMNS} FROM segments INDEXED BY segments_flipped
         WHERE trial = ?1 AND up_flips + down_flips > 0 AND segment <> 'everything'
         ORDER BY rank"
    )
}

pub(super) fn write(
    connection: &Connection,
    trial: i64,
    segment: &Segment,
    tally: &Tally,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let Tally { rank, weight, up, down, .. } = tally;
    let query = format!(
        "INSERT OR REPLACE INTO segments (trial, segment, touched_us, {COLUMNS})
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    );
    let senders = [bytes(&up.senders), bytes(&down.senders)];
    let recipients = [bytes(&up.recipients), bytes(&down.recipients)];
    connection
        .prepare_cached(&query)?
        .execute(params![
            trial,
            segment.to_string(),
            at.as_microsecond(),
            rank,
            weight,
            up.eligible.flips,
            up.eligible.opposite,
            up.eligible.all,
            up.any.flips,
            up.any.opposite,
            up.any.all,
            senders[0],
            recipients[0],
            up.is_warned,
            up.is_harmed,
            down.eligible.flips,
            down.eligible.opposite,
            down.eligible.all,
            down.any.flips,
            down.any.opposite,
            down.any.all,
            senders[1],
            recipients[1],
            down.is_warned,
            down.is_harmed,
        ])
        .map(drop)
}

/// The segments in which at least so many eligible campaigns flipped this way, as they were before this batch.
pub(super) fn flipped(
    connection: &Connection,
    trial: i64,
    flip: Flip,
    flips_min: u64,
) -> rusqlite::Result<Vec<(Segment, Counts)>> {
    let name = flip.name();
    let query = format!(
        "SELECT segment, {name}_flips, {name}_opposite, {name}_all FROM segments WHERE trial = ? AND {name}_flips >= ?"
    );
    let mut rows = connection.prepare_cached(&query)?;
    rows.query_map(params![trial, flips_min], |row| Ok((segment(row)?, counts(row, 1)?)))?.collect()
}

/// Forgets so many domains: first those in which nothing flipped, of these first those that were met least recently.
/// Everything, the unauthenticated and the providers stay.
pub(super) fn forget(connection: &Connection, trial: i64, count: usize) -> rusqlite::Result<Vec<Segment>> {
    connection
        .prepare_cached(
            "DELETE FROM segments WHERE trial = ?1 AND segment IN (
                 SELECT segment FROM segments
                 WHERE trial = ?1 AND segment NOT IN ('everything', 'unauthenticated') AND segment NOT LIKE 'provider:%'
                 ORDER BY up_flips + down_flips > 0, touched_us LIMIT ?2)
             RETURNING segment",
        )?
        .query_map(params![trial, count], segment)?
        .collect()
}

pub(super) fn segment(row: &Row<'_>) -> rusqlite::Result<Segment> {
    let text: String = row.get("segment")?;
    text.parse()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error)))
}

fn tally(row: &Row<'_>, first: usize) -> rusqlite::Result<Tally> {
    let mut tally = Tally::default();
    (tally.rank, tally.weight) = (row.get(first)?, row.get(first + 1)?);
    (tally.up, tally.down) = (direction(row, first + 2)?, direction(row, first + 12)?);
    Ok(tally)
}

fn direction(row: &Row<'_>, first: usize) -> rusqlite::Result<DirectionTally> {
    let mut direction = DirectionTally::default();
    (direction.eligible, direction.any) = (counts(row, first)?, counts(row, first + 3)?);
    direction.senders = witnesses(row.get(first + 6)?);
    direction.recipients = witnesses(row.get(first + 7)?);
    (direction.is_warned, direction.is_harmed) = (row.get(first + 8)?, row.get(first + 9)?);
    Ok(direction)
}

fn counts(row: &Row<'_>, first: usize) -> rusqlite::Result<Counts> {
    Ok(Counts::new(row.get(first)?, row.get(first + 1)?, row.get(first + 2)?))
}

fn bytes(witnesses: &Witnesses) -> Vec<u8> {
    witnesses.keys().iter().flat_map(|key| key.0.to_le_bytes()).collect()
}

fn witnesses(bytes: Vec<u8>) -> Witnesses {
    bytes.as_chunks::<8>().0.iter().map(|key| Key(u64::from_le_bytes(*key))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard_store::GuardStore;

    #[test]
    fn what_flipped_is_found_without_a_look_at_every_segment() {
        let query = format!("EXPLAIN QUERY PLAN {}", notable_query());
        let plan = GuardStore::in_memory()
            .read(|connection| connection.prepare(&query)?.query_map([1], |row| row.get("detail"))?.collect());
        let plan: Vec<String> = plan.unwrap();
        assert!(plan.iter().any(|step| step.contains("USING INDEX segments_flipped (trial=?)")), "{plan:?}");
        let everything = "USING PRIMARY KEY (trial=? AND segment=?)";
        assert!(plan.iter().any(|step| step.contains(everything)), "{plan:?}");
        assert!(!plan.iter().any(|step| step.starts_with("SCAN")), "{plan:?}");
    }
}
