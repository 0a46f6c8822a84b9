//! How often a release answered, and why it did not.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::verdict::{Cause, Dropped, Said};

/// How often a release answered, and why it did not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answers {
    /// Messages that it scored.
    pub scored: u64,
    /// Messages that it had no opinion on.
    pub abstained: u64,
    /// Messages that it failed on, by [`Cause`]; zeros are left out.
    #[serde(serialize_with = "by_name_of_cause")]
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, u64>"))]
    failed: [u64; Cause::ALL.len()],
    /// Messages that it was not asked about for want of room, by reason; zeros are left out.
    #[serde(serialize_with = "by_name_of_reason")]
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, u64>"))]
    dropped: [u64; Dropped::ALL.len()],
}

impl Answers {
    /// Messages that it failed on for this cause.
    pub fn failed_by(&self, cause: Cause) -> u64 {
        self.failed[cause as usize]
    }

    /// Messages that it failed on.
    pub fn failed(&self) -> u64 {
        self.failed.iter().sum()
    }

    /// Messages that it was not asked about for this reason.
    pub fn dropped_by(&self, reason: Dropped) -> u64 {
        self.dropped[reason as usize]
    }

    /// Messages that it was not asked about for want of room.
    pub fn dropped(&self) -> u64 {
        self.dropped.iter().sum()
    }

    pub(super) fn add(&mut self, said: &Said) {
        match said {
            Said::Scored { .. } => self.scored += 1,
            Said::Abstained => self.abstained += 1,
            Said::Failed(cause) => self.failed[*cause as usize] += 1,
            Said::Dropped(reason) => self.dropped[*reason as usize] += 1,
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.scored += other.scored;
        self.abstained += other.abstained;
        self.failed.iter_mut().zip(other.failed).for_each(|(all, more)| *all += more);
        self.dropped.iter_mut().zip(other.dropped).for_each(|(all, more)| *all += more);
    }
}

fn by_name_of_cause<S: Serializer>(counts: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
    by_name(Cause::ALL.map(Cause::name), counts, serializer)
}

fn by_name_of_reason<S: Serializer>(counts: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
    by_name(Dropped::ALL.map(Dropped::name), counts, serializer)
}

fn by_name<S: Serializer, const N: usize>(names: [&str; N], counts: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
    let named: BTreeMap<_, _> = names.iter().zip(counts).filter(|(_, count)| **count > 0).collect();
    serializer.collect_map(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_not_to_answer_is_counted_under_its_name() {
        let mut answers = Answers::default();
        for cause in Cause::ALL {
            answers.add(&Said::Failed(cause));
            assert_eq!(answers.failed_by(cause), 1, "{cause:?}");
        }
        for reason in Dropped::ALL {
            answers.add(&Said::Dropped(reason));
            assert_eq!(answers.dropped_by(reason), 1, "{reason:?}");
        }
        assert_eq!((answers.failed(), answers.dropped()), (6, 3));
        let json = serde_json::to_value(&answers).unwrap();
        for cause in Cause::ALL {
            assert_eq!(json["failed"][cause.name()], 1, "{json}");
            // The name is the one that a record has.
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.name());
        }
        assert_eq!(json["dropped"], serde_json::json!({ "budget": 1, "queue": 1, "shutdown": 1 }));
    }
}
