//! What came of a training, for people.

use std::io::{self, Write};
use std::path::Path;

use switchback::ReleaseId;
use switchback::jiff::Timestamp;
use switchback_train::{AtThreshold, Label, Report, Share};

use crate::show::{self, count, counted, printable};

/// The segments that are shown.
const SEGMENTS: usize = 12;

/// Messages to look at that are shown, and messages that move.
const LISTED: usize = 10;

/// Names of messages that carry others that are shown.
const CARRIERS: usize = 3;

/// Columns of text.
const WIDTH: usize = 100;

/// What a training came to.
#[derive(Debug)]
pub struct TrainingShown<'a> {
    /// What was learned from, and how good the model is.
    pub report: &'a Report,
    /// How many messages were read, and how many were not: `7 messages, 0 unreadable, 1 left out`.
    pub read: String,
    /// Messages below the named folders that are no label.
    pub passed_over: u64,
    /// The release if there is one, its file if it was written, and its bytes.
    pub release: Option<(&'a ReleaseId, Option<&'a Path>, u64)>,
}

impl TrainingShown<'_> {
    /// Writes it as text.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        write(self, out)
    }
}

fn write(outcome: &TrainingShown<'_>, out: &mut impl Write) -> io::Result<()> {
    let report = outcome.report;
    mail(outcome, out)?;
    if !report.disagreements.is_empty() {
        writeln!(
            out,
            "\nLook at these first: a model that has not seen them takes them for the contrary of their folder"
        )?;
        for one in report.disagreements.iter().take(LISTED) {
            let (score, given) = (show::score(one.score), given(one.label));
            writeln!(out, "  {score}  given as {given:<8}  {}", printable(&one.message, 200))?;
        }
    }
    quality(report, out)?;
    segments(report, out)?;
    for warning in &report.warnings {
        writeln!(out)?;
        let mut start = "Note: ";
        for line in show::wrapped(&format!("{}.", printable(warning, usize::MAX)), WIDTH - 6) {
            writeln!(out, "{start}{line}")?;
            start = "      ";
        }
    }
    if let Some((id, path, bytes)) = outcome.release {
        let path = path.map_or_else(String::new, |path| format!(" {}", printable(&path.display().to_string(), 2_000)));
        writeln!(out, "\n{id}{path} ({})", show::bytes(bytes))?;
        writeln!(out, "To flag as measured, give the slot the threshold: --junk {}", report.chosen.threshold)?;
    }
    Ok(())
}

fn mail(outcome: &TrainingShown<'_>, out: &mut impl Write) -> io::Result<()> {
    let report = outcome.report;
    let mail = &report.mail;
    writeln!(out, "{}", outcome.read)?;
    let left_out = [
        (mail.copies, "copies of others"),
        (mail.in_both, "in both folders"),
        (mail.undated_or_across, "without a date, or of a campaign on both sides of it"),
        (outcome.passed_over, "deleted, in the trash, sent, or in junk below wanted mail"),
    ];
    for (number, what) in left_out.into_iter().filter(|(number, _)| *number > 0) {
        writeln!(out, "  {:>9}  left out: {what}", count(number))?;
    }
    writeln!(out, "  {:>9}  groups of messages that belong together", count(mail.campaigns))?;
    let row = |ham, spam| format!("{:>9} wanted, {:>9} unwanted", count(ham), count(spam));
    writeln!(out, "learned from{}", row(mail.training_ham, mail.training_spam))?;
    writeln!(out, "held out    {}", row(mail.held_out_ham, mail.held_out_spam))?;
    if let Some(period) = &report.period {
        let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
        writeln!(out, "sent         {} to {}", day(period.from), day(period.to))?;
    }
    let carriers = &report.carriers;
    if !carriers.messages.is_empty() {
        let forwarded =
            (carriers.forwarded > 0).then(|| format!("forwarded in {}", counted(carriers.forwarded, "wanted message")));
        let returned = (carriers.reports > 0)
            .then(|| format!("returned in {} (bounces and the like)", counted(carriers.reports, "report")));
        let what: Vec<_> = forwarded.into_iter().chain(returned).collect();
        let names = printable(&carriers.messages[..carriers.messages.len().min(CARRIERS)].join(", "), 300);
        writeln!(out, "not learned  what is {}: {names}", what.join(" and "))?;
    }
    writeln!(
        out,
        "masked       header fields of lists, servers, filters and mail programs; tags, footers and addresses of lists; recipients"
    )?;
    if !report.telling_fields.is_empty() {
        let fields = printable(&report.telling_fields.join(", "), 500);
        writeln!(out, "             and fields that tell the folders apart: {fields}")?;
    }
    Ok(())
}

fn given(label: Label) -> &'static str {
    if label.is_spam() { "unwanted" } else { "wanted" }
}

/// Four digits, or as many as it takes for it not to look like 1.
fn threshold(at: &AtThreshold) -> String {
    let digits = (4..17).find(|digits| at.threshold < 1.0 - 0.5 * 10_f64.powi(-digits)).unwrap_or(17) as usize;
    format!("{:.*}", digits + 1, at.threshold)
}

fn quality(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let mut table = show::table(["threshold", "unwanted found", "wanted flagged", "unwanted of flagged"]);
    // At a slot's default as well, unless that is what was chosen.
    for at in std::iter::once(&report.chosen).chain((report.chosen != report.default).then_some(&report.default)) {
        table.add_row([threshold(at), share(&at.recall), share(&at.false_positives), share(&at.precision)]);
    }
    writeln!(out, "\n{}", table.trim_fmt())?;
    writeln!(out, "area under the curve {:.4} +- {:.4}", report.roc_auc, report.roc_auc_reach)?;
    writeln!(out, "with 150 words of wanted mail appended, unwanted found {}", share(&report.recall_with_good_words))?;
    if let Some(before) = &report.before {
        writeln!(
            out,
            "the release before, at 0.5: unwanted found {}, wanted flagged {}, area {:.4}",
            share(&before.default.recall),
            share(&before.default.false_positives),
            before.roc_auc
        )?;
        writeln!(
            out,
            "  now flagged: {} unwanted, {} wanted; no longer flagged: {} unwanted, {} wanted",
            count(before.newly_flagged_spam),
            count(before.newly_flagged_ham),
            count(before.newly_passed_spam),
            count(before.newly_passed_ham)
        )?;
        for one in before.moved.iter().take(LISTED) {
            let scores = format!("{} -> {}", show::score(one.before), show::score(one.now));
            writeln!(out, "  {scores}  given as {:<8}  {}", given(one.label), printable(&one.message, 200))?;
        }
    }
    Ok(())
}

fn segments(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let mut table = show::table(["wanted mail from", "flagged", ""]);
    for row in report.segments.iter().take(SEGMENTS) {
        let mark = if row.stands_out { "STANDS OUT" } else { "" };
        table.add_row([printable(&row.segment, 80), share(&row.false_positives), mark.to_owned()]);
    }
    if report.segments.is_empty() { Ok(()) } else { writeln!(out, "\n{}", table.trim_fmt()) }
}

fn share(share: &Share) -> String {
    let percent = |part: f64| format!("{:.2}", 100.0 * part);
    match share.rate {
        None => "-".to_owned(),
        Some(rate) => format!(
            "{} of {}, {} % (95 %: {}-{})",
            count(share.part),
            count(share.whole),
            percent(rate.share),
            percent(rate.low),
            percent(rate.high)
        ),
    }
}
