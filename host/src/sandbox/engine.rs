//! How wasmtime is set up, and why.

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Result};

use super::fault::of_system;
use crate::limits::{
    CORE_INSTANCES_MAX, INSTANCE_METADATA_BYTES_MAX, KEEP_RESIDENT_BYTES, Limits, MEMORIES_MAX,
    TABLE_KEEP_RESIDENT_BYTES, TABLES_MAX, WASM_STACK_BYTES_MAX,
};
use crate::shortage::InWords;

/// The engine of a process: with a pool of instances, or without one where there is no address space for it.
pub(crate) fn new(limits: &Limits, instances: u32) -> Result<Engine> {
    let pool = InstanceAllocationStrategy::Pooling(pool(limits, instances));
    let pooled = Engine::new(config(limits).allocation_strategy(pool));
    let Some(system) = pooled.as_ref().err().and_then(of_system) else { return pooled };
    let why = InWords(&system);
    tracing::warn!(
        %why, instances,
        "no address space for a pool of instances (4 GiB for each), so each message reserves and gives back what it needs, \
         which takes longer; where the limit has to stay, ask for fewer instances"
    );
    frugal(limits)
}

/// An engine that reserves nothing ahead. What it compiles checks each access to memory, which the pool's guards do not need.
fn frugal(limits: &Limits) -> Result<Engine> {
    let mut config = config(limits);
    config
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .memory_reservation(0)
        .memory_reservation_for_growth(GROWTH_BYTES)
        .memory_guard_size(GUARD_BYTES);
    Engine::new(&config)
}

/// What is the same with a pool and without.
fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        // However sparse a model's memory is, it is mapped and not copied into each instance.
        .memory_guaranteed_dense_image_size(limits.memory_bytes_max.saturating_add(1))
        .max_wasm_stack(WASM_STACK_BYTES_MAX)
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
    let scan = PoolingAllocationConfig::is_pagemap_scan_available();
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
        // Without the scan (Linux before 6.7), resetting resident pages costs more than faulting them in.
        pool.linear_memory_keep_resident(KEEP_RESIDENT_BYTES).table_keep_resident(TABLE_KEEP_RESIDENT_BYTES);
    }
    pool
}

/// Core instances of one model: itself and the one that gives it its imports. What was not packed by this project's tools
/// may have a third, which `wit-component` joins the two with.
const CORE_INSTANCES_PER_MODEL: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compiled_without_a_pool_is_kept_apart() {
        let limits = Limits::default();
        let hash = |engine: Engine| {
            use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
            BuildHasherDefault::<DefaultHasher>::default().hash_one(engine.precompile_compatibility_hash())
        };
        assert_ne!(hash(new(&limits, 1).unwrap()), hash(frugal(&limits).unwrap()));
    }

    #[test]
    fn more_than_the_address_space_holds_is_done_without() {
        // 47 bits hold 32,768 reservations of 4 GiB.
        let engine = new(&Limits::default(), 40_000).unwrap();
        assert!(wasmtime::component::Component::new(&engine, b"\0asm\x0d\0\x01\0").is_ok());
    }
}
