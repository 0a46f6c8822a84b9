//! Guests written by hand: what no compiler makes, a person can.

use switchback::release::{CONTRACT_VERSION, Manifest, ManifestLimits, Reads, Scale, SelfTest, seal};
use switchback::{Fault, Runtime, ScoreError};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::support::{load, load_bytes, message, runtime};

/// The contract's text.
const CONTRACT: &str = include_str!("../../../wit/1.0.0/scoring.wit");

/// A module that answers with the zeros of its memory (a score of 0, no reasons) for the empty message, and does what
/// `ATTACK` says for any other; from then on `REALLOC` gives the host room. `$handle` is the message; at 1024 there is room
/// for what the host returns.
const MODULE: &str = r#"(module
    (import "switchback:scoring/message@1.0.0" "[resource-drop]message" (func $drop (param i32)))
    (import "switchback:scoring/message@1.0.0" "[method]message.size" (func $size (param i32) (result i64)))
    (import "switchback:scoring/message@1.0.0" "[method]message.raw"
        (func $raw (param i32 i64 i32 i32)))
    (import "switchback:scoring/message@1.0.0" "[method]message.header"
        (func $header (param i32 i32 i32 i32)))
    (import "switchback:scoring/message@1.0.0" "[method]message.attachments" (func $attachments (param i32 i32)))
    (import "switchback:scoring/log@1.0.0" "log" (func $log (param i32 i32 i32)))
    (memory (export "memory") 256 512)
    (global $attacking (mut i32) (i32.const 0))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (if (result i32) (global.get $attacking) (then REALLOC) (else (i32.const 65536))))
    (func (export "prepare") (param i32 i32) (result i32) (i32.const 0))
    (func (export "score") (param $handle i32) (result i32)
        (if (i64.ne (call $size (local.get $handle)) (i64.const 0)) (then
            (global.set $attacking (i32.const 1))
            ATTACK))
        (call $drop (local.get $handle))
        (i32.const 256))
    FUNCTIONS
    (@custom "switchback:contract" "1.0.0"))"#;

/// Returns room that is large enough for what is asked for here.
pub(crate) const ROOM: &str = "(i32.const 65536)";

fn manifest() -> Manifest {
    let all = ["size", "raw", "headers", "attachments"].map(|name| Reads::from_name(name).unwrap());
    let reads = all.into_iter().fold(Reads::default(), |all, one| all | one);
    Manifest::new("by-hand".parse().unwrap(), "6.6.6".parse().unwrap(), Scale::Probability, reads)
        .limits(ManifestLimits::default().memory_bytes_max(32 << 20).deadline_ms(100))
        .self_test(SelfTest::new("empty", "", 0.0))
}

pub(crate) fn packed(attack: &str, realloc: &str, functions: &str) -> Vec<u8> {
    packed_with(attack, realloc, functions, &manifest())
}

fn packed_with(attack: &str, realloc: &str, functions: &str, manifest: &Manifest) -> Vec<u8> {
    switchback_pack::pack_module(&module(attack, realloc, functions), &[], manifest).unwrap()
}

fn module(attack: &str, realloc: &str, functions: &str) -> Vec<u8> {
    let text = MODULE.replace("ATTACK", attack).replace("REALLOC", realloc).replace("FUNCTIONS", functions);
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = Resolve::default();
    let package = resolve.push_str("scoring.wit", CONTRACT).unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    module
}

#[test]
fn a_self_test_sees_the_same_whatever_this_host_grants() {
    // Ends in a trap where it is shown a field `To`.
    let traps_at_to = "(i32.store16 (i32.const 512) (i32.const 0x6f54))
        (call $header (local.get $handle) (i32.const 512) (i32.const 2) (i32.const 1024))
        (if (i32.load (i32.const 1028)) (then unreachable))";
    let mut manifest = manifest();
    manifest.reads = manifest.reads | Reads::RECIPIENTS;
    manifest.self_tests = vec![SelfTest::new("to somebody", "To: <b@y.example>\n\n", 0.0)];
    let release = packed_with(traps_at_to, ROOM, "", &manifest);
    for is_granted in [false, true] {
        let runtime = Runtime::builder().instances(2);
        let runtime = if is_granted { runtime.grant_recipients(manifest.name.clone()) } else { runtime };
        let runtime = runtime.build().unwrap();
        let release = load_bytes(&runtime, &release).unwrap();
        assert_eq!(runtime.score_with(&release, &message()).is_err(), is_granted);
    }
}

