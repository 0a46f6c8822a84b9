//! How wasmtime is set up, and why.

use switchback_model::limits::{CORE_INSTANCES_MAX, Limits};
use switchback_system::shortage::InWords;
use switchback_system::swap;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Result};

use super::fault::of_system;
use super::{SandboxConfig, signals};
use crate::limits::{
    INSTANCE_METADATA_BYTES_MAX, KEEP_RESIDENT_BYTES, MEMORIES_MAX, TABLE_KEEP_RESIDENT_BYTES, TABLES_MAX,
    WASM_STACK_BYTES_MAX,
};

/// How much address space a runtime reserves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressSpace {
    /// 4 GiB for each of the `instances`, 1 TiB for the 256 of the default, made once. It is
    /// address space, not memory: only what messages use is. Where a limit does not allow that (`ulimit -v`, LimitAS= of systemd), the runtime goes
    /// on as with [`AddressSpace::Frugal`], and says so in the log.
    #[default]
    Pooled,
    /// Nothing ahead: each message reserves what its release needs and gives it back, which takes longer. A gigabyte
    /// suffices. Releases are compiled otherwise than for a pool, so each is compiled once for both.
    Frugal,
}

/// How a guest's trap ends the guest, and not the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Traps {
    /// By signals: the engine takes SIGSEGV, SIGILL and SIGFPE for the process when a runtime is first built in it, and passes
    /// on to the handlers that were there what is not a guest's. Each thread looks before its calls, at most every half
    /// millisecond, whether its handlers are still in place.
    /// Where a program has put others there since, no guest is called: the verdict says so
    /// ([`Fault::Signals`](crate::Fault::Signals)), since a trap would end the process if they do not pass on what is not theirs.
    #[default]
    Signals,
    /// By signals, in a program whose own handlers for them, installed after a runtime was built, call those that were there
    /// before: nothing is looked at.
    ChainedSignals,
    /// Without signals: compiled code checks each access to memory and each division. No handler is installed. It takes longer,
    /// `docs/embedding.md` says how much; and the engine then compiles without its guards against speculative access
    /// to memory outside the guest's (Spectre). Releases are compiled otherwise than for signals, so each is compiled once for both.
    Checks,
}

/// The engine of a runtime.
pub(crate) fn new(config: &SandboxConfig) -> Result<Engine> {
    let engine = match config.address_space {
        AddressSpace::Pooled => pooled(config),
        AddressSpace::Frugal => frugal(config),
    };
    if engine.is_ok() && config.traps != Traps::Checks {
        signals::note_handler();
    }
    engine
}

/// An engine with a pool of instances, or without one where there is no address space for it.
fn pooled(asked: &SandboxConfig) -> Result<Engine> {
    let instances = asked.instances;
    let pool = InstanceAllocationStrategy::Pooling(pool(&asked.limits, instances));
    let pooled = Engine::new(config(asked).allocation_strategy(pool));
    let Some(system) = pooled.as_ref().err().and_then(of_system) else {
        tracing::debug!(instances, gib = u64::from(instances) * 4, "address space is reserved for a pool of instances");
        return pooled;
    };
    let why = InWords(&system);
    tracing::warn!(
        %why, instances,
        "no address space for a pool of instances (4 GiB for each), so each message reserves and gives back what it needs, \
         which takes longer; where the limit has to stay, ask for fewer instances (`RuntimeBuilder::instances`), or for none ahead \
         (`AddressSpace::Frugal`), which is the same without this warning"
    );
    frugal(asked)
}

/// An engine that reserves nothing ahead. What it compiles checks each access to memory, which the pool's guards do not need.
fn frugal(asked: &SandboxConfig) -> Result<Engine> {
    let mut config = config(asked);
    config
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .memory_reservation(0)
        .memory_reservation_for_growth(GROWTH_BYTES)
        .memory_guard_size(GUARD_BYTES);
    Engine::new(&config)
}

/// What is the same with a pool and without.
fn config(asked: &SandboxConfig) -> Config {
    let mut config = Config::new();
    config
        .signals_based_traps(asked.traps != Traps::Checks)
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        // However sparse a model's memory is, it is mapped and not copied into each instance.
        .memory_guaranteed_dense_image_size(asked.limits.memory_bytes_max.saturating_add(1))
        .max_wasm_stack(WASM_STACK_BYTES_MAX)
        // Nobody shows where in a model's code something happened, so artifacts hold nothing to find that out, and mapping one
        // registers nothing: an eighth of its bytes, all of which are hashed before they are mapped.
        .generate_address_map(false)
        .native_unwind_info(false)
        .wasm_backtrace_max_frames(None)
        // Calls are synchronous; without the bookkeeping for concurrent ones an instance costs less.
        .concurrency_support(false);
    only_what_models_need(&mut config);
    bit_for_bit(&mut config);
    config
}

