use wasmtime::{Engine, Instance, Store, Trap};

use super::*;

/// As LLVM's linker lays a module out: a stack of 64 KiB, data above it. `take` moves the end of the stack down by `$bytes`,
/// writes `$value` into the frame where `$index` says, calls itself `$depth` times and gives back what `$index` holds then.
const STACK_FIRST: &str = r#"(module
    (memory (export "memory") 2)
    (global $end (mut i32) (i32.const 65536))
    (global $other (mut i32) (i32.const 7))
    (data (i32.const 65536) "data")
    (func $take (export "take") (param $bytes i32) (param $index i32) (param $value i32) (param $depth i32) (result i32)
        (local $frame i32)
        (global.set $end (local.tee $frame (i32.sub (global.get $end) (local.get $bytes))))
        (global.set $other (local.get $depth))
        (i32.store8 (i32.add (local.get $frame) (local.get $index)) (local.get $value))
        (if (local.get $depth) (then
            (drop (call $take (local.get $bytes) (local.get $index) (i32.const 0)
                (i32.sub (local.get $depth) (i32.const 1))))))
        (global.set $end (i32.add (local.get $frame) (local.get $bytes)))
        (i32.load8_u (i32.add (local.get $frame) (local.get $index)))))"#;

fn take(module: &[u8], [bytes, index, value, depth]: [i32; 4]) -> Result<i32, Trap> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let module = wasmtime::Module::new(&engine, module).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let take = instance.get_typed_func::<(i32, i32, i32, i32), i32>(&mut store, "take").unwrap();
    take.call(&mut store, (bytes, index, value, depth)).map_err(|error| error.downcast().unwrap())
}

#[test]
fn a_stack_that_runs_out_is_a_stack_that_ran_out_and_nothing_else() {
    let plain = wat::parse_str(STACK_FIRST).unwrap();
    let Guarded { module: guarded, stack_bytes } = guarded(&plain).unwrap();
    assert_eq!(stack_bytes, 65536);
    let works = [16, 3, 42, 100];
    assert_eq!((take(&plain, works), take(&guarded, works)), (Ok(42), Ok(42)));
    assert_eq!(take(&guarded, [65536 - GUARD_BYTES, 0, 1, 0]), Ok(1), "all of it can be used, but for the guard");
    // The frame ends below 0, and its lower end is an address near 4 GiB.
    let too_large = [70_000, 0, 1, 0];
    assert_eq!(take(&plain, too_large), Err(Trap::MemoryOutOfBounds));
    assert_eq!(take(&guarded, too_large), Err(Trap::StackOverflow));
    // The sum wraps around: what is written lies where the caller's frame does.
    let wraps_around = [70_000, 69_000, 1, 0];
    assert_eq!(take(&plain, wraps_around), Ok(1));
    assert_eq!(take(&guarded, wraps_around), Err(Trap::StackOverflow));
    // Step by step: the 64th frame does not fit.
    assert_eq!(take(&guarded, [1024, 0, 1, 62]), Ok(1));
    assert_eq!(take(&guarded, [1024, 0, 1, 63]), Err(Trap::StackOverflow));
}

#[test]
fn a_module_whose_first_global_is_no_stack_stays_as_it_is() {
    let others = [
        ("(data (i32.const 65536) \"data\")", "(data (i32.const 16) \"data\")"),
        ("(data (i32.const 65536) \"data\")", ""),
        ("(mut i32) (i32.const 65536)", "(mut i32) (i32.const 65535)"),
    ];
    for (from, to) in others {
        let other = wat::parse_str(STACK_FIRST.replace(from, to)).unwrap();
        let guarded = guarded(&other).unwrap();
        assert!(guarded.module == other && guarded.stack_bytes == 0, "{to}");
    }
}
