use rand::Rng as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use wasmtime::{Config, Engine, Instance, Store, Trap, UpdateDeadline};

use super::*;
use crate::limits::BULK_BYTES_MAX;

/// Two megabytes of memory and every instruction that is bounded, as a function of its operands.
const BULK: &str = r#"(module
    (memory (export "memory") 32)
    (data $passive "PASSIVE")
    (func (export "fill") (param i32 i32 i32)
        (memory.fill (local.get 0) (local.get 1) (local.get 2)))
    (func (export "copy") (param i32 i32 i32)
        (memory.copy (local.get 0) (local.get 1) (local.get 2)))
    (func (export "init") (param i32 i32 i32)
        (memory.init $passive (local.get 0) (local.get 1) (local.get 2))))"#;

/// [`BULK`] with a large passive segment.
fn bulk() -> Vec<u8> {
    let passive: String = (0..30_000).map(|n| format!("{n:05}|")).collect();
    wat::parse_str(BULK.replace("PASSIVE", &passive)).unwrap()
}

fn engine() -> Engine {
    Engine::new(Config::new().epoch_interruption(true)).unwrap()
}

/// An instance in a store that counts how often the clock is looked at: its deadline is always now.
struct Guest {
    store: Store<u32>,
    instance: Instance,
}

impl Guest {
    fn new(engine: &Engine, module: &[u8]) -> Self {
        Self::of(&wasmtime::Module::new(engine, module).unwrap())
    }

    fn of(module: &wasmtime::Module) -> Self {
        let mut store = Store::new(module.engine(), 0);
        store.epoch_deadline_callback(|mut store| {
            *store.data_mut() += 1;
            Ok(UpdateDeadline::Continue(0))
        });
        store.set_epoch_deadline(0);
        let instance = Instance::new(&mut store, module, &[]).unwrap();
        let mut guest = Self { store, instance };
        for (number, page) in (0..).zip(guest.memory().chunks_mut(4_001)) {
            page.fill(number as u8);
        }
        guest
    }

    fn memory(&mut self) -> &mut [u8] {
        self.instance.get_memory(&mut self.store, "memory").unwrap().data_mut(&mut self.store)
    }

    fn call(&mut self, name: &str, operands: (u32, u32, u32)) -> Result<(), Trap> {
        let function = self.instance.get_typed_func::<(u32, u32, u32), ()>(&mut self.store, name).unwrap();
        function.call(&mut self.store, operands).map_err(|error| *error.downcast_ref().unwrap())
    }

    fn looks_during(&mut self, name: &str, operands: (u32, u32, u32)) -> u32 {
        let before = *self.store.data();
        self.call(name, operands).unwrap();
        *self.store.data() - before
    }
}

#[test]
fn bounded_instructions_do_and_trap_as_the_whole_ones() {
    let (engine, original) = (engine(), bulk());
    let lowered = module(&original).unwrap();
    assert_ne!(lowered, original);
    let mut random = ChaCha8Rng::seed_from_u64(62);
    let (mut traps, mut long) = (0, 0);
    let modules = [&original, &lowered].map(|module| wasmtime::Module::new(&engine, module).unwrap());
    let [mut whole, mut pieces] = modules.each_ref().map(Guest::of);
    let edges =
        [0, 1, 65_535, 65_536, 65_537, 131_072, 180_000, 2_000_000, 2_097_151, 2_097_152, u32::MAX - 1, u32::MAX];
    for _ in 0..600 {
        let mut operand = || match random.random_range(0..4) {
            0 => edges[random.random_range(0..edges.len())],
            1 => random.random_range(0..2_097_152),
            _ => random.random_range(0..300_000),
        };
        let operands = (operand(), operand(), operand());
        let name = ["fill", "copy", "init"][random.random_range(0..3)];
        let results = [&mut whole, &mut pieces].map(|guest| guest.call(name, operands));
        assert_eq!(results[0], results[1], "{name} {operands:?}");
        if results[0].is_err() {
            // An instance that has trapped is not used again.
            [whole, pieces] = modules.each_ref().map(Guest::of);
            traps += 1;
        } else {
            long += u32::from(operands.2 > BULK_BYTES_MAX);
            assert!(whole.memory() == pieces.memory(), "{name} {operands:?}");
        }
    }
    assert!(traps > 50 && long > 50, "{traps} traps, {long} long ones: the operands are not well chosen");
}

#[test]
fn a_copy_over_itself_is_right_in_both_directions() {
    let (engine, original) = (engine(), bulk());
    let lowered = module(&original).unwrap();
    let [mut whole, mut pieces] = [&original, &lowered].map(|module| Guest::new(&engine, module));
    for distance in [1, 3, 65_535, 65_536, 65_537, 200_000] {
        for operands in [(100, 100 + distance, 1_000_000), (100 + distance, 100, 1_000_000), (7, 7, 1_000_000)] {
            assert_eq!(whole.call("copy", operands), Ok(()));
            assert_eq!(pieces.call("copy", operands), Ok(()));
            assert!(whole.memory() == pieces.memory(), "{operands:?}");
        }
    }
}

