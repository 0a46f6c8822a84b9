//! What other toolchains build, in WebAssembly's text form: components, and core modules that want a system.

use std::fs;

use switchback::verdict::LogLevel;
use switchback::{Message, Runtime, ScoreError, Scored};
use switchback_pack::{MANIFEST_FILE, PackError, Packed, Packer, Stub};
use wit_component::ComponentEncoder;

use crate::guest::{KEEP_NUMBER, foreign, module};

const MANIFEST: &str = "[release]\nname = \"tiny\"\nversion = \"1.0.0\"\nscale = \"probability\"\nreads = []\n\n\
    [[self_test]]\nmessage = \"a.eml\"\n";

/// What packing a file came to, with these lines under `[build]`.
fn pack(file: &[u8], build: &str) -> Result<(Packed, Vec<u8>), PackError> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("number"), 0.25_f64.to_le_bytes()).unwrap();
    fs::write(dir.path().join("a.eml"), "Subject: a\n\n").unwrap();
    fs::write(dir.path().join(MANIFEST_FILE), format!("{MANIFEST}[build]\ndata = \"number\"\n{build}\n")).unwrap();
    fs::write(dir.path().join("model.wasm"), file).unwrap();
    let packed = Packer::new(dir.path()).component(dir.path().join("model.wasm")).bless().pack(&mut |_| {})?;
    let release = fs::read(&packed.path).unwrap();
    assert_eq!(packed.path, dir.path().join("releases/tiny-1.0.0.wasm"));
    Ok((packed, release))
}

fn error_of(file: &[u8], build: &str) -> String {
    pack(file, build).unwrap_err().to_string()
}

/// What a release makes of one message, as often as that.
fn scored(release: &[u8], times: usize) -> Vec<Result<Scored, ScoreError>> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tiny.wasm");
    fs::write(&path, release).unwrap();
    let runtime = Runtime::builder().instances(1).build().unwrap();
    let id = runtime.load(&path).unwrap();
    let message = Message::parse(b"Subject: x\r\n\r\n".to_vec());
    (0..times).map(|_| runtime.score_with(&id, &message)).collect()
}

/// The functions of a `foreign` module that are called otherwise where nothing else is said.
const USUAL: &str = r#"
    (export "cabi_realloc" (func $realloc))
    (func (export "prepare") (param i32 i32) (result i32) (i32.const 2048))"#;

/// Imports of preview 1, which have to stand before all functions.
const WASI: &str = r#"
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))"#;

const STUB: &str = "stub = \"wasi\"";

/// Instructions that print a text, with its line breaks in WebAssembly's text form.
fn print(stream: u32, text: &str) -> String {
    let stores =
        text.bytes().enumerate().map(|(at, byte)| format!("(i32.store8 (i32.const {}) (i32.const {byte}))", 3100 + at));
    format!(
        "{} (i32.store (i32.const 3000) (i32.const 3100)) (i32.store (i32.const 3004) (i32.const {})) \
         (drop (call $write (i32.const {stream}) (i32.const 3000) (i32.const 1) (i32.const 3008)))",
        stores.collect::<String>(),
        text.len()
    )
}

#[test]
fn a_component_scores_as_the_module_does_that_it_is_made_of() {
    let module = module(KEEP_NUMBER);
    let component = ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap();
    for file in [module, component] {
        let (packed, release) = pack(&file, "").unwrap();
        assert_eq!(packed.self_tests[0].score, Some(0.25));
        assert_eq!(packed.inspection.contract.as_deref(), Some("1.0.0"));
        let record = packed.inspection.component.unwrap();
        assert_eq!((record.file, record.stub), (switchback::Digest::of(&file), None));
        assert!(release == pack(&file, "").unwrap().1, "packed again, it has other bytes");
        let [only] = &scored(&release, 1)[..] else { panic!() };
        assert_eq!(only.as_ref().unwrap().outcome.score(), Some(0.25));
    }
}

#[test]
fn a_release_is_verified_against_the_file_that_it_was_packed_from() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("number"), 0.25_f64.to_le_bytes()).unwrap();
    fs::write(at("a.eml"), "Subject: a\n\n").unwrap();
    fs::write(at(MANIFEST_FILE), format!("{MANIFEST}[build]\ndata = \"number\"\n")).unwrap();
    fs::write(at("model.wasm"), module(KEEP_NUMBER)).unwrap();
    let packer = || Packer::new(dir.path()).component(at("model.wasm"));
    let path = packer().bless().pack(&mut |_| {}).unwrap().path;
    assert!(packer().verify(&path, &mut |_| {}).unwrap().same);
    fs::write(at("model.wasm"), module(&format!("nop {KEEP_NUMBER}"))).unwrap();
    let verified = packer().verify(&path, &mut |_| {}).unwrap();
    let said = verified.differences[0].to_string();
    assert!(!verified.same && said.starts_with("what another toolchain built: sha256:"), "{said}");
}

