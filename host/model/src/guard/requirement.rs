//! What has to be so before the guard acts, and how much of it there is.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::settings::Floor;

/// Something that the guard asks for before it acts in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Required {
    /// Eligible campaigns that flipped ([`Floor::campaigns`]).
    Campaigns,
    /// Senders of those, as accounts, counted up to 255 ([`Floor::senders`]).
    Senders,
    /// Recipients of those, counted up to 255 ([`Floor::recipients`]).
    Recipients,
    /// The E-value of the test, as a power of ten.
    Evidence,
    /// The E-value of the flips that remain without one sender fewer than the floor asks for: so many may be an adversary's.
    EvidenceOfOthers,
}

impl Required {
    /// Whether it is an E-value, and no number of anything.
    fn is_evidence(self) -> bool {
        matches!(self, Self::Evidence | Self::EvidenceOfOthers)
    }
}

impl fmt::Display for Required {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Campaigns => "campaigns",
            Self::Senders => "senders",
            Self::Recipients => "recipients",
            Self::Evidence => "E-value",
            Self::EvidenceOfOthers => "E-value of others",
        })
    }
}

/// One thing that the guard asks for, what there is of it and what it needs. Written as `senders 1 of 5`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Requirement {
    /// What is asked for.
    pub name: Required,
    /// What there is; of the evidence, as a power of ten.
    pub has: f64,
    /// What it takes.
    pub needs: f64,
    /// Whether that suffices.
    pub is_met: bool,
}

impl Requirement {
    /// So many of at least so many.
    fn count(name: Required, has: u64, needs: u64) -> Self {
        Self { name, has: has as f64, needs: needs as f64, is_met: has >= needs }
    }

    /// An E-value and what it has to reach, both as natural logarithms.
    fn evidence(name: Required, log_e: f64, log_threshold: f64) -> Self {
        let power = |log: f64| log / std::f64::consts::LN_10;
        let (has, needs) = (power(log_e), power(log_threshold));
        Self { name, has, needs, is_met: log_e >= log_threshold }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, has, needs, is_met } = *self;
        if !name.is_evidence() {
            return write!(f, "{name} {has} of {needs}");
        }
        let [has, needs] = [has, needs].map(|power| (10.0 * power).round());
        // What is not enough is not shown as enough.
        let has = if is_met { has } else { has.min(needs - 1.0) };
        // Not -0.0.
        let [has, needs] = [has, needs].map(|tenths| (tenths + 0.0) / 10.0);
        write!(f, "{name} 10^{has:.1} of 10^{needs:.1}")
    }
}

/// What there is of what the guard asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) flips: u64,
    pub(super) senders: u8,
    pub(super) recipients: u8,
    /// How many of the flips are of others than the senders of an adversary; none where too few senders have flipped.
    pub(super) others: u64,
    /// The E-value of all flips, of those of others alone, and what both have to reach, as natural logarithms.
    pub(super) log_e: f64,
    pub(super) log_e_of_others: f64,
    pub(super) log_threshold: f64,
}

/// All that the guard asks for before it acts in a segment, in one direction. It acts when all of it is met.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Requirements(Vec<Requirement>);

impl Requirements {
    /// What a floor and the tests ask for, of what there is.
    pub(super) fn of(floor: &Floor, found: Found) -> Self {
        let Found { flips, senders, recipients, others, log_e, log_e_of_others, log_threshold } = found;
        let mut all = vec![
            Requirement::count(Required::Campaigns, flips, floor.campaigns.into()),
            // Fewer suffice where few are known, or where they cannot have sent all that flipped.
            Requirement {
                is_met: others > 0,
                ..Requirement::count(Required::Senders, senders.into(), floor.senders.into())
            },
            Requirement::count(Required::Recipients, recipients.into(), floor.recipients.into()),
            Requirement::evidence(Required::Evidence, log_e, log_threshold),
        ];
        if (1..flips).contains(&others) {
            all.push(Requirement::evidence(Required::EvidenceOfOthers, log_e_of_others, log_threshold));
        }
        Self(all)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.0.iter()
    }

    /// Whether all are met.
    pub fn are_met(&self) -> bool {
        self.0.iter().all(|one| one.is_met)
    }

