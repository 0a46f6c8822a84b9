//! Alerts in words.

use std::borrow::Cow;
use std::time::Duration;

use switchback_model::guard::{Breaker, BreakerEvidence, Counts, Evidence, Flip, FlipEvidence, Segment};
use switchback_model::lasting::Lasting;

use super::found::{About, Found, Response};

/// All of it in one line.
pub(super) fn summary(found: &Found, response: Response, about: &About) -> String {
    match found {
        Found::Harm(evidence) => {
            format!("{} {}: {}", subject(about), deed(found, response, about, evidence), numbers(evidence))
        }
        Found::Warning(evidence) => {
            let (deed, numbers) = (deed(found, response, about, evidence), warned(evidence, about));
            format!("{} {deed}: {numbers}", subject(about))
        }
        Found::Guard(why) => format!("the guard cannot do its work, so promotions stop and scoring goes on: {why}"),
        Found::Hindrance(why) => format!("the guard sees less than it should; promotions and scoring go on: {why}"),
        Found::Rollout(what) => format!("{}: {what}", subject(about)),
        Found::Store(why) => format!("the store is not followed, and scoring goes on as before: {why}"),
        Found::Change { what, by, head } => format!("{what}, by {by}; head {head}"),
        Found::Test => "a test: alerts arrive here".to_owned(),
    }
}

/// `phish@2.0.0 in inbound`.
fn subject(about: &About) -> String {
    let release = about.release.as_ref().map_or_else(|| "a release".to_owned(), ToString::to_string);
    about.slot.iter().fold(release, |line, slot| format!("{line} in {slot}"))
}

fn deed(found: &Found, response: Response, about: &About, evidence: &Evidence) -> String {
    let segment = evidence.flips().map_or(&Segment::Everything, |flips| &flips.segment);
    match (response, found) {
        (Response::Reverted, _) => "was reverted and quarantined".to_owned(),
        (Response::RevertedHere, _) => "was reverted by this process alone, and is not quarantined yet, because the \
                                        ledger cannot be written"
            .to_owned(),
        (Response::SegmentReverted, _) => format!("was reverted for {segment}"),
        (Response::Withdrawn, _) => match about.share_bp {
            Some(share_bp) => format!("was withdrawn, a canary of {}%", f64::from(share_bp) / 100.0),
            None => "was withdrawn".to_owned(),
        },
        (Response::Blocked, _) => "cannot be promoted now".to_owned(),
        (_, Found::Harm(_)) => "does harm, and nothing was done".to_owned(),
        _ => "may do harm".to_owned(),
    }
}

/// The numbers that the guard acts on, without what was done about them.
pub fn numbers(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Flips(evidence) => {
            let FlipEvidence { senders, recipients, .. } = evidence;
            let (senders, recipients) = (at_least(*senders, "sender"), at_least(*recipients, "recipient"));
            let whose = format!("authenticated, known senders: from {senders} to {recipients}");
            format!("{} ({whose}); {}", flips(evidence), power(evidence))
        }
        Evidence::Breaker(evidence) => breaker(evidence),
    }
}

/// The numbers of a warning, and why nothing is done.
fn warned(evidence: &Evidence, about: &About) -> String {
    let Some(found) = evidence.flips() else { return numbers(evidence) };
    let (flips, power) = (flips(found), power(found));
    match &about.requirements {
        // Evidence that suffices to act, in a direction that is not acted on.
        Some(requirements) if requirements.are_met() => {
            format!("{flips} (authenticated, known senders: {requirements}); {power}; flips this way only warn")
        }
        Some(requirements) => format!(
            "{flips} (all mail, whoever sent it); {power} to warn; it is not acted on: {} from authenticated, known senders \
             ({requirements})",
            requirements.shortage().unwrap_or_default()
        ),
        None => format!("{flips} (all mail, whoever sent it); {power} to warn"),
    }
}

/// `of 25 campaigns from gmail.com 14 are flagged that linear@1.1.0 lets pass, and 2 the other way round`.
fn flips(evidence: &FlipEvidence) -> String {
    let FlipEvidence { baseline, segment, flip, counts, .. } = evidence;
    let way = match flip {
        Flip::Up => format!("are flagged that {baseline} lets pass"),
        Flip::Down => format!("pass that {baseline} flags"),
    };
    let from = match segment {
        Segment::Everything => "from everybody".to_owned(),
        Segment::Unauthenticated => "from unauthenticated senders".to_owned(),
        named => format!("from {named}"),
    };
    let Counts { flips, opposite, all, .. } = counts;
    format!("of {all} campaigns {from} {flips} {way}, and {opposite} the other way round")
}

