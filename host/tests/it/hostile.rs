//! A guest that misbehaves gets a typed error, in time, and nobody else notices.

use std::time::{Duration, Instant};

use switchback::verdict::{Answer, Cause, DecidedBy, LogLevel, Logged, Outcome, ReleaseLog};
use switchback::{FailurePolicy, Fault, Runtime, ScoreError, SlotConfig};

use crate::support::{load, message, release, runtime, shared_cache};

/// Scores one message with a case; then checks that another release and the same one go on as before.
fn fault_of(case: &str) -> ScoreError {
    let runtime = runtime();
    let bystander = load(&runtime, "empty", "1.0.0");
    let hostile = load(&runtime, case, "6.6.6");
    let error = runtime.score_with(&hostile, &message()).unwrap_err();
    assert_eq!(error.release, hostile);
    let again = runtime.score_with(&hostile, &message()).unwrap_err();
    assert_eq!(std::mem::discriminant(&again.fault), std::mem::discriminant(&error.fault), "{again}");
    let unaffected = runtime.score_with(&bystander, &message()).unwrap();
    assert_eq!(unaffected.outcome.score(), Some(0.5));
    error
}

#[test]
fn a_trap_is_a_trap() {
    assert!(matches!(fault_of("trap").fault, Fault::Trap(_)));
}

#[test]
fn a_panic_is_told_with_its_message_and_place() {
    let error = fault_of("panic");
    assert!(matches!(error.fault, Fault::Trap(_)), "{error}");
    let said = error.guest_message().unwrap();
    assert!(said.contains("panics while scoring") && said.contains("lib.rs:"), "{said}");
    assert!(error.to_string().contains("hostile@6.6.6"), "{error}");
}

#[test]
fn no_text_of_a_model_is_a_line_of_a_log() {
    const FORGED: &str = r"x\nswitchback: all is well\u{1b}[2J";
    for case in ["forge-panic", "forge-error"] {
        let text = fault_of(case).to_string();
        assert!(text.contains(FORGED) && !text.contains(char::is_control), "{case}: {text}");
    }
    let runtime = runtime();
    let outcome =
        |case: &str, version: &str| runtime.score_with(&load(&runtime, case, version), &message()).unwrap().outcome;
    assert_eq!(outcome("forge-abstain", "5.0.0"), Outcome::Abstained(FORGED.to_owned()));
    let Outcome::Scored(assessment) = outcome("forge-note", "6.0.0") else { panic!("it has a score") };
    assert_eq!(assessment.reasons[0].note, FORGED);

    let panics = load(&runtime, "forge-panic", "7.0.0");
    runtime.score_with(&panics, &message()).unwrap_err();
    let lines = runtime.log_of(&panics).unwrap();
    assert!(lines.iter().any(|line| line.contains(FORGED)), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains(char::is_control)), "{lines:?}");
}

#[test]
fn a_loop_ends_at_its_deadline() {
    let runtime = runtime();
    let hostile = load(&runtime, "loop", "6.6.6");
    let start = Instant::now();
    let error = runtime.score_with(&hostile, &message()).unwrap_err();
    assert_eq!(error.fault, Fault::Deadline(Duration::from_millis(200)));
    assert!(start.elapsed() >= Duration::from_millis(200), "a deadline is the time that a guest may use");
}

#[test]
fn one_deadline_does_not_bring_another_nearer() {
    let runtime = runtime();
    let (hostile, bystander) = (load(&runtime, "loop", "6.6.6"), load(&runtime, "empty", "1.0.0"));
    std::thread::scope(|scope| {
        let looping = scope.spawn(|| runtime.score_with(&hostile, &message()).unwrap_err());
        while !looping.is_finished() {
            runtime.score_with(&bystander, &message()).unwrap();
        }
        assert!(matches!(looping.join().unwrap().fault, Fault::Deadline(_)));
    });
}

#[test]
fn endless_recursion_exhausts_the_stack_of_the_guest() {
    assert_eq!(fault_of("recurse").fault, Fault::Stack);
}

#[test]
fn large_variables_exhaust_the_stack_in_the_memory_of_the_guest() {
    let fault = fault_of("recurse-memory").fault;
    assert_eq!(fault, Fault::Stack);
    assert!(fault.to_string().contains("stack_kib"), "{fault}");
}

#[test]
fn memory_is_bounded_and_named() {
    assert_eq!(fault_of("grow").fault, Fault::Memory(8 << 20));
}

