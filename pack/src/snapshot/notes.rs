//! What an initialiser may use of the host: a log, and memory up to a limit.

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, Val};
use wasmtime::{ResourceLimiter, Result, StoreLimits, StoreLimitsBuilder};

use crate::component::CONTRACT_PACKAGE;

/// The most log lines that are kept; the contract's own limit for one message.
const LINES_MAX: usize = 64;
/// The most bytes of a line that are kept; the contract's own limit.
const LINE_BYTES_MAX: usize = 1024;

/// The state beside an initialiser's instance.
pub(super) struct Notes {
    lines: Vec<String>,
    limits: StoreLimits,
}

impl Notes {
    pub(super) fn new(memory_bytes_max: usize) -> Self {
        Self { lines: Vec::new(), limits: StoreLimitsBuilder::new().memory_size(memory_bytes_max).build() }
    }

    pub(super) fn limits(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.limits
    }

    pub(super) fn lift_limits(&mut self) {
        self.limits = StoreLimits::default();
    }

    pub(super) fn take_lines(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    fn keep(&mut self, level: &str, line: &str) {
        if self.lines.len() < LINES_MAX {
            let cut = line.floor_char_boundary(LINE_BYTES_MAX);
            self.lines.push(format!("{level}: {}", &line[..cut]));
        }
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
                    store.data_mut().keep(level, line);
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}
