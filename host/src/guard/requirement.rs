//! What has to be so before the guard acts, and how much of it there is.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::settings::Floor;

/// Something that the guard asks for before it acts in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Required {
    /// Eligible campaigns that flipped ([`Floor::campaigns`]).
    Campaigns,
    /// Senders of those, counted up to 16 ([`Floor::senders`]).
    Senders,
    /// Recipients of those, counted up to 16 ([`Floor::recipients`]).
    Recipients,
    /// The E-value of the clearer test, as a power of ten.
    Evidence,
}

impl fmt::Display for Required {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Campaigns => "campaigns",
            Self::Senders => "senders",
            Self::Recipients => "recipients",
            Self::Evidence => "E-value",
        })
    }
}

/// One thing that the guard asks for, what there is of it and what it needs. Written as `senders 1 of 5`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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
    pub(super) fn evidence(log_e: f64, log_threshold: f64) -> Self {
        let power = |log: f64| log / std::f64::consts::LN_10;
        let (has, needs) = (power(log_e), power(log_threshold));
        Self { name: Required::Evidence, has, needs, is_met: log_e >= log_threshold }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, has, needs, is_met } = *self;
        if name != Required::Evidence {
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

impl Floor {
    /// What a floor asks for, of flips that so many senders have sent to so many recipients.
    pub(super) fn requirements(&self, flips: u64, senders: u8, recipients: u8) -> [Requirement; 3] {
        [
            Requirement::count(Required::Campaigns, flips, self.campaigns.into()),
            Requirement::count(Required::Senders, senders.into(), self.senders.into()),
            Requirement::count(Required::Recipients, recipients.into(), self.recipients.into()),
        ]
    }
}

/// All that the guard asks for before it acts in a segment, in one direction. It acts when all of it is met.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Requirements(Vec<Requirement>);

impl Requirements {
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
        let few: Vec<_> =
            self.missing().filter(|name| *name != Required::Evidence).map(|name| name.to_string()).collect();
        let few = match &few[..] {
            [] => None,
            [one] => Some(format!("too few {one}")),
            [firsts @ .., last] => Some(format!("too few {} and {last}", firsts.join(", "))),
        };
        let little = self.missing().any(|name| name == Required::Evidence).then(|| "too little evidence".to_owned());
        match (few, little) {
            (Some(few), Some(little)) => Some(format!("{few}, {little}")),
            (few, little) => few.or(little),
        }
    }
}

impl FromIterator<Requirement> for Requirements {
    fn from_iter<I: IntoIterator<Item = Requirement>>(all: I) -> Self {
        Self(all.into_iter().collect())
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
        floor.requirements(flips, senders, recipients).into_iter().chain([Requirement::evidence(log_e, 10.0)]).collect()
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
        let nearly = Requirement::evidence(9.999, 10.0);
        assert_eq!((nearly.to_string().as_str(), nearly.is_met), ("E-value 10^4.2 of 10^4.3", false));
        assert_eq!(Requirement::evidence(-0.001, 23.5).to_string(), "E-value 10^0.0 of 10^10.2");
    }

    #[test]
    fn they_read_back_from_json() {
        let all = all(14, 1, 7, 18.42);
        let json = serde_json::to_string(&all).unwrap();
        assert!(json.contains(r#"{"name":"senders","has":1.0,"needs":5.0,"is_met":false}"#), "{json}");
        assert_eq!(serde_json::from_str::<Requirements>(&json).unwrap(), all);
    }
}
