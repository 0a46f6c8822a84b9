//! What was decided about a message, in the words of protocols that know scores, symbols and reports.

use switchback::Verdict;
use switchback::message::Authorship;
use switchback::verdict::{DecidedBy, Reason};
use switchback_gateway::{Decision, Disposition, Gateway, Mail};

use super::limits::REPORT_BYTES_MAX;
use super::points::Points;

/// What was decided about a message.
#[derive(Debug)]
pub(super) struct Opinion {
    pub(super) decision: Decision,
    pub(super) points: Points,
}

/// A reason, under a name that any client can show.
#[derive(Debug, PartialEq)]
pub(super) struct Symbol<'a> {
    pub(super) name: String,
    pub(super) weight: f64,
    pub(super) note: &'a str,
}

impl Opinion {
    /// Judges a message.
    pub(super) async fn of(gateway: &Gateway, mail: Mail) -> Self {
        let config = gateway.config();
        let rules = config.direction(gateway.direction(&mail.transaction)).unwrap_or(&config.inbound);
        let decision = gateway.judge(mail).await;
        let is_stopped = matches!(
            decision.disposition,
            Disposition::Quarantine { .. } | Disposition::Discard | Disposition::Reject(_)
        );
        let verdict = decision.verdict.as_ref();
        let is_flagged = is_stopped || verdict.is_some_and(Verdict::is_flagged);
        let points = Points::new(verdict, is_flagged, &rules.thresholds);
        Self { decision, points }
    }

    pub(super) fn verdict(&self) -> Option<&Verdict> {
        self.decision.verdict.as_ref()
    }

    /// The action, by the name that Rspamd has for it.
    pub(super) fn action(&self) -> &'static str {
        match self.decision.disposition {
            Disposition::Reject(_) => "reject",
            Disposition::Tempfail(_) => "soft reject",
            Disposition::Quarantine { .. } => "quarantine",
            Disposition::Discard => "discard",
            _ if self.points.is_spam() => "add header",
            _ => "no action",
        }
    }

    /// The symbols: first who decided and what kind of mail it is, then the reasons.
    pub(super) fn symbols(&self) -> Vec<Symbol<'_>> {
        let Some(verdict) = self.verdict() else {
            return vec![Symbol { name: "SWITCHBACK_NOT_SCORED".to_owned(), weight: 0.0, note: "" }];
        };
        let kind = match (verdict.decided_by, verdict.category) {
            (DecidedBy::Live | DecidedBy::Canary | DecidedBy::Previous | DecidedBy::Segment, Some(category)) => {
                category.name()
            }
            (decided_by, _) => decided_by.name(),
        };
        let own = Symbol { name: symbol_name(&format!("SWITCHBACK_{kind}")), weight: 0.0, note: "" };
        let reasons = verdict.reasons.iter().map(|Reason { name, weight, note, .. }| Symbol {
            name: symbol_name(name),
            weight: round(*weight),
            note,
        });
        std::iter::once(own).chain(reasons).collect()
    }

    /// A report for people: printable ASCII, lines that end with a line feed, none of them empty, because Exim makes header
    /// lines of them. The reasons stand in SpamAssassin's table, which programs read (Mailpit, RubySpamAssassin).
    pub(super) fn report(&self) -> String {
        let mut report = String::new();
        let mut line = |text: &str| {
            let text: String = text.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect();
            if report.len() + text.len() < REPORT_BYTES_MAX {
                report.push_str(text.trim_end());
                report.push('\n');
            }
        };
        let Some(verdict) = self.verdict() else {
            line("Switchback: mail of this site, which is not scored");
            return report;
        };
        let category = verdict.category.map_or("unknown", |category| category.name());
        let (score, required) = (self.points.score(), self.points.required());
        line(&format!("Switchback: {category}, {score:.2} points, {required:.2} required"));
        line(&format!("action {}, decided by {}", verdict.action.name(), verdict.decided_by));
        if let Some(release) = &verdict.release {
            line(&format!("release {release}, generation {}", verdict.generation));
        }
        if let Some(id) = verdict.id {
            line(&format!("record {id}"));
        }
        if let author @ Authorship::Uncertain { .. } = verdict.author {
            line(&format!("author {author}"));
        }
        if verdict.fault.is_some() {
            line("the live release did not answer: the log says why");
        }
        let reasons = self.symbols().into_iter().skip(1);
        if reasons.len() > 0 {
            line(&format!("Content analysis details:   ({score:.2} points, {required:.2} required)"));
            line(" pts rule name              description");
            line(&format!("---- {:-<22} {:-<50}", "", ""));
        }
        for Symbol { name, weight, note } in reasons {
            line(&format!("{weight:>4.1} {name:<22} {note}"));
        }
        report
    }
}

/// Weights are shown with three digits, so that numbers are short.
fn round(weight: f64) -> f64 {
    (weight * 1e3).round() / 1e3
}

/// A name that is one in every client: capital letters, digits and `_`.
fn symbol_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}
