//! Score -> action: the slot's thresholds.

use serde::{Deserialize, Serialize};

use super::action::Action;

/// The scores from which a slot takes each action. What is absent is never taken.
///
/// The defaults follow the levels of [`Scl`](super::Scl): junk from 0.5, quarantine from 0.9; nothing is
/// tagged, and nothing is rejected, because a rejected message is gone and cannot be released.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Thresholds {
    /// Tag from this score on.
    pub tag: Option<f64>,
    /// Junk from this score on.
    pub junk: Option<f64>,
    /// Quarantine from this score on.
    pub quarantine: Option<f64>,
    /// Reject from this score on.
    pub reject: Option<f64>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { tag: None, junk: Some(0.5), quarantine: Some(0.9), reject: None }
    }
}

impl Thresholds {
    crate::setters! {
        /// Sets the score from which on a message is tagged; `None` for never.
        pub tag: impl Into<Option<f64>>;

        /// Sets the score from which on a message is junk; `None` for never.
        pub junk: impl Into<Option<f64>>;

        /// Sets the score from which on a message is quarantined; `None` for never.
        pub quarantine: impl Into<Option<f64>>;

        /// Sets the score from which on a message is rejected; `None` for never.
        pub reject: impl Into<Option<f64>>;
    }

    /// Checks that every threshold is in 0..=1 and that a harsher action never starts below a milder one.
    ///
    /// # Errors
    /// Names the threshold that is wrong.
    pub fn validate(&self) -> Result<(), InvalidThresholds> {
        let mut floor = (Action::Deliver, 0.0);
        for (action, from) in self.in_order() {
            let Some(from) = from else { continue };
            if !(0.0..=1.0).contains(&from) {
                return Err(InvalidThresholds(format!("{action} from {from}: a threshold is a score in 0..=1")));
            }
            if from < floor.1 {
                return Err(InvalidThresholds(format!(
                    "{action} from {from} starts below {} from {}: the milder action would never be taken",
                    floor.0, floor.1
                )));
            }
            floor = (action, from);
        }
        Ok(())
    }

    /// The harshest action whose threshold the score reaches.
    pub fn action(&self, score: f64) -> Action {
        self.in_order()
            .into_iter()
            .rev()
            .find(|(_, from)| from.is_some_and(|from| score >= from))
            .map_or(Action::Deliver, |(action, _)| action)
    }

    fn in_order(&self) -> [(Action, Option<f64>); 4] {
        [
            (Action::Tag, self.tag),
            (Action::Junk, self.junk),
            (Action::Quarantine, self.quarantine),
            (Action::Reject, self.reject),
        ]
    }
}

/// Thresholds that contradict each other or are no scores.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidThresholds(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_belongs_to_the_harsher_side() {
        let thresholds = Thresholds::default();
        assert_eq!(thresholds.action(0.499_999), Action::Deliver);
        assert_eq!(thresholds.action(0.5), Action::Junk);
        assert_eq!(thresholds.action(0.9), Action::Quarantine);
        assert_eq!(thresholds.action(1.0), Action::Quarantine);
    }

    #[test]
    fn an_action_that_could_never_be_taken_is_refused() {
        let crossed = Thresholds { tag: Some(0.8), junk: Some(0.5), ..Thresholds::default() };
        assert!(crossed.validate().unwrap_err().to_string().contains("junk from 0.5"));
        let no_score = Thresholds { reject: Some(f64::NAN), ..Thresholds::default() };
        assert!(no_score.validate().is_err());
        assert!(Thresholds::default().validate().is_ok());
    }
}