/// `E-value 10^6.5, needed 10^6.0`.
fn power(evidence: &FlipEvidence) -> String {
    let [log_e, needed] = [evidence.log_e, evidence.log_threshold].map(|log| log / std::f64::consts::LN_10);
    format!("E-value 10^{log_e:.1}, needed 10^{needed:.1}")
}

/// What was counted up to 16.
fn at_least(count: u8, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        16.. => format!("16 or more {what}s"),
        _ => format!("{count} {what}s"),
    }
}

fn breaker(evidence: &BreakerEvidence) -> String {
    let BreakerEvidence { breaker, window_s, calls, bad, measured, bound, .. } = evidence;
    let within = format!("of {calls} calls within {}", Lasting(Duration::from_secs((*window_s).into())));
    match breaker {
        Breaker::Failures => format!("{bad} {within} failed"),
        Breaker::Slow => format!("{bad} {within} were slow"),
        Breaker::Rails => {
            format!("{bad} {within} scored at the rails: {measured:.3} above the baseline, {bound:.3} is allowed")
        }
        Breaker::Spread => {
            format!("the scores {within} hardly differ: {measured:.3} of the baseline's, {bound:.3} is the least")
        }
    }
}

/// The command that undoes it.
pub(super) fn undo(found: &Found, response: Response, about: &About) -> Option<String> {
    let slot = argument(about.slot.as_deref()?);
    let release = about.release.as_ref()?;
    Some(match response {
        Response::Reverted => {
            format!("switchback quarantine {release} --lift && switchback promote {release} --slot {slot} --force")
        }
        Response::SegmentReverted => {
            let Some(Evidence::Flips(evidence)) = found.evidence() else { return None };
            format!("switchback restore --segment {} --slot {slot}", argument(&evidence.segment.to_string()))
        }
        // That it is harmful is taken back; it gets no role by that.
        Response::Withdrawn | Response::Blocked => format!("switchback quarantine {release} --lift"),
        Response::None | Response::RevertedHere | Response::Paused | Response::Advanced => return None,
    })
}

