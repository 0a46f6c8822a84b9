//! One line for each verdict.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use switchback::message::Authorship;
use switchback::route::Generation;
use switchback::verdict::{DecidedBy, LogLine, Reason, ReleaseLog};
use switchback::{Action, Category, Message, ReleaseId, Scl, Verdict};

use crate::schema::json_line;
use crate::score::lines::is_none;
use crate::show;

/// A line of JSON: a verdict without its times, so that the same messages give the same lines.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "OfSlot")]
pub(in super::super) struct Record<'a> {
    message: &'a str,
    sha256: String,
    bytes: usize,
    slot: &'a str,
    release: Option<&'a ReleaseId>,
    generation: Generation,
    decided_by: DecidedBy,
    author: Authorship,
    score: Option<f64>,
    category: Option<Category>,
    scl: Option<Scl>,
    action: Action,
    reasons: &'a [Reason],
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'a str>,
    /// What the releases logged that were asked for the verdict; absent if that is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    log: Vec<Line<'a>>,
    /// How many more lines they logged than are kept of one message; absent if that is none.
    #[serde(skip_serializing_if = "is_none")]
    log_dropped: u32,
}

/// A line of a release's log.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "LogLineOfRelease")]
struct Line<'a> {
    release: &'a ReleaseId,
    #[serde(flatten)]
    line: &'a LogLine,
}

/// `0.9931  quarantine  8  phish    linear@1.0.0  mail/1.eml`, and below it who decided, unless it was that release, and
/// why nobody can tell who the message is from, if nobody can.
pub(super) fn text(name: &str, verdict: &Verdict, verbose: bool, out: &mut impl Write) -> io::Result<()> {
    let dash = || "-".to_owned();
    let score = verdict.score.map_or_else(dash, show::score);
    let scl = verdict.scl.map_or_else(dash, |scl| scl.to_string());
    let category = verdict.category.map_or_else(dash, |category| category.to_string());
    let release = verdict.release.as_ref().map_or_else(dash, ToString::to_string);
    let (action, name) = (verdict.action.name(), show::printable(name, usize::MAX));
    writeln!(out, "{score:<6}  {action:<10}  {scl:>2}  {category:<7}  {release}  {name}")?;
    if verdict.decided_by != DecidedBy::Live {
        writeln!(out, "        {}", verdict.decided_by)?;
    }
    if let author @ Authorship::Uncertain { .. } = verdict.author {
        writeln!(out, "        author {author}")?;
    }
    if verbose {
        show::reasons(&verdict.reasons, out)?;
        for ReleaseLog { release, log, .. } in &verdict.log {
            show::log_lines(log).try_for_each(|line| writeln!(out, "        {release}  {line}"))?;
        }
    }
    Ok(())
}

pub(super) fn json(
    name: &str,
    slot: &str,
    message: &Message,
    verdict: &Verdict,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let lines = verdict.log.iter().flat_map(|of| of.log.lines.iter().map(|line| Line { release: &of.release, line }));
    let record = Record {
        message: name,
        sha256: message.sha256_hex(),
        bytes: message.len(),
        slot,
        release: verdict.release.as_ref(),
        generation: verdict.generation,
        decided_by: verdict.decided_by,
        author: verdict.author,
        score: verdict.score,
        category: verdict.category,
        scl: verdict.scl,
        action: verdict.action,
        reasons: &verdict.reasons,
        fault: verdict.fault.as_deref(),
        log: lines.collect(),
        log_dropped: verdict.log.iter().map(|of| of.log.dropped).sum(),
    };
    Ok(json_line(&record, out)?)
}
