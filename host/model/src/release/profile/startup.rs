//! What making an instance costs, which is done for every message and looks at no deadline.
//!
//! A module's data are mapped, which costs nothing, where they lie at constant places in a memory of its own. All other
//! data are copied, and segments of elements are walked, each time.

use wasmparser::{BinaryReaderError, Data, DataKind, ElementItems, Operator, Payload, TypeRef};

use super::{Refusal, invalid};
use crate::limits::ReleaseLimits;
use crate::limits::STARTUP_COPY_BYTES_MAX;

/// Bytes of a page of linear memory (core specification, section 4.2.8).
const PAGE_BYTES: u64 = 1 << 16;

/// What a segment costs besides its content, in bytes that could be copied instead.
const SEGMENT_COST_BYTES: u64 = 64;

/// The cost so far.
pub(super) struct Startup {
    memory_bytes_max: u64,
    table_elements_max: u64,
    elements: u64,
    copied_bytes: u64,
    module: Module,
}

/// The module that is being read.
#[derive(Default)]
struct Module {
    /// The size of the memory that it defines; none if it defines none.
    own_memory_bytes: Option<u64>,
    imports_memory: bool,
    active_bytes: u64,
    /// Whether its data can only be put into place one by one.
    is_copied: bool,
}

impl Startup {
    pub(super) fn new(limits: &ReleaseLimits) -> Self {
        let (memory, table) = (limits.memory_bytes_max as u64, limits.table_elements_max as u64);
        Self {
            memory_bytes_max: memory,
            table_elements_max: table,
            elements: 0,
            copied_bytes: 0,
            module: Module::default(),
        }
    }

    pub(super) fn begin_module(&mut self) {
        self.module = Module::default();
    }

    pub(super) fn end_module(&mut self) {
        if self.module.is_copied {
            self.copied_bytes = self.copied_bytes.saturating_add(self.module.active_bytes);
        }
    }

    pub(super) fn take(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    self.module.imports_memory |= matches!(import.map_err(invalid)?.ty, TypeRef::Memory(_));
                }
            }
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    let (bytes, bytes_max) =
                        (memory.map_err(invalid)?.initial.saturating_mul(PAGE_BYTES), self.memory_bytes_max);
                    if bytes > bytes_max {
                        return Err(Refusal::Memory { bytes, bytes_max });
                    }
                    self.module.own_memory_bytes = Some(bytes);
                }
            }
            Payload::TableSection(section) => {
                for table in section.clone() {
                    let (elements, elements_max) = (table.map_err(invalid)?.ty.initial, self.table_elements_max);
                    if elements > elements_max {
                        return Err(Refusal::Table { elements, elements_max });
                    }
                }
            }
            Payload::ElementSection(section) => {
                for segment in section.clone() {
                    let items = match segment.map_err(invalid)?.items {
                        ElementItems::Functions(items) => items.count(),
                        ElementItems::Expressions(_, items) => items.count(),
                    };
                    self.elements = self.elements.saturating_add(u64::from(items) + 1);
                }
            }
            Payload::DataSection(section) => {
                for segment in section.clone() {
                    segment.and_then(|segment| self.module.segment(&segment)).map_err(invalid)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.elements > self.table_elements_max {
            return Err(Refusal::Needless(format!(
                "more elements of tables ({}) than the {} that a table may have",
                self.elements, self.table_elements_max
            )));
        }
        if self.copied_bytes > STARTUP_COPY_BYTES_MAX {
            return Err(Refusal::Needless(format!(
                "data that have to be copied for every message ({} bytes, at most {STARTUP_COPY_BYTES_MAX})",
                self.copied_bytes
            )));
        }
        Ok(())
    }
}

impl Module {
    fn segment(&mut self, segment: &Data<'_>) -> Result<(), BinaryReaderError> {
        let DataKind::Active { offset_expr, .. } = &segment.kind else { return Ok(()) };
        let bytes = segment.data.len() as u64;
        self.active_bytes = self.active_bytes.saturating_add(bytes.max(SEGMENT_COST_BYTES));
        let mut offset = offset_expr.get_operators_reader();
        let constant = match (offset.read()?, offset.read()?) {
            (Operator::I32Const { value }, Operator::End) => Some(u64::from(value.cast_unsigned())),
            _ => None,
        };
        let end = constant.map(|start| start + bytes);
        let is_inside = matches!((end, self.own_memory_bytes), (Some(end), Some(size)) if end <= size);
        self.is_copied |= self.imports_memory || !is_inside;
        Ok(())
    }
}
