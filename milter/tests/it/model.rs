//! A small model in WebAssembly's text form: it judges a message by the first character of its subject.

use std::path::PathBuf;
use std::sync::OnceLock;

use switchback::Category;
use switchback::release::{Card, Manifest, Reads, Scale, SelfTest};
use switchback_pack::pack_module;
use tempfile::TempDir;
use wit_parser::Resolve;

/// `switchback:scoring` as the host offers it.
const CONTRACT: &str = include_str!("../../../wit/1.0.0/scoring.wit");

/// A digit is the first decimal of the score, and 5 the second; every other subject scores 0.05. `!` traps. `score` answers with
/// what is at 256: a result whose payload is at 264, an outcome with its payload at 272. There is one reason, at 512. The subject's
/// place and length come to 64.
const MODULE: &str = r#"(module
    (import "switchback:scoring/message@1.0.0" "[resource-drop]message" (func $drop (param i32)))
    (import "switchback:scoring/message@1.0.0" "[method]message.subject" (func $subject (param i32 i32)))
    (memory (export "memory") 4 8)
    (global $bump (mut i32) (i32.const 4096))
    (data (i32.const 284) "\00\02\00\00\01\00\00\00")
    (data (i32.const 512) "\10\04\00\00\04\00\00\00")
    (data (i32.const 1040) "WORD")
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $bump)
        (global.set $bump (i32.add (global.get $bump) (local.get 3))))
    (func (export "prepare") (param i32 i32) (result i32) (i32.const 128))
    (func (export "score") (param $message i32) (result i32) (local $first i32) (local $score f64)
        (call $subject (local.get $message) (i32.const 64))
        (call $drop (local.get $message))
        (local.set $score (f64.const 0.05))
        (if (i32.load (i32.const 68)) (then
            (local.set $first (i32.load8_u (i32.load (i32.const 64))))
            (if (i32.eq (local.get $first) (i32.const 33)) (then unreachable))
            (local.set $first (i32.sub (local.get $first) (i32.const 48)))
            (if (i32.lt_u (local.get $first) (i32.const 10)) (then
                (local.set $score (f64.add (local.get $score)
                    (f64.div (f64.convert_i32_u (local.get $first)) (f64.const 10))))))))
        (if (f64.ge (local.get $score) (f64.const 0.5)) (then (i32.store8 (i32.const 280) (i32.const 2))))
        (f64.store (i32.const 272) (local.get $score))
        (f64.store (i32.const 520) (local.get $score))
        (i32.const 256))
    (@custom "switchback:contract" "1.0.0"))"#;

/// The release file.
pub(crate) fn release() -> PathBuf {
    static DIR: OnceLock<TempDir> = OnceLock::new();
    let dir = DIR.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("word-1.0.0.wasm"), pack_module(&module(), &[], &manifest()).unwrap()).unwrap();
        dir
    });
    dir.path().join("word-1.0.0.wasm")
}

fn module() -> Vec<u8> {
    let mut module = wat::parse_str(MODULE).unwrap();
    let mut resolve = Resolve::default();
    let package = resolve.push_str("scoring.wit", CONTRACT).unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    wit_component::embed_component_metadata(&mut module, &resolve, world, wit_component::StringEncoding::UTF8).unwrap();
    module
}

fn manifest() -> Manifest {
    let mut empty = SelfTest::new("empty", "", 0.05);
    empty.category = Some(Category::Ham);
    let mut card = Card::default();
    card.limitations = "A test.".to_owned();
    Manifest::new("word".parse().unwrap(), "1.0.0".parse().unwrap(), Scale::Probability, Reads::SUBJECT)
        .description("judges a message by the first character of its subject")
        .card(card)
        .self_test(empty)
}
