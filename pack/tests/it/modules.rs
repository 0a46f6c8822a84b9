//! From a core module to a release.

use switchback::{Message, Runtime};
use switchback_pack::{PackError, pack_module};
use wasmparser::{Instance, Parser, Payload};

use crate::guest::{KEEP_NUMBER, manifest, module, module_with, plain};

fn error_of(module: &[u8]) -> String {
    pack_module(module, &0.25_f64.to_le_bytes(), &manifest(0.25)).unwrap_err().to_string()
}

#[test]
fn a_release_scores_from_the_memory_that_prepare_left() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = Runtime::builder().instances(2).build().unwrap();
    for score in [0.25, 0.625] {
        let mut manifest = manifest(score);
        manifest.version.patch = score.to_bits();
        let release = pack_module(&module(KEEP_NUMBER), &score.to_le_bytes(), &manifest).unwrap();
        let path = dir.path().join("tiny.wasm");
        std::fs::write(&path, release).unwrap();
        let id = runtime.load(&path).unwrap();
        let scored = runtime.score_with(&id, &Message::parse(b"Subject: x\r\n\r\n".to_vec())).unwrap();
        assert_eq!(scored.outcome.score(), Some(score));
    }
}

#[test]
fn packing_twice_gives_the_same_bytes_and_other_data_gives_others() {
    let pack = |score: f64| pack_module(&module(KEEP_NUMBER), &score.to_le_bytes(), &manifest(0.5)).unwrap();
    assert!(pack(0.5) == pack(0.5));
    assert!(pack(0.5) != pack(0.75));
}

#[test]
fn a_message_needs_the_model_and_one_core_instance_that_gives_it_its_imports() {
    let release = pack_module(&module(KEEP_NUMBER), &0.5_f64.to_le_bytes(), &manifest(0.5)).unwrap();
    let is_instantiated = |instance: &Instance| matches!(instance, Instance::Instantiate { .. });
    let instances = Parser::new(0).parse_all(&release).filter_map(|payload| match payload.unwrap() {
        Payload::InstanceSection(section) => {
            Some(section.into_iter().map(Result::unwrap).filter(is_instantiated).count())
        }
        _ => None,
    });
    assert_eq!(instances.sum::<usize>(), 2);
}

#[test]
fn an_error_of_the_initialiser_is_passed_on() {
    assert_eq!(error_of(&module("(i32.const 272)")), "initialise: `prepare` failed: upside down");
}

#[test]
fn a_trap_of_the_initialiser_comes_with_what_it_logged() {
    let error = error_of(&module("(call $log (i32.const 0) (i32.const 1024) (i32.const 11)) unreachable"));
    assert!(error.contains("`prepare` trapped: wasm trap: wasm `unreachable`"), "{error}");
    assert!(error.ends_with("guest: error: upside down"), "{error}");
}

#[test]
fn an_error_and_a_log_that_are_too_long_are_cut() {
    // 2,000 zeros are 2,000 characters.
    let long =
        "(i32.store (i32.const 280) (i32.const 2000)) (i32.store (i32.const 276) (i32.const 2048)) (i32.const 272)";
    let error = error_of(&module(long));
    assert!(error.ends_with("\0…") && error.len() < 1_100, "{error}");

    let line = |level| format!("(call $log (i32.const {level}) (i32.const 1024) (i32.const 11))");
    let error = error_of(&module(&format!("{} {} unreachable", line(3).repeat(5_000), line(0))));
    assert!(
        error.ends_with("guest: debug: upside down\n  guest: error: upside down\n  guest: ... and 4937 more"),
        "{error}"
    );
    assert_eq!(error.matches("guest: debug").count(), 63);
}

#[test]
fn memory_that_there_is_not_is_named() {
    let grown =
        module("(if (i32.eq (memory.grow (i32.const 65000)) (i32.const -1)) (then unreachable)) (i32.const 256)");
    let error = error_of(&grown);
    assert!(error.contains("`prepare` asked for more than 1073741824 bytes of memory"), "{error}");
}

#[test]
fn what_is_left_on_the_stack_is_not_stored() {
    let stored = |module: &str| {
        let release = pack_module(&plain(module), &0.5_f64.to_le_bytes(), &manifest(0.5)).unwrap();
        let holds = |text: &str| release.windows(text.len()).any(|window| window == text.as_bytes());
        (holds("left here"), holds("kept there"))
    };
    let prepare = |pointer: u32| {
        format!(
            r#"(memory (export "memory") 6) (global (mut i32) (i32.const {pointer}))
            (data (i32.const 262144) "left herekept there") (data $result (i32.const 300000) "\00")
            (func (export "prepare") (param i32 i32) (result i32)
                (memory.copy (i32.const 1000) (i32.const 262144) (i32.const 9))
                (memory.fill (i32.const 262144) (i32.const 0) (i32.const 9))
                (i32.const 300000))"#
        )
    };
    assert_eq!(stored(&prepare(262_144)), (false, true));
    assert_eq!(stored(&prepare(262_120)), (true, true), "a global of this value is no stack's pointer");
}

#[test]
fn an_initialiser_that_grows_to_its_last_page_is_told_to_leave_one() {
    let error = error_of(&module("(drop (memory.grow (i32.const 2))) (i32.const 256)"));
    assert!(error.starts_with("snapshot: ") && error.contains("memory"), "{error}");
}

#[test]
fn an_import_outside_the_contract_is_named_with_its_likely_cause() {
    let cases = [
        ("wasi_snapshot_preview1", "fd_write", "build for wasm32-unknown-unknown"),
        ("__wbindgen_placeholder__", "__wbindgen_describe", "getrandom"),
        ("env", "sqlite3_open", "C function"),
        ("env", "__getrandom_v03_custom", "returns an error"),
    ];
    for (from, name, cause) in cases {
        let error = error_of(&module_with(&format!(r#"(import "{from}" "{name}" (func))"#), KEEP_NUMBER));
        assert!(error.contains(from) && error.contains(name) && error.contains(cause), "{error}");
    }
}

#[test]
fn what_is_no_module_for_the_contract_is_refused_with_what_to_do() {
    assert!(error_of(b"MZ").contains("no WebAssembly module"));
    let component = wat::parse_str("(component)").unwrap();
    assert!(error_of(&component).contains("a component already"));
    let bare = wat::parse_str("(module)").unwrap();
    assert!(error_of(&bare).contains("switchback_guest::export!"));
    let mute = wat::parse_str(r#"(module (@custom "switchback:contract" "1.0.0"))"#).unwrap();
    let error = pack_module(&mute, &[], &manifest(0.5)).unwrap_err();
    assert!(matches!(error, PackError::MissingExport { export: "prepare" }), "{error}");
}

#[test]
fn a_table_that_changes_cannot_be_stored_and_is_refused() {
    let error =
        error_of(&module_with("(table $t 1 funcref)", "(table.set $t (i32.const 0) (ref.null func)) (i32.const 256)"));
    assert!(error.contains("cannot be run") && error.contains("table.set"), "{error}");
}

#[test]
fn a_manifest_without_self_tests_is_not_sealed() {
    let mut empty = manifest(0.5);
    empty.self_tests.clear();
    let error = pack_module(&module(KEEP_NUMBER), &0.5_f64.to_le_bytes(), &empty).unwrap_err();
    assert!(error.to_string().contains("no self-test"), "{error}");
}
