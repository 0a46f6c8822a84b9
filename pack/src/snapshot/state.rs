//! Reads the memories and globals of an initialised instance.

use std::collections::HashMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use wasmtime::component::{Instance, Lift, WasmList};
use wasmtime::{Result, Store, error::Context as _};
use wasmtime_wizer::ComponentInstanceState;

use super::notes::Notes;

/// The state of an instance, through the functions that instrumentation added.
pub(super) struct State<'a> {
    store: &'a mut Store<Notes>,
    instance: Instance,
    /// Memories by the function that returns them. They are asked for twice, and every call grows the
    /// memory by a page, so both get what the first call found.
    memories: HashMap<String, Vec<u8>>,
    /// How much of the model's memory is its stack.
    stack_bytes: usize,
    /// The first global, which is read before any memory: the stack's pointer, if there is a stack.
    pointer: Option<i32>,
    /// The first thing that went wrong; the trait has no room for it.
    fault: Option<String>,
}

impl<'a> State<'a> {
    pub(super) fn new(store: &'a mut Store<Notes>, instance: Instance, stack_bytes: usize) -> Self {
        Self { store, instance, memories: HashMap::new(), stack_bytes, pointer: None, fault: None }
    }

    /// How many bytes of memory were read, or why they could not be.
    pub(super) fn read(self) -> std::result::Result<u64, String> {
        let bytes = self.memories.values().map(|memory| memory.len() as u64).sum();
        self.fault.map_or(Ok(bytes), Err)
    }

    fn call<R: Lift + Send + Sync + 'static>(&mut self, instance: &str, func: &str) -> Result<R> {
        let store = &mut *self.store;
        let instance = self.instance.get_export_index(&mut *store, None, instance).context("no access instance")?;
        let index = self.instance.get_export_index(&mut *store, Some(&instance), func).context("no access function")?;
        Ok(self.instance.get_typed_func::<(), (R,)>(&mut *store, index)?.call(store, ())?.0)
    }

    fn call_or_default<R: Lift + Default + Send + Sync + 'static>(&mut self, instance: &str, func: &str) -> R {
        let result = self.call(instance, func);
        self.keep_fault(func, result)
    }

    fn memory(&mut self, instance: &str, func: &str) -> Result<Vec<u8>> {
        let list: WasmList<u8> = self.call(instance, func)?;
        let mut memory = list.as_le_slice(&*self.store).to_vec();
        let is_unused = self.pointer.is_some_and(|pointer| usize::try_from(pointer) == Ok(self.stack_bytes));
        if is_unused && let Some(stack) = memory.get_mut(..self.stack_bytes) {
            stack.fill(0);
        }
        Ok(memory)
    }

    fn keep_fault<R: Default>(&mut self, func: &str, result: Result<R>) -> R {
        result.unwrap_or_else(|error| {
            let why = error.root_cause();
            self.fault.get_or_insert_with(|| format!("cannot read `{func}` of the initialised model: {why}"));
            R::default()
        })
    }
}

impl ComponentInstanceState for State<'_> {
    async fn call_func_ret_list_u8(&mut self, instance: &str, func: &str, contents: impl FnOnce(&[u8]) + Send) {
        if !self.memories.contains_key(func) {
            let memory = self.memory(instance, func);
            let memory = self.keep_fault(func, memory);
            self.memories.insert(func.to_owned(), memory);
        }
        contents(&self.memories[func]);
    }

    async fn call_func_ret_s32(&mut self, instance: &str, func: &str) -> i32 {
        let value = self.call_or_default(instance, func);
        self.pointer.get_or_insert(value);
        value
    }

    async fn call_func_ret_s64(&mut self, instance: &str, func: &str) -> i64 {
        self.call_or_default(instance, func)
    }

    async fn call_func_ret_f32(&mut self, instance: &str, func: &str) -> u32 {
        self.call_or_default::<f32>(instance, func).to_bits()
    }

    async fn call_func_ret_f64(&mut self, instance: &str, func: &str) -> u64 {
        self.call_or_default::<f64>(instance, func).to_bits()
    }
}

/// The value of a future that never waits: every function above answers at once.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}