#[test]
fn a_flood_of_log_lines_is_stopped() {
    assert!(matches!(fault_of("log-flood").fault, Fault::LogFlood(_)));
}

#[test]
fn a_text_that_is_too_long_is_cut_and_costs_no_verdict() {
    let runtime = runtime();
    let scored = |case: &str, version: &str| runtime.score_with(&load(&runtime, case, version), &message()).unwrap();
    let log = scored("log-long", "6.6.6").log;
    assert_eq!((log.lines[0].level, log.lines[0].line.len(), log.dropped), (LogLevel::Warn, 1_024, 0));
    assert!(log.lines[0].line.starts_with("long long") && log.lines[0].line.ends_with('…'));
    for (case, version, name, note) in [
        ("long-note", "6.6.7", "A".to_owned(), "n".repeat(253) + "…"),
        ("long-name", "6.6.8", "A".repeat(64), String::new()),
    ] {
        let Outcome::Scored(assessment) = scored(case, version).outcome else { panic!("{case} has a score") };
        assert_eq!((&assessment.reasons[0].name, &assessment.reasons[0].note), (&name, &note), "{case}");
    }
    let Outcome::Abstained(why) = scored("long-abstain", "6.6.9").outcome else { panic!("it abstains") };
    assert!(why.len() <= 256 && why.starts_with("größer") && why.ends_with('…'), "{why}");
    let Fault::CannotScore(why) = fault_of("long-error").fault else { panic!("it cannot score") };
    assert!(why.len() <= 1_024 && why.starts_with("größer") && why.ends_with('…'), "{why}");
}

#[test]
fn what_a_model_logs_comes_with_its_answer() {
    let runtime = runtime();
    let log_of = |case: &str, version: &str| match runtime.score_with(&load(&runtime, case, version), &message()) {
        Ok(scored) => scored.log,
        Err(error) => error.log,
    };
    assert_eq!(log_of("empty", "1.0.0"), Logged::default());
    let printed: Vec<_> = log_of("print", "1.0.1").lines.iter().map(ToString::to_string).collect();
    assert_eq!(printed[..3], ["debug: one line", "debug: two", "debug: lines"]);
    assert!(printed[3].starts_with("debug: [") && printed[3].ends_with("] 1 + 1 = 2"), "{printed:?}");
    assert_eq!(printed[4..], ["debug: begun"]);

    let full = log_of("panic-late", "1.0.2");
    assert_eq!((full.lines.len(), full.dropped), (64, 38), "a line that has begun is one of those");
    let last = &full.lines[63];
    assert!(last.level == LogLevel::Error && last.line.ends_with("after so many lines"), "{last}");
}

#[test]
fn a_verdict_has_the_lines_of_every_release_that_was_asked() {
    let runtime = runtime();
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&load(&runtime, "print", "1.0.0")).unwrap();
    slot.promote(&load(&runtime, "panic", "6.6.6")).unwrap();
    let verdict = slot.score(&message());
    assert_eq!(verdict.decided_by, DecidedBy::Previous);
    let said = |of: &ReleaseLog| (of.release.version.to_string(), of.log.lines[0].level);
    let logs: Vec<_> = verdict.log.iter().map(said).collect();
    assert_eq!(logs, [("6.6.6".to_owned(), LogLevel::Error), ("1.0.0".to_owned(), LogLevel::Debug)]);
    let back: switchback::Verdict = serde_json::from_value(serde_json::to_value(&verdict).unwrap()).unwrap();
    assert_eq!(back.log, verdict.log);
}

#[test]
fn a_mistake_with_the_sdk_is_blamed_on_who_made_it() {
    for (case, why) in
        [("weight-in-sdk", "the reason A has the weight NaN"), ("sum-in-sdk", "the index 9 of a feature")]
    {
        let error = fault_of(case).to_string();
        assert!(error.contains("panicked at plugins/hostile/src/deeds.rs:") && error.contains(why), "{error}");
    }
    let silent = fault_of("trap").to_string();
    assert!(silent.contains("it said nothing"), "{silent}");
}

#[test]
fn what_prepare_freed_is_not_in_the_release() {
    let release = release("forget", "1.0.0");
    let holds = |pattern: &[u8]| release.windows(pattern.len()).any(|window| window == pattern);
    assert!(holds(&pattern(0)), "what is kept is there");
    for freed in 1..=FORGOTTEN {
        assert!(!holds(&pattern(freed)), "{freed} is in the release");
    }
}

/// What the case `forget` allocates: the pattern 0 is kept, the others are freed.
fn pattern(number: u8) -> [u8; 24] {
    std::array::from_fn(|i| (i as u8).wrapping_mul(29) ^ number.wrapping_mul(67) ^ 0x5A)
}

