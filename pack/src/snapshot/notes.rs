//! What an initialiser may use of the host: a log, and memory up to a limit.

use switchback::verdict::{LogLevel, Logged};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, Val};
use wasmtime::{ResourceLimiter, Result};

use crate::component::CONTRACT_PACKAGE;

/// The most log lines that are kept; the contract's own limit for one message.
const LINES_MAX: usize = 64;

/// The state beside an initialiser's instance.
pub(super) struct Notes {
    log: Logged,
    memory_bytes_max: usize,
    was_refused_memory: bool,
}

impl Notes {
    pub(super) fn new(memory_bytes_max: usize) -> Self {
        Self { log: Logged::default(), memory_bytes_max, was_refused_memory: false }
    }

    pub(super) fn lift_limits(&mut self) {
        self.memory_bytes_max = usize::MAX;
    }

    /// Whether more memory was asked for than there may be: whoever is refused it aborts, and would look as if it had trapped
    /// for no reason.
    pub(super) fn was_refused_memory(&self) -> bool {
        self.was_refused_memory
    }

    pub(super) fn take_log(&mut self) -> Logged {
        std::mem::take(&mut self.log)
    }
}

impl ResourceLimiter for Notes {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let granted = desired <= self.memory_bytes_max;
        self.was_refused_memory |= !granted;
        Ok(granted)
    }

    fn table_growing(&mut self, _current: usize, _desired: usize, _maximum: Option<usize>) -> Result<bool> {
        // A host refuses what grows a table.
        Ok(true)
    }
}

/// Offers `log` at whatever version the component imports it.
pub(super) fn add_log(linker: &mut Linker<Notes>, component: &Component) -> Result<()> {
    let interface = format!("{CONTRACT_PACKAGE}log");
    let ty = component.component_type();
    for (name, item) in ty.imports(component.engine()) {
        let is_log = name.split('@').next() == Some(interface.as_str());
        if is_log && matches!(item.ty, ComponentItem::ComponentInstance(_)) {
            linker.instance(name)?.func_new("log", |mut store, _, arguments, _| {
                if let [Val::Enum(level), Val::String(line)] = arguments {
                    let level = LogLevel::ALL.into_iter().find(|known| known.name() == level);
                    store.data_mut().log.push(level.unwrap_or(LogLevel::Error), line, LINES_MAX);
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}
