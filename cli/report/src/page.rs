//! The comparison as one self-contained page, for people who decide and do not operate.
//!
//! It loads nothing and runs nothing: no script, no font, no picture from elsewhere, and a policy that would forbid
//! them. What comes from mail (subjects, domains, names of files) is escaped, and what is invisible in it is replaced.

mod charts;
mod rows;

use std::num::TryFromIntError;

use askama::Template;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use switchback::verdict::Senders;

use self::rows::{Actions, Figure, Row, Segments, Worst};
use crate::shown::Shown;
use crate::words;

/// The style sheet, as it stands in the page.
const STYLE: &str = include_str!("../templates/compare.css");

#[derive(Template)]
#[template(path = "compare.html")]
struct Page {
    before: String,
    after: String,
    before_digest: String,
    after_digest: String,
    /// What the policy knows the style sheet by: no other one takes effect.
    style_hash: String,
    style: &'static str,
    summary: Vec<String>,
    figures: Vec<Figure>,
    segments: [Segments; 2],
    actions: Actions,
    drift_words: &'static str,
    distribution: String,
    scores: Vec<Row>,
    drift: Vec<Row>,
    latency: String,
    answers: Vec<Row>,
    worst: Vec<Worst>,
    senders_title: &'static str,
    senders_note: &'static str,
    source: String,
}

/// A page that could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// A chart is not drawn.
    #[error("a chart of the page is not drawn: {0}")]
    Chart(String),
    /// There are more rows than a chart has room for.
    #[error("a chart of the page has more rows than there is room for")]
    Rows(#[from] TryFromIntError),
    /// The template is not filled in.
    #[error("the page is not filled in")]
    Template(#[from] askama::Error),
}

impl Shown<'_> {
    /// Makes it one page of HTML, which loads nothing and runs nothing.
    ///
    /// # Errors
    /// If a chart is not drawn, or the template not filled in.
    pub fn page(&self) -> Result<String, PageError> {
        of(self)
    }
}

fn of(shown: &Shown<'_>) -> Result<String, PageError> {
    let releases = shown.releases;
    let [senders_title, senders_note] = senders(releases.senders);
    let page = Page {
        before: releases.before.release.to_string(),
        after: releases.after.release.to_string(),
        before_digest: releases.before.release.digest.to_string(),
        after_digest: releases.after.release.digest.to_string(),
        style_hash: format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(STYLE))),
        style: STYLE,
        summary: words::summary(releases),
        figures: rows::figures(releases),
        segments: segments(shown)?,
        actions: Actions::of(releases),
        drift_words: "To the left the release is sure that a message is wanted, to the right that it is not.",
        distribution: charts::distribution(releases, shown.thresholds.and_then(|thresholds| thresholds.junk))?,
        scores: rows::scores(releases),
        drift: rows::drift(releases),
        latency: charts::latency(releases)?,
        answers: rows::answers(releases),
        worst: rows::worst(releases),
        senders_title,
        senders_note,
        source: source(shown),
    };
    Ok(page.render()?)
}

fn segments(shown: &Shown<'_>) -> Result<[Segments; 2], PageError> {
    let releases = shown.releases;
    let [provider, domain] = words::columns(releases.senders);
    Ok([
        Segments::new("By mail provider", provider, None, &words::providers(releases))?,
        Segments::new("By sender's domain", domain, rows::pooled(releases), &words::domains(releases))?,
    ])
}

fn senders(senders: Senders) -> [&'static str; 2] {
    match senders {
        Senders::Authenticated => [
            "Authenticated senders",
            "A message counts under a domain only if DMARC passed for that domain, or DKIM did: the others could be \
             anybody's and are counted together.",
        ],
        Senders::Anyone => [
            "Senders as claimed",
            "A message counts under the domain that its From field says, which anybody can write: nobody authenticated these \
             senders. Phish that says to be from a bank counts as that bank's.",
        ],
    }
}

fn source(shown: &Shown<'_>) -> String {
    let thresholds = shown.thresholds.map(|thresholds| {
        let one = |action, from: Option<f64>| from.map(|from| format!("{action} from a score of {from}"));
        let all = [
            one("tag", thresholds.tag),
            one("junk", thresholds.junk),
            one("quarantine", thresholds.quarantine),
            one("reject", thresholds.reject),
        ];
        all.into_iter().flatten().collect::<Vec<_>>().join(", ")
    });
    let from = &shown.origin;
    thresholds.map_or_else(|| from.clone(), |thresholds| format!("{from} Actions: {thresholds}."))
}
