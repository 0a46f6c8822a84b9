//! Runs a model's initialiser once and stores the memory that it leaves.
//!
//! The component is instrumented so that its memories and globals can be read from outside, compiled with
//! the fast baseline compiler, instantiated without anything but `log`, and asked to `prepare` itself. What
//! its memory then holds replaces the data segments of the original component. Nothing of this depends on
//! time, randomness or addresses, so the same component and data give the same bytes.

mod engine;
mod notes;
mod state;

use std::time::Duration;

use switchback::verdict::Logged;
use wasmtime::component::{Component as Compiled, Instance, Linker};
use wasmtime::{Engine, Store, Trap};
use wasmtime_wizer::Wizer;

use self::engine::Alarm;
use self::notes::Notes;
use self::state::State;
use crate::component::Component;
use crate::error::PackError;
use crate::limits::PREPARE_MEMORY_BYTES_MAX;

/// The most bytes of `prepare`'s error that are kept: what the SDK keeps of one.
const ERROR_BYTES_MAX: usize = 1_024;

/// The function of the contract that initialises a model.
pub(crate) const PREPARE: &str = "prepare";

/// A model after its `prepare`.
pub(crate) struct Snapshot {
    pub(crate) component: Vec<u8>,
    /// How large its memory is, in bytes.
    pub(crate) memory_bytes: u64,
    /// What it logged.
    pub(crate) log: Logged,
}

/// Initialises `component` with `data`: the result is a component whose memory starts as `prepare` left it.
///
/// It still exports `prepare`, because the contract's world has it, and no host calls it.
pub(crate) fn snapshot(component: &Component, data: &[u8], time_max: Duration) -> Result<Snapshot, PackError> {
    let mut wizer = Wizer::new();
    // Both names, because the rewriter drops the export otherwise and leaves the function that it names.
    wizer.init_func(PREPARE).keep_init_func(true);
    let (context, instrumented) = wizer.instrument_component(&component.bytes).map_err(|error| unsupported(&error))?;
    let (engine, compiled) = engine::compile(&instrumented).map_err(|error| unsupported(&error))?;
    let mut initialised = Initialised::run(&engine, &compiled, data, time_max)?;
    let mut state = State::new(&mut initialised.store, initialised.instance, component.stack_bytes);
    let rewritten = state::ready(wizer.snapshot_component(&context, &mut state));
    let memory_bytes = state.read().map_err(|why| PackError::Snapshot { why })?;
    let rewritten = rewritten.map_err(|error| PackError::Snapshot { why: format!("{error:#}") })?;
    wasmparser::validate(&rewritten).map_err(|error| PackError::Snapshot { why: error.to_string() })?;
    Ok(Snapshot { component: rewritten, memory_bytes, log: initialised.log })
}

fn unsupported(error: &wasmtime::Error) -> PackError {
    PackError::Unsupported { why: format!("{error:#}") }
}

/// An instance after its `prepare`.
struct Initialised {
    store: Store<Notes>,
    instance: Instance,
    log: Logged,
}

impl Initialised {
    fn run(engine: &Engine, compiled: &Compiled, data: &[u8], time_max: Duration) -> Result<Self, PackError> {
        let mut store = Store::new(engine, Notes::new(PREPARE_MEMORY_BYTES_MAX));
        store.limiter(|notes| notes);
        store.set_epoch_deadline(1);
        let alarm = Alarm::set(engine, time_max);
        let outcome = instantiate_and_prepare(&mut store, compiled, data);
        drop(alarm);
        let log = store.data_mut().take_log();
        match outcome {
            Ok((instance, Ok(()))) => {
                // Reading a memory takes one more page of it, and hands over all of it.
                store.data_mut().lift_limits();
                store.set_hostcall_fuel(usize::MAX);
                Ok(Self { store, instance, log })
            }
            Ok((_, Err(message))) => Err(PackError::PrepareFailed { message: cut(message), log }),
            Err(error) if error.downcast_ref::<Trap>() == Some(&Trap::Interrupt) => {
                Err(PackError::PrepareTimeout { limit: time_max, log })
            }
            Err(error) if error.downcast_ref::<Trap>() == Some(&Trap::StackOverflow) => {
                Err(PackError::PrepareStack { log })
            }
            Err(_) if store.data().was_refused_memory() => {
                Err(PackError::PrepareMemory { bytes_max: PREPARE_MEMORY_BYTES_MAX, log })
            }
            Err(error) => Err(PackError::PrepareTrapped { trap: trap(&error, &log), log }),
        }
    }
}

/// What the engine says, and that the guest said nothing.
fn trap(error: &wasmtime::Error, log: &Logged) -> String {
    let trap = error.root_cause().to_string();
    match error.downcast_ref() {
        Some(Trap::UnreachableCodeReached) if log.last_error().is_none() => {
            format!("{trap} (an abort, `unreachable`, or a panic while a panic was told: it said nothing)")
        }
        _ => trap,
    }
}

/// As much of a guest's error as is kept.
fn cut(mut message: String) -> String {
    if message.len() > ERROR_BYTES_MAX {
        message.truncate(message.floor_char_boundary(ERROR_BYTES_MAX));
        message.push('…');
    }
    message
}

type Prepared = Result<(), String>;

fn instantiate_and_prepare(
    store: &mut Store<Notes>,
    compiled: &Compiled,
    data: &[u8],
) -> wasmtime::Result<(Instance, Prepared)> {
    let mut linker = Linker::new(store.engine());
    notes::add_log(&mut linker, compiled)?;
    linker.define_unknown_imports_as_traps(compiled)?;
    let instance = linker.instantiate(&mut *store, compiled)?;
    let prepare = instance.get_typed_func::<(&[u8],), (Prepared,)>(&mut *store, PREPARE)?;
    let (prepared,) = prepare.call(&mut *store, (data,))?;
    Ok((instance, prepared))
}
