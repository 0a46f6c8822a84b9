//! Totals over all verdicts.

use std::collections::BTreeMap;
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use switchback::verdict::DecidedBy;
use switchback::{Message, Verdict};
use switchback_corpus::Missed;

use crate::show;

/// How many messages met what.
#[derive(Debug, Default, JsonSchema, Serialize)]
#[schemars(rename = "TotalsOfSlot")]
pub(in super::super) struct Totals {
    messages: u64,
    bytes: u64,
    #[serde(flatten)]
    pub(super) missed: Missed,
    /// Messages on which the live release failed.
    failed: u64,
    flagged: u64,
    decided_by: BTreeMap<String, u64>,
    authors: BTreeMap<&'static str, u64>,
    releases: BTreeMap<String, u64>,
    actions: BTreeMap<&'static str, u64>,
    categories: BTreeMap<String, u64>,
}

impl Totals {
    pub(super) fn add(&mut self, message: &Message, verdict: &Verdict) {
        self.messages += 1;
        self.bytes += message.len() as u64;
        self.failed += u64::from(verdict.fault.is_some() || verdict.decided_by == DecidedBy::Unscanned);
        self.flagged += u64::from(verdict.is_flagged());
        *self.decided_by.entry(verdict.decided_by.to_string()).or_default() += 1;
        *self.authors.entry(verdict.author.name()).or_default() += 1;
        *self.actions.entry(verdict.action.name()).or_default() += 1;
        if let Some(release) = &verdict.release {
            *self.releases.entry(release.to_string()).or_default() += 1;
        }
        if let Some(category) = verdict.category {
            *self.categories.entry(category.to_string()).or_default() += 1;
        }
    }

    /// Whether something was left out.
    pub(super) fn is_incomplete(&self) -> bool {
        self.missed.any() || self.failed > 0
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let (messages, bytes) = (show::counted(self.messages, "message"), show::bytes(self.bytes));
        let flagged = show::rate(self.flagged, self.messages);
        writeln!(out, "{messages}, {bytes}, {}, {flagged} flagged", self.missed)?;
        line(out, "decided by", self.decided_by.iter())?;
        line(out, "authors", self.authors.iter())?;
        line(out, "releases", self.releases.iter())?;
        line(out, "actions", self.actions.iter())?;
        line(out, "categories", self.categories.iter())
    }
}

/// `actions     deliver 12, junk 3`.
fn line<'a>(
    out: &mut impl Write,
    label: &str,
    counts: impl Iterator<Item = (impl ToString, &'a u64)>,
) -> io::Result<()> {
    let counts: Vec<_> = counts.map(|(name, n)| format!("{} {}", name.to_string(), show::count(*n))).collect();
    let counts = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
    writeln!(out, "{label:<10}  {counts}")
}
