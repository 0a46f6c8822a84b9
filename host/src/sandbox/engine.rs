//! How wasmtime is set up, and why.

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Result};

use crate::limits::{
    CORE_INSTANCES_MAX, INSTANCE_METADATA_BYTES_MAX, KEEP_RESIDENT_BYTES, Limits, MEMORIES_MAX,
    TABLE_KEEP_RESIDENT_BYTES, TABLES_MAX, WASM_STACK_BYTES_MAX,
};

/// The engine of a process.
pub(crate) fn new(limits: &Limits, instances: u32) -> Result<Engine> {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        // However sparse a model's memory is, it is mapped and not copied into each instance.
        .memory_guaranteed_dense_image_size(limits.memory_bytes_max.saturating_add(1))
        .max_wasm_stack(WASM_STACK_BYTES_MAX)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits, instances)))
        // Calls are synchronous; without the bookkeeping for concurrent ones an instance costs less.
        .concurrency_support(false);
    only_what_models_need(&mut config);
    bit_for_bit(&mut config);
    Engine::new(&config)
}

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
