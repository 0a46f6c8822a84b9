//! Small models in WebAssembly's text form: they judge a message by its size.

pub(crate) mod features;

use std::path::PathBuf;
use std::sync::OnceLock;

use switchback::Category;
use switchback::release::{Card, Manifest, Reads, Scale, SelfTest};
use tempfile::TempDir;
use wit_parser::{Resolve, WorldId};

/// The size of a message on which every model traps.
pub(crate) const TRAPS_AT_BYTES: usize = 666;

/// The size of a message on which every model abstains.
pub(crate) const ABSTAINS_AT_BYTES: usize = 777;

/// The size of a message on which every model logs a line.
pub(crate) const LOGS_AT_BYTES: usize = 555;

/// The size of a message on which every model logs 70 lines, the last as an error, and traps.
pub(crate) const LOGS_AND_TRAPS_AT_BYTES: usize = 556;

/// What a model says of a message that is as large as its limit, or larger.
pub(crate) const LARGE: f64 = 0.9375;

/// What it says of others.
pub(crate) const SMALL: f64 = 0.125;

/// `switchback:scoring` as the host offers it.
const CONTRACT: &str = include_str!("../../../wit/1.0.0/scoring.wit");

/// `prepare` keeps the limit, a number of 8 bytes, at 8. `score` answers with what is at 256: a result whose
/// payload is at 264, an outcome with its payload at 272. There is one reason, at 512.
const MODULE: &str = r#"(module
    (import "switchback:scoring/message@1.0.0" "[resource-drop]message" (func $drop (param i32)))
    (import "switchback:scoring/message@1.0.0" "[method]message.size" (func $size (param i32) (result i64)))
    (import "switchback:scoring/log@1.0.0" "log" (func $log (param i32 i32 i32)))
    (memory (export "memory") 2 4)
    (global $bump (mut i32) (i32.const 4096))
    (data (i32.const 284) "\00\02\00\00\01\00\00\00")
    (data (i32.const 512) "\10\04\00\00\04\00\00\00")
    (data (i32.const 1024) "odd size")
    (data (i32.const 1040) "SIZE")
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $bump)
        (global.set $bump (i32.add (global.get $bump) (local.get 3))))
    (func (export "prepare") (param $data i32) (param $length i32) (result i32)
        (i64.store (i32.const 8) (i64.load (local.get $data)))
        (i32.const 128))
    (func (export "score") (param $message i32) (result i32) (local $bytes i64) (local $score f64) (local $line i32)
        (local.set $bytes (call $size (local.get $message)))
        (call $drop (local.get $message))
        (if (i64.eq (local.get $bytes) (i64.const 666)) (then unreachable))
        (if (i64.eq (local.get $bytes) (i64.const 555))
            (then (call $log (i32.const 3) (i32.const 1024) (i32.const 8))))
        (if (i64.eq (local.get $bytes) (i64.const 556)) (then
            (loop $again
                (call $log (i32.const 1) (i32.const 1024) (i32.const 8))
                (br_if $again (i32.lt_u (local.tee $line (i32.add (local.get $line) (i32.const 1))) (i32.const 69))))
            (call $log (i32.const 0) (i32.const 1024) (i32.const 8))
            unreachable))
        (if (i32.and (i64.eq (i64.load (i32.const 8)) (i64.const -1)) (i64.ge_u (local.get $bytes) (i64.const 4000)))
            (then unreachable))
        (if (i64.eq (local.get $bytes) (i64.const 777)) (then
            (i32.store8 (i32.const 264) (i32.const 1))
            (i32.store (i32.const 272) (i32.const 1024))
            (i32.store (i32.const 276) (i32.const 8))
            (return (i32.const 256))))
        (local.set $score (f64.const 0.125))
        (if (i64.ge_u (local.get $bytes) (i64.load (i32.const 8))) (then
            (local.set $score (f64.const 0.9375))
            (i32.store8 (i32.const 280) (i32.const 2))))
        (f64.store (i32.const 272) (local.get $score))
        (f64.store (i32.const 520) (local.get $score))
        (i32.const 256))
    (@custom "switchback:contract" "1.0.0"))"#;

/// Releases of the model `linear`: from which size on they flag a message.
const RELEASES: [(&str, u64); 3] = [("1.0.0", 6_000), ("1.1.0", 4_000), ("2.0.0", 400)];

/// The folder with `linear-1.0.0.wasm`, `linear-1.1.0.wasm` and `linear-2.0.0.wasm`.
pub(crate) fn releases() -> PathBuf {
    static DIR: OnceLock<TempDir> = OnceLock::new();
    let dir = DIR.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let module = module();
        for (version, limit_bytes) in RELEASES {
            let packed = switchback_pack::pack_module(&module, &limit_bytes.to_le_bytes(), &manifest(version)).unwrap();
            std::fs::write(dir.path().join(format!("linear-{version}.wasm")), packed).unwrap();
        }
        dir
    });
    dir.path().to_owned()
}

/// One of them.
pub(crate) fn release(version: &str) -> String {
    releases().join(format!("linear-{version}.wasm")).display().to_string()
}

/// `linear-3.0.0.wasm`, which traps on every message of 4,000 bytes or more, and flags no other.
pub(crate) fn failing() -> String {
    static DIR: OnceLock<TempDir> = OnceLock::new();
    let dir = DIR.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let packed = switchback_pack::pack_module(&module(), &u64::MAX.to_le_bytes(), &manifest("3.0.0")).unwrap();
        std::fs::write(dir.path().join("linear-3.0.0.wasm"), packed).unwrap();
        dir
    });
    dir.path().join("linear-3.0.0.wasm").display().to_string()
}

/// What a module says of the contract, for whatever makes a component of it.
pub(crate) fn contract_section() -> Vec<u8> {
    let (resolve, world) = contract(CONTRACT);
    wit_component::metadata::encode(&resolve, world, wit_component::StringEncoding::UTF8, None).unwrap()
}

fn contract(text: &str) -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("scoring.wit", text).unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    (resolve, world)
}

/// The module of all of them, whose data are the limit, as any toolchain could have built it.
pub(crate) fn module() -> Vec<u8> {
    embedded(MODULE, CONTRACT)
}

/// A module in its text form, with what it says of the contract.
fn embedded(module: &str, text: &str) -> Vec<u8> {
    let mut module = wat::parse_str(module).unwrap();
    let (resolve, world) = contract(text);
    wit_component::embed_component_metadata(&mut module, &resolve, world, wit_component::StringEncoding::UTF8).unwrap();
    module
}

fn manifest(version: &str) -> Manifest {
    let mut empty = SelfTest::new("empty", "", SMALL);
    empty.category = Some(Category::Ham);
    let mut card = Card::default();
    card.limitations = "A test.".to_owned();
    Manifest::new("linear".parse().unwrap(), version.parse().unwrap(), Scale::Probability, Reads::SIZE)
        .description("judges a message by its size")
        .card(card)
        .self_test(empty)
}

/// A message of this size.
pub(crate) fn mail(subject: &str, sender: &str, bytes: usize) -> Vec<u8> {
    let mut mail =
        format!("From: <{sender}>\r\nSubject: {subject}\r\nDate: Thu, 24 Apr 2025 06:00:00 +0000\r\n\r\n").into_bytes();
    assert!(mail.len() <= bytes, "a message of {bytes} bytes has no room for its header");
    mail.resize(bytes, b'x');
    mail
}