    /// Those that are not met.
    pub fn missing(&self) -> impl Iterator<Item = Required> {
        self.0.iter().filter(|one| !one.is_met).map(|one| one.name)
    }

    /// `too few senders and recipients`, `too little evidence`; none if all are met.
    pub fn shortage(&self) -> Option<String> {
        let few: Vec<_> = self.missing().filter(|name| !name.is_evidence()).map(|name| name.to_string()).collect();
        let few = match &few[..] {
            [] => None,
            [one] => Some(format!("too few {one}")),
            [firsts @ .., last] => Some(format!("too few {} and {last}", firsts.join(", "))),
        };
        let lacks = |required| self.missing().any(|name| name == required);
        let little = match () {
            () if lacks(Required::Evidence) => Some("too little evidence".to_owned()),
            () if lacks(Required::EvidenceOfOthers) => Some("too little evidence of other senders".to_owned()),
            () => None,
        };
        match (few, little) {
            (Some(few), Some(little)) => Some(format!("{few}, {little}")),
            (few, little) => few.or(little),
        }
    }
}

/// `campaigns 14 of 10, senders 1 of 5, recipients 3 of 5, E-value 10^8.0 of 10^4.4`.
impl fmt::Display for Requirements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, one) in self.0.iter().enumerate() {
            write!(f, "{}{one}", if place > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(flips: u64, senders: u8, recipients: u8, log_e: f64) -> Requirements {
        let floor = Floor { campaigns: 10, senders: 5, recipients: 5 };
        let others = if senders < floor.senders { 0 } else { flips };
        let (log_threshold, log_e_of_others) = (10.0, log_e);
        Requirements::of(&floor, Found { flips, senders, recipients, others, log_e, log_e_of_others, log_threshold })
    }

    #[test]
    fn what_is_missing_is_named_and_everything_is_shown() {
        let one = all(14, 1, 7, 18.42);
        assert_eq!(one.to_string(), "campaigns 14 of 10, senders 1 of 5, recipients 7 of 5, E-value 10^8.0 of 10^4.3");
        assert_eq!((one.are_met(), one.shortage().as_deref()), (false, Some("too few senders")));
        assert_eq!(all(14, 1, 2, 18.0).shortage().as_deref(), Some("too few senders and recipients"));
        let nothing = all(0, 0, 0, 0.0).shortage().unwrap();
        assert_eq!(nothing, "too few campaigns, senders and recipients, too little evidence");
        assert_eq!((all(10, 5, 5, 10.0).are_met(), all(10, 5, 5, 10.0).shortage()), (true, None));
    }

    #[test]
    fn what_is_not_enough_is_not_shown_as_enough() {
        let nearly = Requirement::evidence(Required::Evidence, 9.999, 10.0);
        assert_eq!((nearly.to_string().as_str(), nearly.is_met), ("E-value 10^4.2 of 10^4.3", false));
        assert_eq!(Requirement::evidence(Required::Evidence, -0.001, 23.5).to_string(), "E-value 10^0.0 of 10^10.2");
    }

    #[test]
    fn what_an_adversary_may_have_added_does_not_count() {
        let floor = Floor { campaigns: 10, senders: 5, recipients: 5 };
        let of = |senders, others, log_e_of_others| {
            let (flips, recipients, log_e, log_threshold) = (14, 7, 18.0, 10.0);
            Requirements::of(
                &floor,
                Found { flips, senders, recipients, others, log_e, log_e_of_others, log_threshold },
            )
        };
        assert_eq!(of(6, 2, 1.0).shortage().as_deref(), Some("too little evidence of other senders"));
        assert!(of(6, 2, 10.0).are_met());
        assert!(of(4, 14, 18.0).are_met(), "few suffice where few are known");
    }

    #[test]
    fn they_read_back_from_json() {
        let all = all(14, 1, 7, 18.42);
        let json = serde_json::to_string(&all).unwrap();
        assert!(json.contains(r#"{"name":"senders","has":1.0,"needs":5.0,"is_met":false}"#), "{json}");
        assert_eq!(serde_json::from_str::<Requirements>(&json).unwrap(), all);
    }
}
