use wasmtime::{Engine, Instance, Module, Store};

use super::*;
use crate::function_names::FunctionNames;

/// What the linked module's `prepare` returns, which takes nothing here, and its `_initialize` before, if it has one.
fn prepared(component: &str) -> i32 {
    let component = wat::parse_str(component).unwrap();
    let linked = link::link(&Program::read(&component).unwrap()).unwrap();
    wasmparser::validate(&linked).unwrap();
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &Module::new(&engine, linked).unwrap(), &[]).unwrap();
    if let Ok(initialise) = instance.get_typed_func::<(), ()>(&mut store, program::INITIALIZE) {
        initialise.call(&mut store, ()).unwrap();
    }
    instance.get_typed_func::<(), i32>(&mut store, "prepare").unwrap().call(&mut store, ()).unwrap()
}

/// The functions of a model, for a module that never runs.
const EXPORTS: &str = r#"(func (export "prepare")) (func (export "score"))"#;

fn refusal(component: &str) -> String {
    let component = wat::parse_str(component).unwrap();
    core_module(&component, None).unwrap_err().to_string()
}

/// Two modules: one has memory, table and globals, the other is a library whose data lie where a global of the first says.
const LIBRARY: &str = r#"(component
    (core module $main
        (memory (export "memory") 1)
        (table (export "table") 4 funcref)
        (global (export "base") i32 (i32.const 100))
        (global (export "slot") i32 (i32.const 2))
        (global (export "count") (mut i32) (i32.const 0))
        (data (i32.const 0) "first")
        (func $three (result i32) (i32.const 3))
        (elem (i32.const 0) func $three))
    (core instance $main (instantiate $main))
    (core module $library
        (type $number (func (result i32)))
        (import "env" "memory" (memory 1))
        (import "env" "table" (table $table 4 funcref))
        (import "env" "base" (global $base i32))
        (import "env" "slot" (global $slot i32))
        (import "env" "count" (global $count (mut i32)))
        (global $there i32 (i32.add (global.get $base) (i32.const 4)))
        (data (offset (i32.add (global.get $base) (i32.const 4))) "\2a")
        (func $forty (result i32) (i32.const 40))
        (elem (table $table) (offset (global.get $slot)) func $forty)
        (func (export "prepare") (result i32)
            (global.set $count (i32.add (global.get $count) (i32.const 1)))
            (i32.add
                (i32.load8_u (i32.sub (i32.const 208) (global.get $there)))
                (i32.add
                    (i32.mul (i32.const 100) (call_indirect $table (type $number) (i32.const 0)))
                    (i32.add
                        (i32.mul (i32.const 1000) (call_indirect $table (type $number) (global.get $slot)))
                        (i32.mul (i32.const 1000000) (global.get $count)))))))
    (core instance $library (instantiate $library (with "env" (instance $main))))
    (func (export "prepare") (result u32) (canon lift (core func $library "prepare")))
    (func (export "score") (result u32) (canon lift (core func $library "prepare"))))"#;

#[test]
fn a_library_finds_its_data_its_functions_and_what_it_shares() {
    // 42 from its data, which are at 104 as its global is, 3 from the first slot of the table, 40 from the third, and a global counted up once.
    assert_eq!(prepared(LIBRARY), 1_040_342);
}

#[test]
fn functions_of_a_linked_module_are_named_by_theirs() {
    let component = wat::parse_str(LIBRARY).unwrap();
    let linked = link::link(&Program::read(&component).unwrap()).unwrap();
    let module = module::Module::read(&linked).unwrap();
    let names = FunctionNames::of_section(module.names);
    let named: Vec<_> = (0..3).map(|number| names.of(number)).collect();
    // The last has no name of its own.
    assert_eq!(named, [Some("main!three"), Some("library!forty"), Some("library!")]);
}

#[test]
fn the_linked_module_needs_no_more_than_a_host_has() {
    let component = wat::parse_str(LIBRARY).unwrap();
    let linked = link::link(&Program::read(&component).unwrap()).unwrap();
    let features = wasmparser::WasmFeatures::WASM2 | wasmparser::WasmFeatures::COMPONENT_MODEL;
    assert!(wasmparser::Validator::new_with_features(features).validate_all(&component).is_err());
    wasmparser::Validator::new_with_features(features).validate_all(&linked).unwrap();
}

