//! What one piece of a journal says of the impact of a release.

use std::collections::BTreeMap;

use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{FixedSizeBinaryArray, RecordBatch, StringArray};
use arrow_schema::ArrowError;
use switchback_model::release::Digest;
use switchback_model::verdict::{Action, RecordId, Role, Said, Thresholds};

use super::{ImpactDirection, Impacted, KnownBy, Likeness, Rescore};
use crate::journal::error::JournalError;
use crate::journal::pairs::Everyone;
use crate::journal::query::Filter;
use crate::journal::rows::{bytes, column, instant, mail, named, numbers};
use crate::journal::scan::Piece;
use crate::journal::schema;

/// What one piece of a journal adds.
#[derive(Default)]
pub(super) struct Part {
    /// What became of the messages of each batch that the release has decided, beside the senders of all.
    pub(super) outcomes: Vec<(StringArray, Vec<Outcome>)>,
    pub(super) overruled: u64,
    pub(super) replaced: u64,
    pub(super) unscanned: u64,
    pub(super) impacted: Vec<Impacted>,
}

/// The place of a message in its batch, and what became of it.
pub(super) type Outcome = (usize, Known, Option<ImpactDirection>);

/// Whether it is known what the other release would have done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    By(KnownBy),
    No { other_failed: bool },
}

impl Part {
    pub(super) fn of(
        piece: &Piece,
        columns: &[String],
        filter: &Filter,
        [release, against]: [Digest; 2],
        source: &dyn Rescore,
    ) -> (Self, Result<(), JournalError>) {
        let mut part = Self::default();
        let read = piece.metadata().map(|metadata| schema::thresholds(&metadata)).and_then(|thresholds| {
            let other = Other { release: against, source, thresholds };
            piece.read(columns, filter, &mut |batch| part.add(batch, &release, &other))
        });
        (part, read)
    }

    fn add(&mut self, batch: &RecordBatch, release: &Digest, other: &Other<'_>) -> Result<(), ArrowError> {
        let said = Everyone::of(batch)?;
        let text_of = |name| column::<StringArray>(batch, name);
        let (decided_by, actions) = (text_of("decided_by")?, text_of("action")?);
        let slots = text_of("slot")?;
        let mut outcomes = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            if !said.is_first(row, release) {
                self.replaced += u64::from(was_to_decide(&said, row, release, decided_by.value(row))?);
                continue;
            }
            match decided_by.value(row) {
                "allowed" | "blocked" => {
                    self.overruled += 1;
                    continue;
                }
                "unscanned" => {
                    self.unscanned += 1;
                    continue;
                }
                _ => {}
            }
            let action: Action = named("action", actions.value(row))?;
            let would = other.would(batch, row, &said, slots.value(row))?;
            let direction = would.ok().and_then(|would| ImpactDirection::of(action, would.action));
            let known = would.map_or_else(|known| known, |would| Known::By(would.known_by));
            outcomes.push((row, known, direction));
            if let (Ok(would), Some(direction)) = (would, direction) {
                self.impacted.push(impacted(batch, row, &said, action, would, direction)?);
            }
        }
        self.outcomes.push((text_of("sender_domain")?.clone(), outcomes));
        Ok(())
    }
}

/// Whether a release that the verdict does not name was to decide and failed, so that the one that is named did in its place.
fn was_to_decide(said: &Everyone<'_>, row: usize, release: &Digest, decided_by: &str) -> Result<bool, ArrowError> {
    let Some(opinion) = said.find_other(row, release)?.filter(|one| matches!(one.said, Said::Failed(_))) else {
        return Ok(false);
    };
    // Where a segment is back at a standby, the live release is asked beside it.
    Ok(match (opinion.role, said.first(row)?.role) {
        (Role::Live, Role::Standby) => decided_by != "segment",
        (Role::Canary, Role::Live | Role::Standby) => true,
        _ => false,
    })
}

fn impacted(
    batch: &RecordBatch,
    row: usize,
    said: &Everyone<'_>,
    action: Action,
    would: Would,
    direction: ImpactDirection,
) -> Result<Impacted, ArrowError> {
    Ok(Impacted {
        id: RecordId::from(bytes::<16>(column::<FixedSizeBinaryArray>(batch, "id")?, row)?),
        at: instant(numbers::<TimestampMicrosecondType>(batch, "judged_at")?, row)?,
        slot: column::<StringArray>(batch, "slot")?.value(row).into(),
        mail: mail(batch, row)?,
        action,
        would: would.action,
        score: said.first(row)?.score(),
        other_score: would.score,
        direction,
        known_by: would.known_by,
    })
}

/// The release that would have decided.
struct Other<'a> {
    release: Digest,
    source: &'a dyn Rescore,
    /// Those of each slot when the messages were judged.
    thresholds: BTreeMap<String, Thresholds>,
}

/// What it would have done with a message.
#[derive(Clone, Copy)]
struct Would {
    action: Action,
    score: Option<f64>,
    known_by: KnownBy,
}

impl Other<'_> {
    /// What it would have done; else why that is not known.
    fn would(
        &self,
        batch: &RecordBatch,
        row: usize,
        said: &Everyone<'_>,
        slot: &str,
    ) -> Result<Result<Would, Known>, ArrowError> {
        let opinion = said.find_other(row, &self.release)?;
        if let Some(opinion) = opinion
            && let Some(action) = opinion.action()
        {
            return Ok(Ok(Would { action, score: opinion.score(), known_by: KnownBy::Pair }));
        }
        let unknown = Known::No { other_failed: opinion.is_some_and(|one| matches!(one.said, Said::Failed(_))) };
        let Some(thresholds) = self.thresholds.get(slot) else { return Ok(Err(unknown)) };
        let rescored = self.source.rescore(&mail(batch, row)?);
        let would = rescored.map(|rescored| Would {
            action: rescored.score.map_or(Action::Deliver, |score| thresholds.action(score)),
            score: rescored.score,
            known_by: match rescored.likeness {
                Likeness::Same => KnownBy::Rescored,
                Likeness::Alike => KnownBy::RescoredAlike,
            },
        });
        Ok(would.ok_or(unknown))
    }
}
