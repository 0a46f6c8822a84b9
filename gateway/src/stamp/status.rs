//! The words that say what was decided.

use switchback::verdict::{DecidedBy, Reason, Role};
use switchback::{Thresholds, Verdict};

/// The longest word, in bytes: a name and version of a release have less.
const WORD_BYTES_MAX: usize = 200;

/// How many reasons are written, those that weigh most.
const REASONS_MAX: usize = 16;

/// How many digits of a release's digest are written.
const DIGEST_DIGITS: usize = 12;

/// `Yes, score=0.973 required=0.5 scl=5 action=junk ..`.
pub(super) fn status(verdict: &Verdict, thresholds: &Thresholds, is_partial: bool) -> Vec<String> {
    let is_unscanned = verdict.decided_by == DecidedBy::Unscanned;
    let mut words = vec![format!("{},", if is_unscanned { "Unscanned" } else { yes_or_no(verdict) })];
    let cause = verdict.cause.map(|cause| cause.name());
    let mut say = |name: &str, value: Option<String>| words.extend(value.map(|value| format!("{name}={value}")));
    say("reason", is_unscanned.then(|| cause.unwrap_or("unknown").to_owned()));
    say("score", verdict.score.map(score));
    say("required", verdict.score.and(required(thresholds)).map(|score| score.to_string()));
    say("scl", verdict.scl.map(|scl| scl.to_string()));
    say("action", Some(verdict.action.to_string()));
    if let Some(release) = &verdict.release {
        say("model", Some(word(&format!("{}/{}", release.name, release.version))));
    }
    say("gen", Some(verdict.generation.to_string()));
    if let Some(release) = &verdict.release {
        say("digest", Some(release.digest.to_string().chars().take(DIGEST_DIGITS).collect()));
    }
    say("role", role(verdict.decided_by).map(|role| role.name().to_owned()));
    say("decided", Some(verdict.decided_by.name().to_owned()));
    say("rule", verdict.decided_by.rule().map(|rule| rule.to_string()));
    // Of what kind, and not what the model said about it.
    let has_fault = !is_unscanned && (cause.is_some() || verdict.fault.is_some());
    say("fault", has_fault.then(|| cause.unwrap_or("yes").to_owned()));
    say("partial", is_partial.then(|| "yes".to_owned()));
    say("id", verdict.id.map(|id| id.to_string()));
    words
}

/// SpamAssassin's `X-Spam-Status`; none where nobody scored the message and it is not flagged either.
pub(super) fn spam_status(verdict: &Verdict, required: Option<f64>, tests: &[Reason]) -> Option<Vec<String>> {
    if verdict.score.is_none() && !verdict.is_flagged() {
        return None;
    }
    let mut words = vec![format!("{},", yes_or_no(verdict))];
    words.push(format!("score={}", verdict.score.map_or_else(|| "0.000".to_owned(), score)));
    words.extend(required.map(|required| format!("required={required}")));
    let names: Vec<_> = heaviest(tests).into_iter().map(|reason| word(&reason.name)).collect();
    let last = names.len().saturating_sub(1);
    words.extend(names.iter().enumerate().map(|(at, name)| {
        let begin = if at == 0 { "tests=" } else { "" };
        let end = if at == last { "" } else { "," };
        format!("{begin}{name}{end}")
    }));
    words.extend(names.is_empty().then(|| "tests=none".to_owned()));
    Some(words)
}

/// `NAME(+1.250)` of each, the heaviest first. What a model notes beside a reason stays in the journal: it repeats the message.
pub(super) fn reasons(reasons: &[Reason]) -> Vec<String> {
    heaviest(reasons).into_iter().map(|reason| format!("{}({:+.3})", word(&reason.name), reason.weight)).collect()
}

/// The lowest score at which a message is flagged.
pub(super) fn required(thresholds: &Thresholds) -> Option<f64> {
    let flagging = [thresholds.junk, thresholds.quarantine, thresholds.reject];
    flagging.into_iter().flatten().min_by(f64::total_cmp)
}

/// What can stand between spaces: printable ASCII without them, of bounded length.
pub(super) fn word(text: &str) -> String {
    let printable = |character: char| if character.is_ascii_graphic() { character } else { '?' };
    text.chars().map(printable).take(WORD_BYTES_MAX).collect()
}

fn yes_or_no(verdict: &Verdict) -> &'static str {
    if verdict.is_flagged() { "Yes" } else { "No" }
}

/// Three digits, rounded down: a score below a threshold does not look like one at it.
fn score(score: f64) -> String {
    let nearest = (score * 1_000.0).round() / 1_000.0;
    format!("{:.3}", if nearest > score { nearest - 0.001 } else { nearest })
}

/// The role of the release that decided.
fn role(decided_by: DecidedBy) -> Option<Role> {
    match decided_by {
        DecidedBy::Live | DecidedBy::Abstained => Some(Role::Live),
        DecidedBy::Canary => Some(Role::Canary),
        DecidedBy::Previous | DecidedBy::Segment => Some(Role::Standby),
        _ => None,
    }
}

fn heaviest(reasons: &[Reason]) -> Vec<&Reason> {
    let mut reasons: Vec<_> = reasons.iter().collect();
    reasons.sort_by(|one, other| other.weight.abs().total_cmp(&one.weight.abs()));
    reasons.truncate(REASONS_MAX);
    reasons
}
