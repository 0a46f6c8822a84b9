//! What a call does to its guest's memory, for whoever measures a model.

use std::time::Instant;

use switchback_model::message::{Message, Recipients};
use wasmtime::component::{Instance, TypedFunc};
use wasmtime::{Store, UpdateDeadline};

use super::{Fault, Loaded, ScoreError};
use crate::bindings::{Plugin, PluginPre};
use crate::borrowed::borrowed;
use crate::clock::{Clock, ticks};
use crate::guest::Guest;

/// What one call did to its guest's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// The lowest address that the end of the guest's stack had.
    pub stack_end: u32,
    /// The memory before the call, in bytes.
    pub memory_before: usize,
    /// The memory after it, in bytes. A memory never shrinks.
    pub memory_after: usize,
    /// The numbers of the pages that hold something else after the call than before it, in their order.
    pub written: Vec<u32>,
}

impl Probe {
    /// The export that returns the lowest address that the end of the stack had, `func() -> u32`.
    pub const STACK: &str = "lowest-stack";
    /// The export that returns a hash of a page, 0 for one of zeros, `func(page: u32) -> u64`.
    pub const PAGE: &str = "page-hash";
    /// Bytes of a page.
    pub const PAGE_BYTES: usize = 4 << 10;
}

impl Loaded {
    /// Scores one message and asks the guest, which has to export [`Probe::STACK`] and [`Probe::PAGE`], what that did to its memory.
    #[doc(hidden)]
    pub fn probe(&self, message: &Message) -> Result<Probe, ScoreError> {
        self.with_room(|| {
            message.prepare();
            let (code, mut store) = self.store(message, Recipients::Masked)?;
            let probed = self.heed_signals(Instant::now()).and_then(|_unblocked| {
                let failed =
                    |error, guest| Fault::of(&error, guest, &self.limits).unwrap_or_else(|| Fault::of_misuse(&error));
                self.probed(code, &mut store).map_err(|error| failed(error, store.data()))
            });
            let log = store.data_mut().log.take();
            probed.map_err(|fault| ScoreError { release: self.id.clone(), fault, log })
        })
    }

    fn probed(&self, code: &PluginPre<Guest>, store: &mut Store<Guest>) -> wasmtime::Result<Probe> {
        let instance = code.instance_pre().instantiate(&mut *store)?;
        let memory_before = store.data().limiter.memory_bytes;
        let before = hashes(store, &instance)?;
        let plugin = Plugin::new(&mut *store, &instance)?;
        store.data_mut().clock = Clock::start(self.limits.deadline);
        store.set_epoch_deadline(ticks(self.limits.deadline));
        // Neither an answer nor a refusal is of interest here.
        let _ = plugin.call_score(&mut *store, borrowed())?;
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Continue(1)));
        let stack: TypedFunc<(), (u32,)> = instance.get_typed_func(&mut *store, Probe::STACK)?;
        let (stack_end,) = stack.call(&mut *store, ())?;
        let after = hashes(store, &instance)?;
        let was = before.into_iter().chain(std::iter::repeat(0));
        let written = (0..).zip(after).zip(was).filter(|((_, is), was)| is != was).map(|((page, _), _)| page);
        Ok(Probe {
            stack_end,
            memory_before,
            memory_after: store.data().limiter.memory_bytes,
            written: written.collect(),
        })
    }
}

/// A hash of each page.
fn hashes(store: &mut Store<Guest>, instance: &Instance) -> wasmtime::Result<Vec<u64>> {
    let page: TypedFunc<(u32,), (u64,)> = instance.get_typed_func(&mut *store, Probe::PAGE)?;
    let pages = store.data().limiter.memory_bytes / Probe::PAGE_BYTES;
    (0..u32::try_from(pages)?).map(|number| Ok(page.call(&mut *store, (number,))?.0)).collect()
}
