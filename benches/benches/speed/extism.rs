//! Extism beside it: a plugin that is kept, and is given the features of a message as bytes, over a fresh instance of ours.

use crate::Bench;
use crate::models::Model;

#[cfg(not(feature = "extism"))]
pub(crate) fn compare(_: &mut Bench, _: &[Model]) {
    println!("LEFT OUT: Extism: `cargo xtask bench --extism speed` compares with it");
}

/// Sums up the weights of the features that it is given, 32 bits each, of which the upper half is the index: as `linear` does, in the
/// loop that Extism's interface allows, 64 bits at a time.
#[cfg(feature = "extism")]
const PLUGIN: &str = r#"(module
    (import "extism:host/env" "input_length" (func $length (result i64)))
    (import "extism:host/env" "input_load_u64" (func $load (param i64) (result i64)))
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
    (import "extism:host/env" "output_set" (func $output (param i64 i64)))
    (memory (export "memory") 4)
    (func $fill (local $at i32)
        (loop $next
            (f32.store (local.get $at) (f32.convert_i32_u (local.get $at)))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))
            (br_if $next (i32.lt_u (local.get $at) (i32.const 262144)))))
    (start $fill)
    (func $weight (param $feature i64) (result f64)
        (f64.promote_f32 (f32.load
            (i32.and (i32.shr_u (i32.wrap_i64 (local.get $feature)) (i32.const 14)) (i32.const 0x3fffc)))))
    (func (export "score") (result i32)
        (local $at i64) (local $end i64) (local $two i64) (local $sum f64) (local $answer i64)
        (local.set $end (call $length))
        (block $done (loop $next
            (br_if $done (i64.ge_u (local.get $at) (local.get $end)))
            (local.set $two (call $load (local.get $at)))
            (local.set $sum (f64.add (local.get $sum) (f64.add
                (call $weight (local.get $two))
                (call $weight (i64.shr_u (local.get $two) (i64.const 32))))))
            (local.set $at (i64.add (local.get $at) (i64.const 8)))
            (br $next)))
        (local.set $answer (call $alloc (i64.const 8)))
        (call $store (local.get $answer) (i64.reinterpret_f64 (local.get $sum)))
        (call $output (local.get $answer) (i64.const 8))
        (i32.const 0)))"#;

/// The score alone: both sides find the features of each message there.
#[cfg(feature = "extism")]
pub(crate) fn compare(bench: &mut Bench, models: &[Model]) {
    use crate::table::Side;
    use switchback_benches::{in_turn_by, processor_time};

    let linear = models.iter().find(|model| model.name == "linear").expect("a release of linear");
    let module = extism::Wasm::data(wat::parse_str(PLUGIN).expect("a module"));
    let mut plugin = extism::Plugin::new(extism::Manifest::new([module]), [], false).expect("a plugin");
    for mail in &bench.mail {
        let messages = bench.warm(mail, &[linear]);
        let features: Vec<_> = messages.iter().map(features).collect();
        let [warm, fresh] = in_turn_by(
            processor_time,
            bench.rounds,
            [
                ("extism", &mut || {
                    for features in &features {
                        let answer = plugin.call::<_, &[u8]>("score", features.as_slice()).expect("an answer");
                        assert_eq!(answer.len(), 8, "a number");
                    }
                }),
                ("ours", &mut || messages.iter().for_each(|message| linear.score(&bench.runtime, message))),
            ],
        );
        let this = Side::time("Extism, kept, given the features", warm, messages.len());
        let other = Side::time(format!("{}, fresh", linear.id), fresh, messages.len());
        bench.table.row("score alone, Extism over ours", mail.name, &this, &other);
    }
}

/// The words of a message that `linear` asks the host for, as bytes; an even number of them.
#[cfg(feature = "extism")]
fn features(message: &switchback::Message) -> Vec<u8> {
    let words = message.features(switchback::message::FeatureKind::Words);
    let all = [words.subject(), words.sender(), words.body(), words.links()];
    let mut bytes: Vec<u8> = all.into_iter().flatten().flat_map(|word| word.to_le_bytes()).collect();
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}