#[test]
fn an_instance_made_twice_is_there_twice() {
    let twice = r#"(component
        (core module $counter
            (global $count (mut i32) (i32.const 0))
            (func (export "next") (result i32)
                (global.set $count (i32.add (global.get $count) (i32.const 1)))
                (global.get $count)))
        (core instance $one (instantiate $counter))
        (core instance $other (instantiate $counter))
        (core module $main
            (import "one" "next" (func $one (result i32)))
            (import "other" "next" (func $other (result i32)))
            (func (export "prepare") (result i32)
                (drop (call $one))
                (i32.add (i32.mul (call $one) (i32.const 10)) (call $other))))
        (core instance $main (instantiate $main (with "one" (instance $one)) (with "other" (instance $other))))
        (func (export "prepare") (result u32) (canon lift (core func $main "prepare")))
        (func (export "score") (result u32) (canon lift (core func $main "prepare"))))"#;
    assert_eq!(prepared(twice), 21);
}

#[test]
fn whatever_starts_an_instance_runs_once_and_in_order() {
    let started = r#"(component
        (core module $main
            (memory (export "memory") 1)
            (global $count (export "count") (mut i32) (i32.const 1))
            (func $start (global.set $count (i32.mul (global.get $count) (i32.const 10))))
            (start $start)
            (func (export "prepare") (result i32) (global.get $count)))
        (core instance $main (instantiate $main))
        (core module $after
            (import "main" "count" (global $count (mut i32)))
            (func $start (global.set $count (i32.add (global.get $count) (i32.const 1))))
            (start $start))
        (core instance (instantiate $after (with "main" (instance $main))))
        (func (export "prepare") (result u32) (canon lift (core func $main "prepare")))
        (func (export "score") (result u32) (canon lift (core func $main "prepare"))))"#;
    assert_eq!(prepared(started), 11);
}

#[test]
fn what_cannot_be_linked_into_one_module_is_refused_with_a_sentence() {
    let lifted = r#"(func (export "prepare") (result u32) (canon lift (core func $main "prepare")))
        (func (export "score") (result u32) (canon lift (core func $main "prepare"))))"#;
    let made = r#"(core instance $main (instantiate $main))"#;
    let cases = [
        (r#"(component (component (core module)))"#.to_owned(), "a component with code within the component"),
        (r#"(component (component))"#.to_owned(), "it does not export `prepare`"),
        (
            format!(
                r#"(component (core module $main (memory 1) (memory 1) (func (export "prepare") (result i32) (i32.const 0)))
                {made} {lifted}"#
            ),
            "it has 2 memories, and a host gives a model one",
        ),
        (
            format!(
                r#"(component
                (core module $main (memory (export "memory") 1) (func $start) (start $start)
                    (func (export "prepare") (result i32) (i32.const 0)))
                {made}
                (core module $late (import "main" "memory" (memory 1)) (data (i32.const 0) "late"))
                (core instance (instantiate $late (with "main" (instance $main))))
                {lifted}"#
            ),
            "might see them too early",
        ),
        (r#"(component (import "one" (func)) )"#.to_owned(), "it imports `one`, which is no interface"),
        (r#"(module (func (export "_start")))"#.to_owned(), "it is a program with a `_start`"),
        (
            format!(r#"(module (import "switchback:scoring/log@1.7.0" "log" (func (param i32 i32 i32))) {EXPORTS})"#),
            "built for version `1.7.0` of the contract, and this command knows 1.0.0 and 1.1.0",
        ),
    ];
    for (component, said) in cases {
        let refusal = refusal(&component);
        assert!(refusal.starts_with("component: ") && refusal.contains(said), "{refusal}");
    }
}

#[test]
fn every_foreign_import_is_listed_with_what_to_do() {
    let both = refusal(
        &(r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "poll_oneoff" (func (param i32 i32 i32 i32) (result i32)))"#
            .to_owned()
            + EXPORTS
            + ")"),
    );
    for part in ["\n  wasi_snapshot_preview1 fd_write", "\n  wasi_snapshot_preview1 poll_oneoff", "`stub = \"wasi\"`"] {
        assert!(both.contains(part), "{part:?} is not in: {both}");
    }
    let other = refusal(&format!(
        r#"(module (import "env" "sqlite3_open" (func)) (import "wasi_snapshot_preview1" "x" (func)) {EXPORTS})"#
    ));
    assert!(other.contains("\n  env sqlite3_open") && !other.contains("stub"), "{other}");
}
