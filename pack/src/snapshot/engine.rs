//! The engine that runs initialisers: compiled fast, run once.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use rayon::ThreadPoolBuilder;
use wasmtime::component::Component;
use wasmtime::{Config, Engine, Result, Strategy};

use crate::limits::PREPARE_CALLS_BYTES_MAX;

/// Compiles with the baseline compiler, which takes a quarter of the time for code that runs once. It
/// lacks some instructions on some processors (SIMD without AVX, for one); the other compiler has all.
pub(super) fn compile(component: &[u8]) -> Result<(Engine, Component)> {
    compile_with(Strategy::Winch, component).or_else(|_| compile_with(Strategy::Cranelift, component))
}

pub(super) fn compile_with(strategy: Strategy, component: &[u8]) -> Result<(Engine, Component)> {
    let mut config = Config::new();
    config
        .strategy(strategy)
        .epoch_interruption(true)
        .max_wasm_stack(PREPARE_CALLS_BYTES_MAX)
        .concurrency_support(false)
        .wasm_gc(false)
        .gc_support(false)
        .wasm_relaxed_simd(false)
        // The bits of a NaN would otherwise depend on the compiler and the processor, and so would the release.
        .cranelift_nan_canonicalization(true);
    let engine = Engine::new(&config)?;
    // On threads that end with it: those that all of a process share are none of a fork of it, which would wait for them for ever.
    let threads = ThreadPoolBuilder::new().build()?;
    let compiled = threads.install(|| Component::new(&engine, component))?;
    Ok((engine, compiled))
}

/// Interrupts what an engine runs when its time is up, unless it is dropped before.
pub(super) struct Alarm {
    _cancel: Sender<()>,
}

impl Alarm {
    pub(super) fn set(engine: &Engine, time: Duration) -> Self {
        let (cancel, cancelled) = mpsc::channel();
        let engine = engine.weak();
        thread::spawn(move || {
            if cancelled.recv_timeout(time) == Err(RecvTimeoutError::Timeout)
                && let Some(engine) = engine.upgrade()
            {
                engine.increment_epoch();
            }
        });
        Self { _cancel: cancel }
    }
}