/// Room to grow that a memory without a pool has before it has to be moved: a model's working set.
const GROWTH_BYTES: u64 = 1 << 20;

/// What lies between two memories without a pool: a page, whatever its size.
const GUARD_BYTES: u64 = 64 << 10;

/// A proposal that no model needs is attack surface for nothing.
fn only_what_models_need(config: &mut Config) {
    config
        .wasm_simd(true)
        .wasm_bulk_memory(true)
        .wasm_multi_value(true)
        .wasm_reference_types(true)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_extended_const(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_exceptions(false)
        .wasm_function_references(false)
        .wasm_gc(false)
        .gc_support(false);
}

/// A score can be computed again on another machine: the bits of a NaN are the only thing that
/// WebAssembly leaves open without relaxed SIMD.
fn bit_for_bit(config: &mut Config) {
    config.cranelift_nan_canonicalization(true);
}

/// Slots for instances, made once. A slot keeps the pages that its last release used, so that the next
/// message of that release needs no system call but the one that asks which pages were written.
fn pool(limits: &Limits, instances: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    let scan = PoolingAllocationConfig::is_pagemap_scan_available() && !can_be_swapped_out();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES_PER_MODEL))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(TABLES_MAX))
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_memories_per_module(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .max_tables_per_module(TABLES_MAX)
        .max_component_instance_size(INSTANCE_METADATA_BYTES_MAX)
        .max_core_instance_size(INSTANCE_METADATA_BYTES_MAX)
        .max_memory_size(usize::try_from(limits.memory_bytes_max).unwrap_or(usize::MAX))
        .table_elements(usize::try_from(limits.table_elements_max).unwrap_or(usize::MAX))
        // Below the total, slots forget the release that they held, and each instance maps its image anew.
        .max_unused_warm_slots(instances)
        .pagemap_scan(if scan { Enabled::Yes } else { Enabled::No });
    if scan {
        // Without the scan (Linux before 6.7, or swap), resetting resident pages costs more than faulting them in.
        pool.linear_memory_keep_resident(KEEP_RESIDENT_BYTES).table_keep_resident(TABLE_KEEP_RESIDENT_BYTES);
    }
    pool
}

/// Whether the scan would take a page that was swapped out for one that nobody wrote to, which the next message would find
/// (wasmtime#14357).
fn can_be_swapped_out() -> bool {
    let is_possible = swap::is_possible();
    if is_possible {
        tracing::info!(
            "memory can be swapped out here, so that of a model is given back after each message, which takes longer; \
             MemorySwapMax=0 of systemd spares that"
        );
    }
    is_possible
}

/// Core instances of one model: itself and the one that gives it its imports. What was not packed by this project's tools
/// may have a third, which `wit-component` joins the two with.
const CORE_INSTANCES_PER_MODEL: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compiled_without_a_pool_or_without_signals_is_kept_apart() {
        let asked = |address_space, traps| SandboxConfig { address_space, traps, ..SandboxConfig::of(1) };
        let hash = |engine: Engine| {
            use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
            BuildHasherDefault::<DefaultHasher>::default().hash_one(engine.precompile_compatibility_hash())
        };
        let ways = [
            (AddressSpace::Pooled, Traps::Signals),
            (AddressSpace::Frugal, Traps::Signals),
            (AddressSpace::Pooled, Traps::Checks),
            (AddressSpace::Frugal, Traps::Checks),
        ];
        let hashes: std::collections::BTreeSet<_> =
            ways.map(|(space, traps)| hash(new(&asked(space, traps)).unwrap())).into();
        assert_eq!(hashes.len(), ways.len());
    }

    #[test]
    fn more_than_the_address_space_holds_is_done_without() {
        // 47 bits hold 32,768 reservations of 4 GiB.
        let engine = new(&SandboxConfig::of(40_000)).unwrap();
        assert!(wasmtime::component::Component::new(&engine, b"\0asm\x0d\0\x01\0").is_ok());
    }
}
