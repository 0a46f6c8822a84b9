use std::fmt::Write as _;

use wasmparser::Payload;
use wasmtime::component::Linker;
use wasmtime::{Engine, Store};

use super::*;

/// As `wit-component` joins a model to its imports: `say` and `add` by the shim, `count` directly. `run` adds to what it
/// is given, says so, and calls `say` a second time through a table of its own.
const JOINED: &str = r#"(component
    (import "say" (func $say (param "text" string)))
    (import "count" (func $count (result u32)))
    (import "add" (func $add (param "to" string) (result u32)))
    (core module $model
        (type $text (func (param i32 i32)))
        (import "host" "say" (func $say (type $text)))
        (import "host" "count" (func $count (result i32)))
        (import "host" "add" (func $add (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (table 4 funcref)
        (elem (i32.const 2) $say $run)
        (data (i32.const 16) "one, two")
        (func $run (export "run") (result i32)
            (call $say (i32.const 16) (i32.const 3))
            (call_indirect (type $text) (i32.const 21) (i32.const 3) (i32.const 2))
            (i32.add (call $count) (call $add (i32.const 16) (i32.const 8)))))
    (core module $shim
        (type $text (func (param i32 i32)))
        (type $number (func (param i32 i32) (result i32)))
        (table (export "$imports") 2 2 funcref)
        (func (export "0") (type $text)
            (call_indirect (type $text) (local.get 0) (local.get 1) (i32.const 0)))
        (func (export "1") (type $number)
            (call_indirect (type $number) (local.get 0) (local.get 1) (i32.const 1))))
    (core module $fixup
        (import "" "0" (func $say (param i32 i32)))
        (import "" "1" (func $add (param i32 i32) (result i32)))
        (import "" "$imports" (table 2 2 funcref))
        (elem (i32.const 0) $say $add))
    (core instance $shim (instantiate $shim))
    (core func $count-lowered (canon lower (func $count)))
    (core instance $model (instantiate $model (with "host" (instance
        (export "say" (func $shim "0"))
        (export "count" (func $count-lowered))
        (export "add" (func $shim "1"))))))
    (alias core export $model "memory" (core memory $memory))
    (alias core export $shim "$imports" (core table $table))
    (core func $say-lowered (canon lower (func $say) (memory $memory)))
    (core func $add-lowered (canon lower (func $add) (memory $memory)))
    (core instance (instantiate $fixup (with "" (instance
        (export "$imports" (table $table))
        (export "0" (func $say-lowered))
        (export "1" (func $add-lowered))))))
    (func (export "run") (result u32) (canon lift (core func $model "run"))))"#;

/// Modules of a component, and what `run` says and returns.
fn run(component: &[u8]) -> (usize, String, u32) {
    let engine = Engine::default();
    let modules =
        Parser::new(0).parse_all(component).filter(|p| matches!(p, Ok(Payload::ModuleSection { .. }))).count();
    let component = wasmtime::component::Component::new(&engine, component).unwrap();
    let mut linker = Linker::<String>::new(&engine);
    let mut root = linker.root();
    root.func_wrap("say", |mut store, (text,): (String,)| {
        write!(store.data_mut(), "{text};").unwrap();
        Ok(())
    })
    .unwrap();
    root.func_wrap("count", |store, (): ()| Ok((store.data().len() as u32,))).unwrap();
    root.func_wrap("add", |_, (text,): (String,)| Ok((100 * text.len() as u32,))).unwrap();
    let mut store = Store::new(&engine, String::new());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let run = instance.get_typed_func::<(), (u32,)>(&mut store, "run").unwrap();
    let (answer,) = run.call(&mut store, ()).unwrap();
    (modules, store.into_data(), answer)
}

#[test]
fn a_model_without_the_shim_says_and_answers_the_same() {
    let joined = wat::parse_str(JOINED).unwrap();
    let inlined = inline_shim(&joined).unwrap();
    assert_eq!(run(&joined), (3, "one;two;".to_owned(), 808));
    assert_eq!(run(&inlined), (2, "one;two;".to_owned(), 808));
    assert_eq!(inline_shim(&joined).unwrap(), inlined);
}

#[test]
fn a_model_without_a_table_gets_one() {
    let without = ["(table 4 funcref)", "(elem (i32.const 2) $say $run)"];
    let text = without.iter().fold(JOINED.to_owned(), |text, line| text.replace(line, ""));
    let text = text.replace(
        "(call_indirect (type $text) (i32.const 21) (i32.const 3) (i32.const 2))",
        "(call $say (i32.const 21) (i32.const 3))",
    );
    let inlined = inline_shim(&wat::parse_str(text).unwrap()).unwrap();
    assert_eq!(run(&inlined), (2, "one;two;".to_owned(), 808));
}

#[test]
fn the_order_of_the_imports_does_not_matter() {
    let say = r#"(export "say" (func $shim "0"))"#;
    let reordered = JOINED
        .replace(say, "")
        .replace(r#"(export "add" (func $shim "1"))"#, &format!(r#"(export "add" (func $shim "1")) {say}"#));
    assert_ne!(reordered, JOINED);
    let inlined = inline_shim(&wat::parse_str(reordered).unwrap()).unwrap();
    assert_eq!(run(&inlined), (2, "one;two;".to_owned(), 808));
}

#[test]
fn a_component_within_stays_as_it_is() {
    let nested = r#"(component
        (component $within
            (core module $first (func (export "one") (result i32) (i32.const 1)))
            (core instance $first (instantiate $first))
            (func (export "one") (result u32) (canon lift (core func $first "one"))))
        (instance $within (instantiate $within))
        (import "say""#;
    let component = wat::parse_str(JOINED.replacen("(component\n    (import \"say\"", nested, 1)).unwrap();
    let inlined = inline_shim(&component).unwrap();
    assert_eq!(run(&component), (4, "one;two;".to_owned(), 808));
    assert_eq!(run(&inlined), (3, "one;two;".to_owned(), 808));
}

#[test]
fn a_component_without_a_shim_stays_as_it_is() {
    let text = r#"(component
        (core module $model (func (export "run") (result i32) (i32.const 7)))
        (core instance $model (instantiate $model))
        (func (export "run") (result u32) (canon lift (core func $model "run"))))"#;
    let component = wat::parse_str(text).unwrap();
    assert_eq!(inline_shim(&component).unwrap(), component);
}

#[test]
fn a_shim_that_joins_otherwise_is_refused() {
    let numbers = ["\"0\"", "\"1\""].iter().fold(JOINED.to_owned(), |text, name| {
        text.replace(&format!("(func (export {name})"), &format!("(func (export \"f{}\")", &name[1..2]))
            .replace(&format!("(func $shim {name})"), &format!("(func $shim \"f{}\")", &name[1..2]))
    });
    let twice = JOINED.replace(r#"(export "1" (func $add-lowered))"#, r#"(export "1" (func $shim "1"))"#);
    let given = "(core instance $shim (instantiate $shim))";
    let with_import = JOINED.replace(
        given,
        "(core instance $nothing) (core instance $shim (instantiate $shim (with \"a\" (instance $nothing))))",
    );
    let same = JOINED.replace(r#"(export "add" (func $shim "1"))"#, r#"(export "add" (func $shim "0"))"#);
    let refused = [
        (numbers, "not numbered"),
        (twice, "not one module"),
        (with_import, "has imports"),
        (same, "does not import every function"),
    ];
    for (text, why) in refused {
        let error = inline_shim(&wat::parse_str(text).unwrap()).unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("wit-component"), "{error}");
    }
}
