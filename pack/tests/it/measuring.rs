//! What calls take of memory.

use switchback::Message;
use switchback::release::Manifest;
use switchback_pack::{Measured, pack_module};

use crate::guest::{KEEP_NUMBER, embedded, manifest, module};

/// A release as LLVM's linker lays it out, with a stack of 64 KiB, whose `score` takes a frame of this size and then does this.
pub(crate) fn release(frame: u32, deed: &str) -> Vec<u8> {
    release_of(&manifest(0.5), frame, deed)
}

/// The same with a manifest of its own.
pub(crate) fn release_of(manifest: &Manifest, frame: u32, deed: &str) -> Vec<u8> {
    let module = embedded(&format!(
        r#"(module
            (import "switchback:scoring/message@1.0.0" "[resource-drop]message" (func $drop (param i32)))
            (import "switchback:scoring/message@1.0.0" "[method]message.size" (func $size (param i32) (result i64)))
            (memory (export "memory") 4 16)
            (global $end (mut i32) (i32.const 65536))
            (data (i32.const 65536) "\00\00\00\00")
            (data (i32.const 65800) "\00\00\00\00")
            (data (i32.const 65808) "\00\00\00\00\00\00\e0\3f")
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 70000))
            (func (export "prepare") (param i32 i32) (result i32) (i32.const 65536))
            (func (export "score") (param $message i32) (result i32)
                (global.set $end (i32.sub (global.get $end) (i32.const {frame})))
                (i32.store8 (global.get $end) (i32.const 1))
                {deed}
                (global.set $end (i32.add (global.get $end) (i32.const {frame})))
                (call $drop (local.get $message))
                (i32.const 65792))
            (@custom "switchback:contract" "1.0.0"))"#
    ));
    pack_module(&module, &[], manifest).unwrap()
}

fn measured(release: &[u8]) -> Measured {
    Measured::of(release, std::iter::once(("b.eml".to_owned(), Message::parse(Vec::new())))).unwrap()
}

#[test]
fn the_stack_and_the_pages_that_a_message_takes_are_told() {
    let measured = measured(&release(20_000, "(i32.store8 (i32.const 139264) (i32.const 7))"));
    assert_eq!((measured.messages, measured.failed, measured.grown), (2, 0, 0));
    let stack = measured.stack.as_ref().unwrap();
    assert_eq!((stack.bytes, stack.bytes_max, &*stack.message), (20_000, 65_536, "empty"));
    assert_eq!((measured.start_bytes, measured.memory.bytes, measured.memory.bytes_max), (4 << 16, 4 << 16, 16 << 20));
    // A page of the stack, and page 34.
    assert_eq!((measured.written_bytes, measured.spare_bytes), (2 * 4096, (64 - 35) * 4096));
    assert_eq!(measured.written_by, "empty");
    assert_eq!(measured.remarks(), Vec::<String>::new());
}

#[test]
fn limits_that_are_near_and_memory_that_grows_are_remarked_on() {
    let deep = measured(&release(40_000, ""));
    assert!(deep.remarks()[0].contains("`empty` takes 40 of 64 KiB of the stack"), "{:?}", deep.remarks());

    let grows = measured(&release(16, "(drop (memory.grow (i32.const 2)))"));
    assert_eq!((grows.grown, grows.memory.bytes, grows.spare_bytes), (2, 6 << 16, (64 - 16) * 4096));
    assert!(grows.remarks()[0].contains("grows for 2 of 2 messages, by up to 128 KiB"), "{:?}", grows.remarks());
}

#[test]
fn a_message_for_which_the_model_fails_is_counted() {
    let fails = measured(&release(65_000, ""));
    assert_eq!((fails.messages, fails.failed), (0, 2));
    let failure = fails.failure.as_deref().unwrap();
    assert!(failure.starts_with("empty: ") && failure.contains("exhausted its stack"), "{failure}");
}

#[test]
fn a_model_without_a_stack_that_is_known_is_measured_all_the_same() {
    let release = pack_module(&module(KEEP_NUMBER), &0.25_f64.to_le_bytes(), &manifest(0.25)).unwrap();
    let measured = measured(&release);
    assert_eq!((measured.messages, measured.stack, measured.start_bytes), (2, None, 1 << 16));
}

#[test]
fn what_is_no_release_is_not_measured() {
    let error = Measured::of(b"\0asm", std::iter::empty()).unwrap_err().to_string();
    assert!(error.starts_with("measure: "), "{error}");
}