/// A word of a shell's command line. Names come from an operator, segments from mail.
fn argument(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._:@%+=-/".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.into(),
        false => format!("'{}'", text.replace('\'', r"'\''")).into(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::found::Severity;
    use super::super::record::Alert;
    use super::*;
    use crate::control::EventSequence;
    use switchback_model::guard::Floor;
    use switchback_model::release::ReleaseId;
    use switchback_model::route::Generation;

    fn release(version: &str) -> ReleaseId {
        serde_json::from_value(serde_json::json!({
            "name": "phish", "version": version, "digest": "00".repeat(32)
        }))
        .unwrap()
    }

    pub(in super::super) fn alert() -> Alert {
        Alert::new(
            Found::Harm(evidence("gmail.com")),
            Response::Reverted,
            about("inbound"),
            "2026-04-25T09:26:00Z".parse().unwrap(),
        )
    }

    fn evidence(segment: &str) -> Evidence {
        serde_json::from_value(serde_json::json!({
            "by": "flips",
            "baseline": release("1.1.0"),
            "began_at": "2026-04-25T09:24:00Z",
            "segment": segment,
            "flip": "up",
            "test": "gross",
            "counts": { "flips": 14, "opposite": 2, "all": 25 },
            "tolerance": 0.02,
            "alpha": 0.0005,
            "weight": 0.3,
            "log_e": 15.0,
            "log_threshold": 8.8,
            "senders": 12,
            "recipients": 16,
            "harmed": [],
        }))
        .unwrap()
    }

    fn about(slot: &str) -> About {
        About {
            slot: Some(slot.to_owned()),
            release: Some(release("2.0.0")),
            share_bp: Some(250),
            generation: Some(Generation::new(7)),
            event: Some(EventSequence::new(12)),
            ..About::default()
        }
    }

    fn undone(response: Response, segment: &str, slot: &str) -> Option<String> {
        undo(&Found::Harm(evidence(segment)), response, &about(slot))
    }

    #[test]
    fn one_line_says_what_happened_and_why() {
        let alert = alert();
        assert_eq!(
            alert.summary,
            "phish@2.0.0 in inbound was reverted and quarantined: of 25 campaigns from gmail.com 14 are flagged that \
             phish@1.1.0 lets pass, and 2 the other way round (authenticated, known senders: from 12 senders to 16 or \
             more recipients); E-value 10^6.5, needed 10^3.8"
        );
        assert_eq!((alert.severity, alert.baseline()), (Severity::Critical, Some(&release("1.1.0"))));
    }

    /// The line of a warning about the same flips, where eligible mail has this.
    fn warning(eligible: Counts, senders: u8, recipients: u8) -> String {
        let Evidence::Flips(mut of_eligible) = evidence("gmail.com") else { unreachable!() };
        (of_eligible.counts, of_eligible.senders, of_eligible.recipients) = (eligible, senders, recipients);
        let requirements = Some(of_eligible.requirements(&Floor::new(10, 5, 5)));
        let about = About { requirements, ..about("inbound") };
        summary(&Found::Warning(evidence("gmail.com")), Response::None, &about)
    }

    #[test]
    fn a_warning_says_what_was_counted_and_why_nothing_is_done() {
        assert_eq!(
            warning(Counts::default(), 0, 0),
            "phish@2.0.0 in inbound may do harm: of 25 campaigns from gmail.com 14 are flagged that phish@1.1.0 lets \
             pass, and 2 the other way round (all mail, whoever sent it); E-value 10^6.5, needed 10^3.8 to warn; it is \
             not acted on: too few campaigns, senders and recipients, too little evidence from authenticated, known \
             senders (campaigns 0 of 10, senders 0 of 5, recipients 0 of 5, E-value 10^0.0 of 10^3.8)"
        );
        let line = warning(Counts::new(14, 2, 25), 1, 7);
        let why = "it is not acted on: too few senders from authenticated, known senders (campaigns 14 of 10, senders 1 of 5, ";
        assert!(line.contains(why), "{line}");
        let line = warning(Counts::new(14, 2, 25), 12, 7);
        assert!(line.ends_with("; flips this way only warn") && !line.contains("whoever sent it"), "{line}");
    }

    #[test]
    fn promotions_stop_only_where_that_is_said() {
        let about = About::default();
        let [stops, goes_on] = [Found::Guard("x".into()), Found::Hindrance("x".into())]
            .map(|found| (summary(&found, Response::None, &about), found.kind().name(), found.severity().name()));
        assert!(stops.0.contains("promotions stop") && (stops.1, stops.2) == ("guard", "error"), "{stops:?}");
        assert!(goes_on.0.contains("promotions and scoring go on"), "{goes_on:?}");
        assert_eq!((goes_on.1, goes_on.2), ("guard", "warning"));
    }

    #[test]
    fn a_canary_that_was_withdrawn_had_a_share() {
        let found = Found::Harm(evidence("gmail.com"));
        let line = summary(&found, Response::Withdrawn, &about("inbound"));
        assert!(line.starts_with("phish@2.0.0 in inbound was withdrawn, a canary of 2.5%: of 25 campaigns"), "{line}");
    }

    #[test]
    fn what_was_done_can_be_undone_by_a_command_that_a_shell_takes() {
        for (response, command) in [
            (
                Response::Reverted,
                "switchback quarantine phish@2.0.0 --lift && switchback promote phish@2.0.0 --slot inbound --force",
            ),
            (Response::SegmentReverted, "switchback restore --segment gmail.com --slot inbound"),
            (Response::Withdrawn, "switchback quarantine phish@2.0.0 --lift"),
            (Response::Blocked, "switchback quarantine phish@2.0.0 --lift"),
        ] {
            assert_eq!(undone(response, "gmail.com", "inbound").as_deref(), Some(command));
        }
        assert_eq!(undone(Response::None, "gmail.com", "inbound"), None);
        let quoted = undone(Response::SegmentReverted, "a;rm.example", "it's").unwrap();
        assert_eq!(quoted, r"switchback restore --segment 'a;rm.example' --slot 'it'\''s'");
    }

    #[test]
    fn an_alert_reads_back_from_its_json() {
        let alert = alert();
        let json = alert.to_json();
        assert_eq!(serde_json::from_str::<Alert>(&json).unwrap(), alert);
        for name in [r#""kind":"harm""#, r#""severity":"critical""#, r#""response":"reverted""#, r#""by":"flips""#] {
            assert!(json.contains(name), "{name} is not in {json}");
        }
    }
}