/// How many of them are freed.
const FORGOTTEN: u8 = 40;

#[test]
fn what_the_manifest_does_not_declare_cannot_be_read() {
    let error = fault_of("read-undeclared");
    assert!(matches!(&error.fault, Fault::Undeclared(why) if why.contains("`raw`")), "{error}");
}

#[test]
fn a_model_may_say_that_it_cannot_score() {
    assert!(matches!(fault_of("error").fault, Fault::CannotScore(_)));
}

#[test]
fn answers_outside_the_contract_are_refused() {
    for case in [
        "nan",
        "infinite",
        "over",
        "under",
        "nan-weight",
        "unexplained",
        "many-reasons",
        "huge-list",
        "huge-note",
        "bad-name",
        "empty-name",
    ] {
        let fault = fault_of(case).fault;
        // The 16 MiB note and the million reasons may run into the guest's own memory limit first.
        let expected = matches!(fault, Fault::BadResult(_))
            || (matches!(fault, Fault::Memory(_)) && ["huge-list", "huge-note"].contains(&case));
        assert!(expected, "{case}: {fault:?}");
    }
}

#[test]
fn every_message_gets_a_pristine_instance() {
    let runtime = runtime();
    let stateful = load(&runtime, "stateful", "1.0.0");
    let scores: Vec<_> =
        (0..1000).map(|_| runtime.score_with(&stateful, &message()).unwrap().outcome.score()).collect();
    assert!(scores.iter().all(|score| *score == scores[0]), "an instance was used for two messages");
}

#[test]
fn a_model_may_abstain() {
    let runtime = runtime();
    let abstains = load(&runtime, "abstain", "1.0.0");
    assert!(matches!(runtime.score_with(&abstains, &message()).unwrap().outcome, Outcome::Abstained(_)));
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&abstains).unwrap();
    let verdict = slot.score(&message());
    assert_eq!((verdict.decided_by, verdict.score), (DecidedBy::Abstained, None));
}

#[test]
fn the_previous_release_answers_for_a_live_one_that_fails() {
    let runtime = runtime();
    let slot = runtime.slot("inbound").unwrap();
    slot.promote(&load(&runtime, "empty", "1.0.0")).unwrap();
    slot.promote(&load(&runtime, "trap", "6.6.6")).unwrap();
    let verdict = slot.score(&message());
    assert_eq!(verdict.decided_by, DecidedBy::Previous);
    assert_eq!(verdict.release.unwrap().version.to_string(), "1.0.0");
    assert!(verdict.fault.unwrap().contains("hostile@6.6.6"));
}

#[test]
fn a_failure_that_nobody_answers_for_is_unscanned_and_takes_the_configured_action() {
    let reject = FailurePolicy::default().on(Cause::Trap, Answer::Act(switchback::Action::Quarantine));
    for (policy, action) in
        [(FailurePolicy::default(), switchback::Action::Deliver), (reject, switchback::Action::Quarantine)]
    {
        let runtime = Runtime::builder()
            .slot(SlotConfig::new("inbound").failure(policy))
            .cache_dir(shared_cache())
            .instances(8)
            .build()
            .unwrap();
        let slot = runtime.slot("inbound").unwrap();
        slot.promote(&load(&runtime, "trap", "6.6.6")).unwrap();
        let verdict = slot.score(&message());
        assert_eq!((verdict.decided_by, verdict.action, verdict.score), (DecidedBy::Unscanned, action, None));
    }
}

#[test]
fn more_calls_than_instances_are_told_that_the_pool_is_busy() {
    let runtime = Runtime::builder().cache_dir(shared_cache()).instances(1).build().unwrap();
    let (hostile, bystander) = (load(&runtime, "loop", "6.6.6"), load(&runtime, "empty", "1.0.0"));
    let busy = std::thread::scope(|scope| {
        let looping = scope.spawn(|| {
            // Until it gets the only instance: the others may hold it when it asks.
            while runtime.score_with(&hostile, &message()).unwrap_err().fault == Fault::PoolBusy {}
        });
        let busy = std::iter::from_fn(|| (!looping.is_finished()).then(|| runtime.score_with(&bystander, &message())))
            .filter_map(Result::err)
            .next();
        looping.join().unwrap();
        busy
    });
    assert_eq!(busy.unwrap().fault, Fault::PoolBusy);
    assert!(runtime.score_with(&bystander, &message()).is_ok());
}