/// Scores a message with a release, twice, and checks that it is to blame and that nobody else notices.
fn fault_of(release: &[u8]) -> ScoreError {
    let runtime = runtime();
    let bystander = load(&runtime, "empty", "1.0.0");
    let hostile = load_bytes(&runtime, release).unwrap();
    let [first, second] = [(); 2].map(|()| runtime.score_with(&hostile, &message()).unwrap_err());
    assert!(first.is_guest_fault(), "{first}");
    assert_eq!(std::mem::discriminant(&first.fault), std::mem::discriminant(&second.fault), "{first}; {second}");
    assert_eq!(runtime.score_with(&bystander, &message()).unwrap().outcome.score(), Some(0.5));
    first
}

fn ends_at_its_deadline(attack: &str, realloc: &str, functions: &str) {
    let error = fault_of(&packed(attack, realloc, functions));
    assert!(matches!(error.fault, Fault::Deadline(_)), "{attack:.200}: {error}");
}

fn is_a_fault(attack: &str, realloc: &str) {
    let error = fault_of(&packed(attack, realloc, ""));
    assert!(matches!(error.fault, Fault::Trap(_) | Fault::BadResult(_)), "{attack:.200}: {error}");
}

#[test]
fn a_line_that_is_longer_than_one_call_may_hand_over_is_told_in_words() {
    // Zeros, which are characters, too.
    let logging =
        |bytes: u32| packed(&format!("(call $log (i32.const 1) (i32.const 4096) (i32.const {bytes}))"), ROOM, "");
    let runtime = runtime();
    let cut = load_bytes(&runtime, &logging(131_072)).unwrap();
    let log = runtime.score_with(&cut, &message()).unwrap().log;
    assert!(log.lines[0].line.starts_with(r"\u{0}\u{0}") && log.lines[0].line.ends_with('…'), "{}", log.lines[0]);
    let error = fault_of(&logging(131_073)).to_string();
    assert!(error.contains("handed over more than 131072 bytes in one call"), "{error}");
}

#[test]
fn a_release_that_begins_with_more_memory_than_it_is_granted_is_refused_before_it_is_compiled() {
    let mut manifest = manifest();
    manifest.limits.memory_bytes_max = Some(8 << 20);
    let module = module("", ROOM, "");
    let release = switchback_pack::pack_module(&module, &[], &manifest).unwrap();
    let error = load_bytes(&runtime(), &release).unwrap_err().to_string();
    for part in ["begins with 16777216 bytes", "granted 8388608", "`prepare`", "`limits.memory_bytes_max`"] {
        assert!(error.contains(part), "{part} is not in: {error}");
    }
}

#[test]
fn filling_and_copying_without_end_ends_at_the_deadline() {
    for attack in [
        "(loop (memory.fill (i32.const 0) (i32.const 7) (i32.const 16777216)) (br 0))",
        "(loop (memory.copy (i32.const 0) (i32.const 8388608) (i32.const 8388608)) (br 0))",
        "(loop (memory.copy (i32.const 65536) (i32.const 0) (i32.const 16711680)) (br 0))",
        "(loop (memory.fill (i32.const 0) (i32.const 7) (i32.const 4096)) (br 0))",
    ] {
        ends_at_its_deadline(attack, ROOM, "");
    }
}

#[test]
fn asking_the_host_without_end_ends_at_the_deadline() {
    // A name of 100,000 spaces, which is no name of a field.
    let blank = "(memory.fill (i32.const 200000) (i32.const 32) (i32.const 100000))";
    for attack in [
        "(loop (call $raw (local.get $handle) (i64.const 0) (i32.const 65536) (i32.const 1024)) (br 0))",
        "(loop (call $attachments (local.get $handle) (i32.const 1024)) (br 0))",
        &format!(
            "{blank} (loop
            (call $header (local.get $handle) (i32.const 200000) (i32.const 100000) (i32.const 1024)) (br 0))"
        ),
    ] {
        ends_at_its_deadline(attack, ROOM, "");
    }
}

#[test]
fn code_without_loops_and_calls_that_call_each_other_end_at_the_deadline() {
    // Two to the power of forty calls, none of which is in a loop.
    let doubling: String =
        (0..40).map(|n| format!("(func $f{n} (call $f{next}) (call $f{next}))", next = n + 1)).collect();
    ends_at_its_deadline("(call $f0)", ROOM, &format!("{doubling} (func $f40)"));
    // 48 GB: more than any machine fills within the deadline.
    let straight = "(memory.fill (i32.const 0) (i32.const 1) (i32.const 16000000))".repeat(3_000);
    ends_at_its_deadline(&straight, ROOM, "");
}