#[test]
fn a_module_is_initialised_once_and_before_anything_else_is_called() {
    let parts = r#"
        (global $initialised (mut i32) (i32.const 0))
        (func (export "_initialize") (global.set $initialised (i32.add (global.get $initialised) (i32.const 1))))
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
            (if (i32.eqz (global.get $initialised)) (then unreachable))
            (call $realloc (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
        (func (export "prepare") (param i32 i32) (result i32) (i32.const 2048))"#;
    let score = "(call $answer (f64.div (f64.convert_i32_u (global.get $initialised)) (f64.const 4)))";
    let (packed, release) = pack(&foreign(parts, score), "").unwrap();
    assert_eq!(packed.self_tests[0].score, Some(0.25), "initialised once");
    assert_eq!(packed.inspection.contract.as_deref(), Some("1.1.0"));
    for one in scored(&release, 3) {
        assert_eq!(one.unwrap().outcome.score(), Some(0.25));
    }
}

#[test]
fn random_numbers_and_the_time_are_the_same_for_every_message_and_in_every_release() {
    let score = "(drop (call $random (i32.const 3200) (i32.const 8))) (drop (call $time (i32.const 0) (i64.const 1) (i32.const 3208)))
        (call $answer (f64.mul (f64.convert_i64_u (i64.load (i32.const 3200))) (f64.const 0x1p-64)))
        (if (i64.ne (i64.load (i32.const 3208)) (i64.const 1000000000)) (then unreachable))";
    let file = foreign(&format!("{WASI}{USUAL}"), score);
    let (packed, release) = pack(&file, STUB).unwrap();
    assert!(release == pack(&file, STUB).unwrap().1);
    assert_eq!(packed.inspection.imports.iter().filter(|import| !import.starts_with("switchback:scoring/")).count(), 0);
    assert_eq!(packed.inspection.component.unwrap().stub, Some(Stub::Wasi));
    let score = packed.self_tests[0].score.unwrap();
    assert!(score > 0.0 && score < 1.0, "{score}");
    for one in scored(&release, 3) {
        assert_eq!(one.unwrap().outcome.score(), Some(score));
    }
}

#[test]
fn what_a_model_prints_is_in_its_log() {
    let score = print(1, "one\ntwo \u{e9}\u{20ac}\u{1f600}") + &print(2, "three\n\n");
    let (packed, release) = pack(&foreign(&format!("{WASI}{USUAL}"), &score), STUB).unwrap();
    let lines = |lines: &switchback::verdict::Logged| {
        lines.lines.iter().map(|line| (line.level, line.line.clone())).collect::<Vec<_>>()
    };
    let expected =
        [(LogLevel::Debug, "one"), (LogLevel::Debug, "two \u{e9}\u{20ac}\u{1f600}"), (LogLevel::Error, "three")]
            .map(|(level, line)| (level, line.to_owned()));
    assert_eq!(lines(&packed.self_tests[0].log), expected);
    assert_eq!(lines(&scored(&release, 1).remove(0).unwrap().log), expected);
}

#[test]
fn a_model_that_prints_without_end_and_no_text_lives() {
    // 5,000 lines, and 3,000 bytes that are no UTF-8 in one.
    let score = format!(
        "(local $n i32) (memory.fill (i32.const 3100) (i32.const 0xE9) (i32.const 3000))
         (i32.store (i32.const 3000) (i32.const 3100)) (i32.store (i32.const 3004) (i32.const 3000))
         (drop (call $write (i32.const 1) (i32.const 3000) (i32.const 1) (i32.const 3008)))
         (memory.fill (i32.const 3100) (i32.const 0x61) (i32.const 3000))
         (drop (call $write (i32.const 1) (i32.const 3000) (i32.const 1) (i32.const 3008)))
         (loop $again {} (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $n) (i32.const 5000))))
         (call $answer (f64.const 0.5))",
        print(1, "x\n")
    );
    // A local has to stand before all instructions.
    let score = score.replacen("(local $n i32)", "", 1);
    let file = foreign(
        &format!("{WASI}{USUAL} (global $n (mut i32) (i32.const 0))"),
        &score.replace("local.get $n", "global.get $n").replace("local.set $n", "global.set $n"),
    );
    let (packed, _) = pack(&file, STUB).unwrap();
    let log = &packed.self_tests[0].log;
    assert_eq!(packed.self_tests[0].score, Some(0.5));
    assert_eq!((log.lines.len(), log.dropped), (64, 2048 - 64));
    let lengths: Vec<_> = log.lines.iter().take(4).map(|line| line.line.len()).collect();
    assert_eq!(lengths, [1024, 1024, 952, 1]);
}

#[test]
fn a_function_without_an_answer_ends_the_call_and_is_named() {
    let score = "(drop (call $poll (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";
    let error = error_of(&foreign(&format!("{WASI}{USUAL}"), score), STUB);
    assert!(error.contains("the model said: wasi_snapshot_preview1 poll_oneoff was called"), "{error}");
}

#[test]
fn the_error_of_a_limit_has_what_was_printed_before() {
    let score = print(2, "no room for a heap") + "(drop (memory.grow (i32.const 60000))) unreachable";
    let file = foreign(&format!("{WASI}{USUAL}"), &score).to_vec();
    let error = error_of(&file, STUB);
    assert!(error.contains("bytes of memory") && error.contains("no room for a heap"), "{error}");
}

#[test]
fn settings_of_the_other_kind_of_build_are_refused() {
    let file = module(KEEP_NUMBER);
    for setting in ["profile = \"small\"", "crate = \"elsewhere\"", "stack_kib = 512"] {
        let error = error_of(&file, setting);
        assert!(error.contains("a component is built already"), "{setting}: {error}");
    }
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.eml"), "").unwrap();
    fs::write(dir.path().join(MANIFEST_FILE), format!("{MANIFEST}score = 0.5\n[build]\n{STUB}\n")).unwrap();
    let error = Packer::new(dir.path()).pack(&mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("build.stub is for a component"), "{error}");
}