#[test]
fn the_clock_is_looked_at_for_each_piece() {
    let (engine, original) = (engine(), bulk());
    let lowered = module(&original).unwrap();
    let [mut whole, mut pieces] = [&original, &lowered].map(|module| Guest::new(&engine, module));
    for (name, operands, expected) in [
        ("fill", (0, 7, 2_000_000), 30),
        ("copy", (0, 100_000, 1_000_000), 15),
        ("copy", (100_000, 0, 1_000_000), 15),
        ("init", (0, 0, 180_000), 2),
    ] {
        let [before, after] = [&mut whole, &mut pieces].map(|guest| guest.looks_during(name, operands));
        assert!(before <= 3, "{name}: the engine looks by itself now: {before} times");
        assert!(after >= expected, "{name}: {after} looks");
    }
}

#[test]
fn what_is_small_or_absent_stays_byte_for_byte() {
    let stays = [
        "(module)",
        "(module (memory 1) (func (memory.copy (i32.const 0) (i32.const 9) (i32.const 4096))))",
        "(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 9) (i32.const 24))))",
        r#"(module (import "a" "f" (func $f)) (func (loop (call $f) (br 0))) (data "x") (memory 1))"#,
    ];
    for text in stays {
        let bytes = wat::parse_str(text).unwrap();
        assert_eq!(module(&bytes).unwrap(), bytes, "{text}");
    }
    let component = wat::parse_str(format!("(component (type string) {})", "(core module (memory 1))")).unwrap();
    assert_eq!(bounded(&component).unwrap(), component);
}

#[test]
fn a_length_that_only_looks_constant_is_bounded() {
    for body in [
        "(i32.const 0) (i32.const 0) (i32.const 4097) memory.fill",
        "(i32.const 0) (i32.const 0) (i32.const -1) memory.fill",
        "(i32.const 0) (i32.const 0) (block (result i32) (i32.const 9)) memory.fill",
        "(i32.const 0) (i32.const 0) (local.get 0) (i32.const 9) drop memory.fill",
        "(i32.const 0) (i32.const 0) (i32.const 1) (i32.shl (i32.const 9)) memory.fill",
    ] {
        let bytes = wat::parse_str(format!("(module (memory 1) (func (param i32) {body}))")).unwrap();
        let lowered = module(&bytes).unwrap();
        assert_ne!(lowered, bytes, "{body}");
        wasmparser::validate(&lowered).unwrap();
    }
}

#[test]
fn long_code_without_loops_looks_at_the_clock() {
    let roots = "f64.sqrt ".repeat(100_000);
    let text = format!("(module (func (export \"f\") (param f64) (result f64) local.get 0 {roots}))");
    let lowered = module(&wat::parse_str(text).unwrap()).unwrap();
    wasmparser::validate(&lowered).unwrap();
    assert_eq!(calls_of_added(&lowered), 6);
    // A call of the host runs for as long as the host needs, and looks at no clock.
    let text = format!(r#"(module (import "a" "f" (func $f)) (func {}))"#, "(call $f)".repeat(100));
    let lowered = module(&wat::parse_str(text).unwrap()).unwrap();
    wasmparser::validate(&lowered).unwrap();
    assert_eq!(calls_of_added(&lowered), 12);
}

/// How often a module with one function of its own calls another one that is not imported.
fn calls_of_added(lowered: &[u8]) -> usize {
    let module = Module::read(lowered).unwrap();
    let instructions = module.bodies[0].get_operators_reader().unwrap().into_iter();
    let is_added = |function: u32| function > module.imported;
    let calls = instructions.filter(
        |instruction| matches!(instruction, Ok(wasmparser::Operator::Call { function_index }) if is_added(*function_index)),
    );
    calls.count()
}

#[test]
fn a_thousand_segments_are_each_initialised_from_their_own() {
    let data: String = (0..1_000).map(|n| format!("(data \"{n:04}\")")).collect();
    let inits: String =
        (0..1_000).map(|n| format!("(memory.init {n} (i32.const {}) (i32.const 0) (local.get 0))", 4 * n)).collect();
    let text =
        format!("(module (memory (export \"memory\") 1) {data} (func (export \"f\") (param i32 i32 i32) {inits}))");
    let lowered = module(&wat::parse_str(text).unwrap()).unwrap();
    let engine = engine();
    let mut guest = Guest::new(&engine, &lowered);
    guest.call("f", (4, 0, 0)).unwrap();
    let expected: String = (0..1_000).map(|n| format!("{n:04}")).collect();
    assert_eq!(&guest.memory()[..4_000], expected.as_bytes());
}