#[test]
fn a_guest_that_does_not_return_while_the_host_hands_something_over_ends_at_the_deadline() {
    let ask = "(call $raw (local.get $handle) (i64.const 0) (i32.const 10) (i32.const 1024))";
    ends_at_its_deadline(ask, "(loop (br 0)) unreachable", "");
}

#[test]
fn room_that_is_not_there_is_the_guests_fault() {
    let ask = "(call $raw (local.get $handle) (i64.const 0) (i32.const 10) (i32.const 1024))";
    for realloc in ["(i32.const -1)", "(i32.const 16777210)", "(unreachable)"] {
        is_a_fault(ask, realloc);
    }
    // The host cannot be asked while it hands something over.
    is_a_fault(ask, "(call $log (i32.const 0) (i32.const 0) (i32.const 1)) (i32.const 65536)");
    is_a_fault("(call $raw (local.get $handle) (i64.const 0) (i32.const 10) (i32.const -4))", ROOM);
}

#[test]
fn misusing_the_message_is_the_guests_fault() {
    is_a_fault("(call $drop (local.get $handle))", ROOM);
    is_a_fault("(call $drop (i32.const 77))", ROOM);
    is_a_fault("(drop (call $size (i32.const 77)))", ROOM);
    is_a_fault("(return (i32.const 256))", ROOM);
}

#[test]
fn an_answer_outside_the_memory_is_the_guests_fault() {
    for answer in ["-8", "16777208", "257"] {
        let attack = format!("(call $drop (local.get $handle)) (return (i32.const {answer}))");
        is_a_fault(&attack, ROOM);
    }
    // Half a billion reasons, at the end of the memory.
    let list = "(call $drop (local.get $handle)) (i32.store (i32.const 280) (i32.const 0))
        (i32.store (i32.const 284) (i32.const 536870911)) (return (i32.const 256))";
    is_a_fault(list, ROOM);
}

#[test]
fn what_a_guest_logs_is_kept_in_no_more_memory_than_it_may_take() {
    let runtime = runtime();
    let log = "(call $log (i32.const 0) (i32.const 65536) (i32.const 100000))".repeat(64);
    let noisy = load_bytes(&runtime, &packed(&log, ROOM, "")).unwrap();
    for _ in 0..5 {
        runtime.score_with(&noisy, &message()).unwrap();
    }
    let lines = runtime.log_of(&noisy).unwrap();
    assert_eq!(lines.len(), 256);
    assert!(lines.iter().all(|line| line.len() == 1_024));
}

