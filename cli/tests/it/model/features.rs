//! Small models that read nothing but features and facts: a number that depends on every one of them, in their order.

use std::path::PathBuf;
use std::sync::OnceLock;

use switchback::Message;
use switchback::message::FeatureKind;
use switchback::release::{Card, Manifest, Reads, Scale, SelfTest};
use tempfile::TempDir;

use super::embedded;

/// The contract that has features.
const CONTRACT: &str = include_str!("../../../../wit/1.1.0/scoring.wit");

/// `prepare` keeps an odd multiplier, a number of 8 bytes, at 8, and at 16 whether n-grams are asked for. `score` folds what
/// the host wrote at 1,024. The answer lies where that of the models that judge by size does.
const MODULE: &str = r#"(module
    (import "switchback:scoring/message@1.1.0" "[resource-drop]message" (func $drop (param i32)))
    (import "switchback:scoring/message@1.1.0" "[method]message.features" (func $features (param i32 i32 i32)))
    (import "switchback:scoring/message@1.1.0" "[method]message.facts" (func $facts (param i32 i32)))
    (import "switchback:scoring/message@1.1.0" "[method]message.structure" (func $structure (param i32 i32)))
    (memory (export "memory") 32 64)
    (global $bump (mut i32) (i32.const 65536))
    (global $h (mut i64) (i64.const 0))
    (data (i32.const 284) "\00\02\00\00\01\00\00\00")
    (data (i32.const 512) "\10\04\00\00\04\00\00\00")
    (data (i32.const 1040) "FOLD")
    (func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.set $bump (i32.and (i32.add (global.get $bump) (i32.const 7)) (i32.const -8)))
        (global.get $bump)
        (global.set $bump (i32.add (global.get $bump) (local.get 3))))
    (func $fold (param $number i64)
        (global.set $h (i64.add (i64.mul (global.get $h) (i64.load (i32.const 8))) (local.get $number))))
    (func $fold_list (param $at i32) (local $from i32) (local $count i32)
        (local.set $from (i32.load (local.get $at)))
        (local.set $count (i32.load (i32.add (local.get $at) (i32.const 4))))
        (call $fold (i64.extend_i32_u (local.get $count)))
        (block $done
            (loop $again
                (br_if $done (i32.eqz (local.get $count)))
                (call $fold (i64.load32_u (local.get $from)))
                (local.set $from (i32.add (local.get $from) (i32.const 4)))
                (local.set $count (i32.sub (local.get $count) (i32.const 1)))
                (br $again))))
    (func $fold_features (param $message i32) (param $kind i32)
        (call $features (local.get $message) (local.get $kind) (i32.const 2048))
        (call $fold_list (i32.const 2048))
        (call $fold_list (i32.const 2056))
        (call $fold_list (i32.const 2064))
        (call $fold_list (i32.const 2072))
        (call $fold (i64.load8_u (i32.const 2080))))
    (func (export "prepare") (param $data i32) (param $length i32) (result i32)
        (i64.store (i32.const 8) (i64.load (local.get $data)))
        (i64.store (i32.const 16) (i64.load offset=8 (local.get $data)))
        (i32.const 128))
    (func (export "score") (param $message i32) (result i32) (local $score f64)
        (call $fold_features (local.get $message) (i32.const 0))
        (call $fold_features (local.get $message) (i32.const 1))
        (call $structure (local.get $message) (i32.const 2048))
        (call $fold_list (i32.const 2048))
        (call $fold (i64.load8_u (i32.const 2056)))
        (call $facts (local.get $message) (i32.const 2048))
        (call $fold_list (i32.const 2048))
        ;; A message without a word, as in the self-test, takes less room.
        (if (i32.and (i64.ne (i64.load (i32.const 16)) (i64.const 0)) (i32.gt_u (global.get $bump) (i32.const 65696)))
            (then (call $fold_features (local.get $message) (i32.const 2))))
        (call $drop (local.get $message))
        (local.set $score (f64.mul
            (f64.convert_i64_u (i64.shr_u (global.get $h) (i64.const 11)))
            (f64.const 0x1p-53)))
        (f64.store (i32.const 272) (local.get $score))
        (f64.store (i32.const 520) (local.get $score))
        (i32.const 256))
    (@custom "switchback:contract" "1.1.0"))"#;

/// Releases of the model `phish`, by their multiplier, and whether they ask for n-grams, too.
const RELEASES: [(&str, u64, bool); 3] = [
    ("2.0.0", 0x9E37_79B9_7F4A_7C15, false),
    ("3.0.0", 0xC2B2_AE3D_27D4_EB4F, false),
    ("4.0.0", 0x1656_67B1_9E37_79F9, true),
];

/// The file of one of them.
pub(crate) fn release(version: &str) -> String {
    static DIR: OnceLock<TempDir> = OnceLock::new();
    let dir = DIR.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        for (version, multiplier, asks_for_grams) in RELEASES {
            let data = [multiplier, u64::from(asks_for_grams)].map(u64::to_le_bytes).concat();
            let manifest = manifest(version, multiplier);
            let packed = switchback_pack::pack_module(&embedded(MODULE, CONTRACT), &data, &manifest).unwrap();
            std::fs::write(path(&dir, version), packed).unwrap();
        }
        dir
    });
    path(dir, version).display().to_string()
}

fn path(dir: &TempDir, version: &str) -> PathBuf {
    dir.path().join(format!("phish-{version}.wasm"))
}

fn manifest(version: &str, multiplier: u64) -> Manifest {
    let mut card = Card::default();
    card.limitations = "A test.".to_owned();
    let score = score(&Message::parse(""), multiplier);
    Manifest::new(
        "phish".parse().unwrap(),
        version.parse().unwrap(),
        Scale::Probability,
        Reads::FEATURES | Reads::FACTS,
    )
    .description("a number that depends on all features, the structure and all facts")
    .card(card)
    .self_test(SelfTest::new("empty", "", score))
}

/// What a model says of a message.
fn score(message: &Message, multiplier: u64) -> f64 {
    let mut h = 0_u64;
    let mut fold = |number: u64| h = h.wrapping_mul(multiplier).wrapping_add(number);
    for kind in [FeatureKind::Words, FeatureKind::Pairs] {
        let features = message.features(kind);
        for list in features.fields() {
            fold(list.len() as u64);
            list.iter().for_each(|feature| fold(u64::from(*feature)));
        }
        fold(u64::from(features.is_truncated()));
    }
    let structure = message.structure();
    fold(structure.features().len() as u64);
    structure.features().iter().for_each(|feature| fold(u64::from(*feature)));
    fold(u64::from(structure.is_truncated()));
    fold(message.facts().values().len() as u64);
    message.facts().values().iter().for_each(|fact| fold(u64::from(fact.to_bits())));
    (h >> 11) as f64 * 2.0_f64.powi(-53)
}
