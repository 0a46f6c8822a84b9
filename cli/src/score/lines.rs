//! One line for each message and release.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use switchback::verdict::{LogLine, Reason};
use switchback::{Action, Category, Digest, ReleaseId, Scl, Thresholds};

use crate::judge::{Judged, Opinion};
use crate::schema::json_line;
use crate::show;

/// How lines are laid out.
pub(super) struct Layout<'a> {
    releases: &'a [ReleaseId],
    thresholds: Thresholds,
    verbose: bool,
    release_width: usize,
}

/// A line of JSON.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "OfRelease")]
pub(super) struct Record<'a> {
    message: &'a str,
    sha256: &'a str,
    bytes: usize,
    release: String,
    digest: Digest,
    outcome: &'static str,
    score: Option<f64>,
    category: Option<Category>,
    scl: Option<Scl>,
    action: Option<Action>,
    reasons: &'a [Reason],
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    /// What the release logged; absent if that is nothing.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    log: &'a [LogLine],
    /// How many more lines it logged than are kept of one message; absent if that is none.
    #[serde(skip_serializing_if = "is_none")]
    log_dropped: u32,
}

/// By reference, as `serde` asks.
pub(super) fn is_none(count: &u32) -> bool {
    *count == 0
}

impl<'a> Layout<'a> {
    pub(super) fn new(releases: &'a [ReleaseId], thresholds: Thresholds, verbose: bool) -> Self {
        let release_width = releases.iter().map(|id| id.to_string().len()).max().unwrap_or(0);
        Self { releases, thresholds, verbose, release_width }
    }

    /// `0.9931  quarantine  8  phish    linear@1.0.0  mail/1.eml`
    pub(super) fn text(&self, name: &str, judged: &Judged, out: &mut impl Write) -> io::Result<()> {
        for ((release, opinion), log) in self.releases.iter().zip(&judged.opinions).zip(&judged.logs) {
            let (score, scl, category) = match opinion.assessment() {
                Some(a) => (show::score(a.score), Scl::of(a.score, a.category).to_string(), a.category.to_string()),
                None => ("-".to_owned(), "-".to_owned(), "-".to_owned()),
            };
            let action = opinion.action(&self.thresholds).map_or("failed", Action::name);
            let release = show::padded(&release.to_string(), self.release_width);
            let name = show::printable(name, usize::MAX);
            writeln!(out, "{score:<6}  {action:<10}  {scl:>1}  {category:<7}  {release}  {name}")?;
            self.reasons(opinion, out)?;
            if self.verbose {
                show::log_lines(log).try_for_each(|line| writeln!(out, "        {line}"))?;
            }
        }
        Ok(())
    }

    /// The reasons below a line, what weighs most first.
    fn reasons(&self, opinion: &Opinion, out: &mut impl Write) -> io::Result<()> {
        if let Opinion::Abstained(why) | Opinion::Failed(why) = opinion {
            return writeln!(out, "        {}", show::printable(why, usize::MAX));
        }
        let Some(assessment) = opinion.assessment().filter(|_| self.verbose) else { return Ok(()) };
        show::reasons(&assessment.reasons, out)
    }

    pub(super) fn json(&self, name: &str, judged: &Judged, out: &mut impl Write) -> anyhow::Result<()> {
        let sha256 = judged.message.sha256_hex();
        for ((release, opinion), log) in self.releases.iter().zip(&judged.opinions).zip(&judged.logs) {
            let assessment = opinion.assessment();
            let (outcome, why) = match opinion {
                Opinion::Scored(_) => ("scored", None),
                Opinion::Abstained(why) => ("abstained", Some(why.as_str())),
                Opinion::Failed(why) => ("failed", Some(why.as_str())),
            };
            let record = Record {
                message: name,
                sha256: &sha256,
                bytes: judged.message.len(),
                release: release.to_string(),
                digest: release.digest,
                outcome,
                score: assessment.map(|a| a.score),
                category: assessment.map(|a| a.category),
                scl: assessment.map(|a| Scl::of(a.score, a.category)),
                action: opinion.action(&self.thresholds),
                reasons: assessment.map_or(&[], |a| &a.reasons),
                why,
                log: &log.lines,
                log_dropped: log.dropped,
            };
            json_line(&record, out)?;
        }
        Ok(())
    }
}

/// What went wrong, if the release failed.
pub(super) fn failure(opinion: &Opinion) -> Option<String> {
    match opinion {
        Opinion::Failed(why) => Some(show::printable(why, usize::MAX)),
        _ => None,
    }
}