/// A component by hand, for what packing takes away or refuses: `PARTS` are parts of its core module, `OPTIONS` of how
/// `score` is lifted.
const COMPONENT: &str = r#"(component
    (import "switchback:scoring/message@1.0.0" (instance $messages
        (export "message" (type $message (sub resource)))
        (export "[method]message.size" (func (param "self" (borrow $message)) (result u64)))))
    (import "switchback:scoring/assessment@1.0.0" (instance $assessments
        (type $category' (enum "ham" "bulk" "spam" "phish" "spoof" "malware"))
        (export "category" (type $category (eq $category')))
        (type $reason' (record (field "name" string) (field "weight" f64) (field "note" string)))
        (export "reason" (type $reason (eq $reason')))
        (type $reasons (list $reason))
        (type $assessment' (record (field "score" f64) (field "category" $category) (field "reasons" $reasons)))
        (export "assessment" (type $assessment (eq $assessment')))
        (type $outcome' (variant (case "scored" $assessment) (case "abstain" string)))
        (export "outcome" (type $outcome (eq $outcome')))))
    (alias export $messages "message" (type $message))
    (alias export $assessments "outcome" (type $outcome))
    (core func $drop (canon resource.drop $message))
    (core func $size (canon lower (func $messages "[method]message.size")))
    (core module $model
        (import "host" "drop" (func $drop (param i32)))
        (import "host" "size" (func $size (param i32) (result i64)))
        (memory (export "memory") 2)
        (global $attacking (mut i32) (i32.const 0))
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "prepare") (param i32 i32) (result i32) (i32.const 128))
        (func (export "score") (param $handle i32) (result i32)
            (global.set $attacking (i32.wrap_i64 (call $size (local.get $handle))))
            (call $drop (local.get $handle))
            (i32.const 256))
        (func (export "post") (param i32) (if (global.get $attacking) (then (loop (br 0)))))
        PARTS)
    (core instance $model (instantiate $model
        (with "host" (instance (export "drop" (func $drop)) (export "size" (func $size))))))
    (alias core export $model "memory" (core memory $memory))
    (alias core export $model "cabi_realloc" (core func $realloc))
    (alias core export $model "post" (core func $post))
    (func (export "prepare") (param "data" (list u8)) (result (result (error string)))
        (canon lift (core func $model "prepare") (memory $memory) (realloc $realloc)))
    (func (export "score") (param "message" (borrow $message)) (result (result $outcome (error string)))
        (canon lift (core func $model "score") (memory $memory) OPTIONS)))"#;

fn sealed(parts: &str, options: &str) -> Vec<u8> {
    let component = wat::parse_str(COMPONENT.replace("PARTS", parts).replace("OPTIONS", options)).unwrap();
    seal(component, &CONTRACT_VERSION, &manifest()).unwrap()
}

#[test]
fn a_component_by_hand_scores() {
    let runtime = runtime();
    let release = load_bytes(&runtime, &sealed("", "")).unwrap();
    assert_eq!(runtime.score_with(&release, &message()).unwrap().outcome.score(), Some(0.0));
}

#[test]
fn a_guest_that_does_not_return_from_cleaning_up_ends_at_the_deadline() {
    let error = fault_of(&sealed("", "(post-return $post)"));
    assert!(matches!(error.fault, Fault::Deadline(_)), "{error}");
}

#[test]
fn types_that_nobody_would_write_load_or_are_refused_and_nobody_else_notices() {
    let deep = |levels: u32| {
        let lists: String = (0..levels).map(|n| format!("(type $l{} (list $l{n}))", n + 1)).collect();
        format!("(type $l0 (list string)) {lists}")
    };
    let wide = |what: &str, item: &str| {
        let items: String = (0..900).map(|n| item.replace('N', &n.to_string())).collect();
        format!("(type ({what} {items}))")
    };
    let doubling: String = (0..40).map(|n| format!("(type $t{} (tuple $t{n} $t{n}))", n + 1)).collect();
    let extras = [
        deep(90),
        deep(20_000),
        format!("{} (type (func (param \"x\" $l150)))", deep(150)),
        wide("record", "(field \"fN\" string)"),
        wide("variant", "(case \"cN\" string)"),
        wide("enum", "\"eN\" "),
        format!("(type $t0 (tuple string string)) {doubling}"),
        "(type (instance (type (instance (type (instance (type string)))))))".repeat(500),
        "(type (component (type (component (type (component))))))".repeat(500),
        "(core module (memory 1) (memory 1))".to_owned(),
        "(core module (import \"a\" \"b\" (func)))".repeat(7),
        format!("(core module (func (export \"{}\")))", "n".repeat(90_000)),
        format!("(import \"{}\" (instance))", "n".repeat(90_000)),
    ];
    let runtime = Runtime::builder().instances(4).build().unwrap();
    for extra in extras {
        let text = COMPONENT.replace("PARTS", "").replace("OPTIONS", "").replacen(
            "(component",
            &format!("(component {extra}"),
            1,
        );
        // What cannot even be written down needs no test.
        let Ok(component) = wat::parse_str(&text) else { continue };
        let sealed = seal(component, &CONTRACT_VERSION, &manifest()).unwrap();
        match load_bytes(&runtime, &sealed) {
            Ok(id) => runtime.unload(&id).unwrap(),
            Err(error) => assert!(error.to_string().chars().count() < 1_000, "{error}"),
        }
        let good = load_bytes(&runtime, &packed("", ROOM, "")).unwrap();
        assert_eq!(runtime.score_with(&good, &message()).unwrap().outcome.score(), Some(0.0));
        runtime.unload(&good).unwrap();
    }
}

/// What loading says of a release whose module starts like this: its self-test cannot be run.
fn failure_of_start(start: &str) -> String {
    let runtime = Runtime::builder().instances(2).build().unwrap();
    let parts = format!("(func $start {start}) (start $start)");
    load_bytes(&runtime, &sealed(&parts, "")).unwrap_err().to_string()
}

#[test]
fn misusing_the_message_while_an_instance_is_made_is_the_guests_fault() {
    for start in ["(call $drop (i32.const 0))", "(drop (call $size (i32.const 1)))", "(call $drop (i32.const -1))"] {
        let failure = failure_of_start(start);
        assert!(failure.contains("it trapped: ") && !failure.contains("the host"), "{failure}");
    }
    assert!(failure_of_start("(loop (br 0))").contains("longer than its deadline of 100 ms"));
    assert!(failure_of_start("unreachable").contains("it trapped: "));
}
