use rand::Rng as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::limits::Limits;
use crate::release::ManifestLimits;

fn checked(text: &str) -> Result<(), Refusal> {
    check(&wat::parse_str(text).unwrap(), &Limits::default().of_release(&ManifestLimits::default()), Code::Checked)
}

/// Why a component with these parts is refused.
fn refusal_of(parts: &str) -> String {
    match checked(&format!("(component {parts})")) {
        Err(refusal @ (Refusal::Needless(_) | Refusal::Invalid(_))) => refusal.to_string(),
        other => panic!("{other:?} for {parts}"),
    }
}

#[test]
fn what_the_tools_make_is_accepted() {
    checked(
        r#"(component
            (import "say" (instance $say (export "say" (func (param "text" string)))))
            (core module $model
                (import "host" "drop" (func (param i32)))
                (memory (export "memory") 2)
                (table 10 funcref)
                (elem (i32.const 0) $run)
                (data (i32.const 131064) "the last")
                (data "passive")
                (func $run (export "run") (result i32)
                    (memory.fill (i32.const 0) (i32.const 1) (i32.const 70000))
                    (memory.copy (i32.const 0) (i32.const 9) (i32.const 70000))
                    (memory.init 1 (i32.const 0) (i32.const 0) (i32.const 7))
                    (drop (memory.grow (i32.const 1)))
                    (i32.const 7)))
            (core module $nothing)
            (core func $drop (canon lower (func $say "say") (memory $memory)))
            (core instance $first (instantiate $nothing))
            (core module $memory (memory (export "memory") 1))
            (core instance $memory (instantiate $memory))
            (alias core export $memory "memory" (core memory $memory))
            (core instance $model (instantiate $model (with "host" (instance (export "drop" (func $drop))))))
            (func (export "run") (result u32) (canon lift (core func $model "run"))))"#
            .replace("(core func $drop (canon lower (func $say \"say\") (memory $memory)))\n", "")
            .replace(
                "(core instance $model",
                "(core func $lowered (canon lower (func $say \"say\") (memory $memory)))
                 (core module $adapt (import \"\" \"\" (func $say (param i32 i32)))
                     (func (export \"drop\") (param i32) (call $say (local.get 0) (local.get 0))))
                 (core instance $adapt (instantiate $adapt
                     (with \"\" (instance (export \"\" (func $lowered))))))
                 (alias core export $adapt \"drop\" (core func $drop))
                 (core instance $model",
            )
            .as_str(),
    )
    .unwrap();
}

#[test]
fn everything_of_the_component_model_that_no_tool_makes_of_a_model_is_refused() {
    let parts = [
        ("(component)", "a component within"),
        ("(component (core module (memory 1)))", "a component within"),
        ("(component $c (component (component)))  (instance (instantiate $c))", "a component within"),
        ("(core type (module))", "type of a core module"),
        ("(import \"m\" (core module))", "type of a core module"),
        ("(import \"f\" (func))", "not an interface"),
        ("(import \"t\" (type (sub resource)))", "not an interface"),
        ("(import \"c\" (component))", "not an interface"),
        ("(import \"i\" (instance $i)) (export \"i\" (instance $i))", "not a function"),
        ("(core module $m) (export \"m\" (core module $m))", "not a function"),
        ("(type $r (resource (rep i32))) (core func (canon resource.new $r))", "built-in"),
        ("(type $r (resource (rep i32))) (core func (canon resource.rep $r))", "built-in"),
        ("(import \"i\" (instance $i (export \"f\" (func)))) (instance (export \"f\" (func $i \"f\")))", "an instance"),
        (&"(core module)".repeat(9), "more than 8 core modules"),
        ("(core module (@custom \"switchback:manifest\" \"{}\"))", "inside a core module"),
        ("(core module (@custom \"switchback:colour\" \"\"))", "inside a core module"),
    ];
    for (part, why) in parts {
        let refusal = refusal_of(part);
        assert!(refusal.contains(why), "{part}: {refusal}");
    }
}

#[test]
fn proposals_that_models_do_not_need_are_refused_before_a_compiler_sees_them() {
    let modules = [
        "(memory i64 1)",
        "(memory 1) (memory 1)",
        "(memory 1 1 shared)",
        "(func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))",
        "(func $f (return_call $f))",
        "(tag)",
        "(type (struct))",
        "(func (param externref))",
        "(global i32 (i32.add (i32.const 1) (i32.const 2)))",
        "(func (i32.const 1))",
    ];
    for module in modules {
        refusal_of(&format!("(core module {module})"));
    }
}

#[test]
fn a_table_changes_as_a_whole_in_no_release() {
    for instruction in [
        "(drop (table.grow $t (ref.null func) (i32.const 1)))",
        "(table.fill $t (i32.const 0) (ref.null func) (i32.const 1))",
        "(table.copy $t $t (i32.const 0) (i32.const 0) (i32.const 1))",
        "(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1))",
    ] {
        let refusal = refusal_of(&format!("(core module (table $t 9 funcref) (elem $e func) (func {instruction}))"));
        assert!(refusal.contains("the instruction `table."), "{refusal}");
    }
}

#[test]
fn an_instruction_whose_number_takes_more_bytes_than_it_needs_is_seen() {
    let text = "(component (core module (table $t 9 funcref) (func ref.null func i32.const 1 nop table.grow $t drop)))";
    let mut component = wat::parse_str(text).unwrap();
    let (nop_and_grow, longer) = ([0x01, 0xFC, 0x0F, 0x00], [0xFC, 0x8F, 0x00, 0x00]);
    let at = component.windows(4).position(|bytes| bytes == nop_and_grow).unwrap();
    component[at..at + 4].copy_from_slice(&longer);
    let refused = check(&component, &Limits::default().of_release(&ManifestLimits::default()), Code::Checked);
    assert!(refused.unwrap_err().to_string().contains("the instruction `table.grow`"));
}

#[test]
fn data_that_would_be_copied_for_every_message_are_bounded() {
    let data = "x".repeat(70_000);
    let copied = [
        format!(r#"(core module (import "" "m" (memory 2)) (data (i32.const 0) "{data}"))"#),
        format!(r#"(core module (import "" "g" (global i32)) (memory 2) (data (global.get 0) "{data}"))"#),
        format!(r#"(core module (memory 1) (data (i32.const 0) "{data}"))"#),
        // Two thousand segments that have nothing in them cost as well.
        format!(r#"(core module (import "" "m" (memory 2)) {})"#, r#"(data (i32.const 0) "")"#.repeat(2_000)),
    ];
    for module in copied {
        let refusal = refusal_of(&module);
        assert!(refusal.contains("copied for every message"), "{refusal}");
    }
    let mapped = format!(r#"(component (core module (memory 100) (data (i32.const 6000000) "{data}")))"#);
    checked(&mapped).unwrap();
    checked(r#"(component (core module (import "" "m" (memory 2)) (data (i32.const 0) "little")))"#).unwrap();
}

#[test]
fn what_is_larger_at_first_than_it_may_become_is_refused_by_name() {
    checked("(component (core module (memory 256) (table 65536 funcref)))").unwrap();
    let memory = checked("(component (core module (memory 257)))").unwrap_err();
    assert!(matches!(memory, Refusal::Memory { bytes: 16_842_752, bytes_max: 16_777_216 }), "{memory}");
    let table = checked("(component (core module (table 65537 funcref)))").unwrap_err();
    assert!(matches!(table, Refusal::Table { elements: 65_537, elements_max: 65_536 }), "{table}");
}

#[test]
fn elements_that_would_be_walked_for_every_message_are_bounded() {
    let many = format!("(elem (i32.const 0) {})", "$f ".repeat(1_000)).repeat(66);
    let refusal = refusal_of(&format!("(core module (table 1000 funcref) (func $f) {many})"));
    assert!(refusal.contains("elements of tables"), "{refusal}");
    let none = "(elem (i32.const 0) func)".repeat(65_537);
    assert!(refusal_of(&format!("(core module (table 1 funcref) {none})")).contains("elements of tables"));
}

/// A component of components, modules, instances and aliases, at random.
fn nested(random: &mut ChaCha8Rng, depth: u32) -> String {
    let mut text = String::new();
    let (mut components, mut modules) = (0, 0);
    for _ in 0..random.random_range(0..5) {
        match random.random_range(0..6) {
            0 | 1 if depth > 0 => {
                components += 1;
                text += &format!("(component {})", nested(random, depth - 1));
            }
            2 if components > 0 => text += &format!("(instance (instantiate {}))", random.random_range(0..components)),
            3 if modules > 0 => text += &format!("(core instance (instantiate {}))", random.random_range(0..modules)),
            4 => text += "(type (list (list string)))",
            _ => {
                modules += 1;
                text += ["(core module)", "(core module (memory 1))", "(core module (func (export \"f\")))"]
                    [random.random_range(0..3)];
            }
        }
    }
    text
}

#[test]
fn nested_components_are_refused_at_every_depth_and_flat_ones_are_not() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut seen = [0; 2];
    for _ in 0..500 {
        let text = format!("(component {})", nested(&mut random, 4));
        let is_nested = text.matches("(component").count() > 1;
        let checked = checked(&text);
        assert_eq!(matches!(checked, Err(Refusal::Needless(_))), is_nested, "{text}: {checked:?}");
        seen[usize::from(is_nested)] += 1;
    }
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
}
