//! Small guests in WebAssembly's text form, so that tests need no compiler for guests.

use switchback::release::{Manifest, Reads, Scale, SelfTest};
use wit_parser::Resolve;

/// The contract's text.
const CONTRACT: &str = include_str!("../../../wit/1.0.0/scoring.wit");

/// A `prepare` that keeps the number in its data as the score of every message.
pub(crate) const KEEP_NUMBER: &str = "
    (f64.store (i32.const 16) (f64.load (local.get $data)))
    (f64.store (i32.const 520) (f64.load (local.get $data)))
    (i32.const 256)";

/// A core module whose `prepare` has this body. `$data` and `$length` are its parameters; it returns where its
/// result is: at 256 there is success, at 272 the error `upside down`. Its `score` answers with what is at 0:
/// scored, at 16 the score, and one reason whose weight is at 520. Its memory may grow by two pages.
pub(crate) fn module(prepare: &str) -> Vec<u8> {
    module_with("", prepare)
}

/// As [`module`], with further imports.
pub(crate) fn module_with(imports: &str, prepare: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (import "switchback:scoring/message@1.0.0" "[resource-drop]message" (func $drop (param i32)))
            (import "switchback:scoring/log@1.0.0" "log" (func $log (param i32 i32 i32)))
            {imports}
            (memory (export "memory") 1 3)
            (global $bump (mut i32) (i32.const 4096))
            (data (i32.const 28) "\00\02\00\00\01\00\00\00")
            (data (i32.const 272) "\01\00\00\00\00\04\00\00\0b\00\00\00")
            (data (i32.const 512) "\10\04\00\00\09\00\00\00")
            (data (i32.const 1024) "upside down")
            (data (i32.const 1040) "FROM_DATA")
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (global.get $bump)
                (global.set $bump (i32.add (global.get $bump) (local.get 3))))
            (func (export "prepare") (param $data i32) (param $length i32) (result i32) {prepare})
            (func (export "score") (param $message i32) (result i32)
                (call $drop (local.get $message))
                (i32.const 0))
            (@custom "switchback:contract" "1.0.0"))"#
    );
    embedded(&text)
}

/// A core module with this memory and this `prepare`, whose `score` traps.
pub(crate) fn plain(parts: &str) -> Vec<u8> {
    embedded(&format!(
        r#"(module {parts}
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 327680))
            (func (export "score") (param i32) (result i32) unreachable)
            (@custom "switchback:contract" "1.0.0"))"#
    ))
}

/// A core module as another toolchain would build it: without a section that says what it is. These are its imports and functions,
/// and what its `score` does, whose answer is as that of [`module`]. Its memory is named `memory`, its `prepare` `$prepare`.
pub(crate) fn foreign(parts: &str, score: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (import "switchback:scoring/message@1.1.0" "[resource-drop]message" (func $drop (param i32)))
            {parts}
            (memory (export "memory") 1 3)
            (data (i32.const 28) "\00\02\00\00\01\00\00\00")
            (data (i32.const 512) "\10\04\00\00\09\00\00\00")
            (data (i32.const 1040) "FROM_DATA")
            (global $bump (mut i32) (i32.const 4096))
            (func $realloc (param i32 i32 i32 i32) (result i32)
                (global.get $bump)
                (global.set $bump (i32.add (global.get $bump) (local.get 3))))
            (func $answer (param $score f64)
                (f64.store (i32.const 16) (local.get $score))
                (f64.store (i32.const 520) (local.get $score)))
            (func (export "score") (param $message i32) (result i32)
                (call $drop (local.get $message))
                {score}
                (i32.const 0)))"#
    );
    wat::parse_str(text).unwrap()
}

pub(crate) fn embedded(text: &str) -> Vec<u8> {
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = Resolve::default();
    let package = resolve.push_str("scoring.wit", CONTRACT).unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    wit_component::embed_component_metadata(&mut module, &resolve, world, wit_component::StringEncoding::UTF8).unwrap();
    module
}

/// A manifest that expects this score of the empty message.
pub(crate) fn manifest(score: f64) -> Manifest {
    Manifest::new("tiny".parse().unwrap(), "1.2.3".parse().unwrap(), Scale::Probability, Reads::default())
        .description("for tests")
        .self_test(SelfTest::new("empty", "", score))
}
