//! What is known about a candidate as a whole.

use rusqlite::{Connection, OptionalExtension as _, params};
use switchback_model::guard::{GuardSettings, Segment, Standing, Trial, TrialEvidence, TrialKey};

use super::{mail, tallies, time};

/// What is known about a candidate: the segments in which anything flipped, and all of them together.
pub fn trial_evidence(
    connection: &Connection,
    key: &TrialKey,
    settings: &GuardSettings,
) -> rusqlite::Result<TrialEvidence> {
    let mut evidence = TrialEvidence::none(settings);
    let (candidate, baseline) = (key.candidate.digest.as_bytes(), key.baseline.digest.as_bytes());
    let trial = connection
        .prepare_cached(
            "SELECT id, began_us, pairs, authenticated, eligible, addressed FROM trials
             WHERE slot = ? AND candidate = ? AND baseline = ? AND since = ?",
        )?
        .query_row(params![key.slot, candidate, baseline, key.since.get()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, mail::counts(row, 2)?))
        })
        .optional()?;
    let Some((id, began_us, pairs)) = trial else { return Ok(evidence) };
    evidence.pairs = pairs;
    let trial = Trial::new(settings.clone(), key.baseline.clone(), time(began_us));
    for (segment, tally) in tallies::notable(connection, id)? {
        let proof = trial.proof(&tally);
        if segment == Segment::Everything {
            evidence.everything = proof;
        }
        if proof.standing == Standing::Harmed {
            evidence.harmed.push(segment);
        }
    }
    Ok(evidence)
}
