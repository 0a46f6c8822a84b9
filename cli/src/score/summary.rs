//! Totals over all messages.

use std::collections::BTreeMap;
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use switchback::{Action, Digest, ReleaseId, Thresholds};
use switchback_corpus::Missed;

use crate::judge::{Judged, Opinion};
use crate::show;

/// Adds up what releases make of messages.
pub(super) struct Summary<'a> {
    pub(super) missed: Missed,
    messages: u64,
    bytes: u64,
    thresholds: Thresholds,
    releases: Vec<(&'a ReleaseId, Counts)>,
    scores: Sha256,
}

#[derive(Clone, Default)]
struct Counts {
    scored: u64,
    abstained: u64,
    failed: u64,
    actions: [u64; Action::ALL.len()],
    categories: BTreeMap<String, u64>,
}

impl<'a> Summary<'a> {
    pub(super) fn new(releases: &'a [ReleaseId], thresholds: Thresholds) -> Self {
        let releases = releases.iter().map(|id| (id, Counts::default())).collect();
        Self { missed: Missed::default(), messages: 0, bytes: 0, thresholds, releases, scores: Sha256::new() }
    }

    pub(super) fn add(&mut self, judged: &Judged) {
        self.messages += 1;
        self.bytes += judged.message.len() as u64;
        for ((release, counts), opinion) in self.releases.iter_mut().zip(&judged.opinions) {
            // Message, release and score, and nothing that depends on where a message lies or how it was
            // read. A score has its own bits; what is none differs in the first byte.
            let (kind, bits) = match opinion {
                Opinion::Scored(assessment) => (0, assessment.score.to_bits()),
                Opinion::Abstained(_) => (1, 0),
                Opinion::Failed(_) => (2, 0),
            };
            self.scores.update(judged.message.sha256());
            self.scores.update(release.digest.as_bytes());
            self.scores.update([kind]);
            self.scores.update(bits.to_le_bytes());
            counts.add(opinion, &self.thresholds);
        }
    }

    pub(super) fn totals(&self) -> Totals {
        Totals {
            messages: self.messages,
            bytes: self.bytes,
            missed: self.missed,
            scores_sha256: Digest::from(<[u8; 32]>::from(self.scores.clone().finalize())),
            releases: self.releases.iter().map(|(id, counts)| OfRelease::new(id, counts)).collect(),
        }
    }
}

impl Counts {
    fn add(&mut self, opinion: &Opinion, thresholds: &Thresholds) {
        match opinion {
            Opinion::Scored(assessment) => {
                self.scored += 1;
                *self.categories.entry(assessment.category.to_string()).or_default() += 1;
            }
            Opinion::Abstained(_) => self.abstained += 1,
            Opinion::Failed(_) => self.failed += 1,
        }
        if let Some(action) = opinion.action(thresholds) {
            self.actions[action as usize] += 1;
        }
    }
}

/// The summary as it is printed.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "TotalsOfReleases")]
pub(super) struct Totals {
    messages: u64,
    bytes: u64,
    #[serde(flatten)]
    missed: Missed,
    /// SHA-256 over (message's SHA-256, release's digest, score) in the order of input and releases.
    scores_sha256: Digest,
    releases: Vec<OfRelease>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "TotalsOfRelease")]
struct OfRelease {
    release: String,
    digest: Digest,
    scored: u64,
    abstained: u64,
    failed: u64,
    actions: BTreeMap<&'static str, u64>,
    categories: BTreeMap<String, u64>,
}

impl OfRelease {
    fn new(id: &ReleaseId, counts: &Counts) -> Self {
        Self {
            release: id.to_string(),
            digest: id.digest,
            scored: counts.scored,
            abstained: counts.abstained,
            failed: counts.failed,
            actions: Action::ALL.into_iter().map(|action| (action.name(), counts.actions[action as usize])).collect(),
            categories: counts.categories.clone(),
        }
    }

    fn flagged(&self) -> u64 {
        Action::ALL
            .iter()
            .filter(|action| action.is_flagged())
            .filter_map(|action| self.actions.get(action.name()))
            .sum()
    }
}

impl Totals {
    /// Whether something was left out.
    pub(super) fn is_incomplete(&self) -> bool {
        self.missed.any() || self.releases.iter().any(|release| release.failed > 0)
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut table = show::table([
            "release",
            "scored",
            "abstained",
            "failed",
            "flagged",
            "deliver",
            "tag",
            "junk",
            "quarantine",
            "reject",
            "categories",
        ]);
        for release in &self.releases {
            let actions = Action::ALL.map(|action| show::count(release.actions[action.name()]));
            let categories: Vec<_> =
                release.categories.iter().map(|(name, n)| format!("{name} {}", show::count(*n))).collect();
            let mut row = vec![release.release.clone()];
            row.extend([release.scored, release.abstained, release.failed].map(show::count));
            row.push(show::rate(release.flagged(), release.scored + release.abstained));
            row.extend(actions);
            row.push(categories.join(", "));
            table.add_row(row);
        }
        show::numbers(&mut table, 1..10);
        let (messages, bytes) = (show::counted(self.messages, "message"), show::bytes(self.bytes));
        writeln!(out, "{messages}, {bytes}, {}", self.missed)?;
        writeln!(out, "{}", table.trim_fmt())?;
        writeln!(out, "digest over all scores: {}", self.scores_sha256)
    }
}

#[cfg(test)]
mod tests {
    use switchback::semver::Version;
    use switchback::verdict::Assessment;
    use switchback::{Category, Message};

    use super::*;

    fn digest(opinions: Vec<Opinion>) -> Digest {
        let release = ReleaseId::new("m".parse().unwrap(), Version::new(1, 0, 0), Digest::of(b"m"));
        let releases = [release];
        let mut summary = Summary::new(&releases, Thresholds::default());
        for opinion in opinions {
            summary.add(&Judged { message: Message::parse(*b"x"), opinions: vec![opinion], logs: Vec::new() });
        }
        summary.totals().scores_sha256
    }

    fn scored(score: f64) -> Opinion {
        Opinion::Scored(Assessment::new(score, Category::Ham, Vec::new()))
    }

    #[test]
    fn the_digest_changes_with_the_last_bit_of_a_score() {
        let next = f64::from_bits(0.25_f64.to_bits() + 1);
        assert_eq!(digest(vec![scored(0.25), scored(0.5)]), digest(vec![scored(0.25), scored(0.5)]));
        assert_ne!(digest(vec![scored(0.25)]), digest(vec![scored(next)]));
        assert_ne!(digest(vec![scored(0.25), scored(0.5)]), digest(vec![scored(0.5), scored(0.25)]));
    }

    #[test]
    fn no_score_is_not_the_score_0() {
        let none =
            [Opinion::Abstained(String::new()), Opinion::Failed(String::new()), scored(0.0)].map(|o| digest(vec![o]));
        assert!(none[0] != none[1] && none[1] != none[2] && none[0] != none[2]);
    }
}
