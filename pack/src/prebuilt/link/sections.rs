//! The sections of the one module, to which each module adds its own.

use wasm_encoder::reencode::{Error, Reencode as _};
use wasm_encoder::{
    CodeSection, DataCountSection, DataSection, ElementSection, ExportSection, FunctionSection, GlobalSection,
    ImportSection, MemorySection, Module as Encoded, NameSection, TableSection, TypeSection,
};

use super::renumbered::{Renumbered, Unknown};
use crate::prebuilt::module::Module;

/// What the one module consists of.
#[derive(Default)]
pub(super) struct Sections {
    pub(super) types: TypeSection,
    pub(super) imports: ImportSection,
    pub(super) functions: FunctionSection,
    pub(super) tables: TableSection,
    pub(super) memories: MemorySection,
    pub(super) globals: GlobalSection,
    pub(super) exports: ExportSection,
    pub(super) elements: ElementSection,
    pub(super) code: CodeSection,
    pub(super) data: DataSection,
}

impl Sections {
    pub(super) fn add(&mut self, module: &Module<'_>, renumbered: &mut Renumbered<'_>) -> Result<(), Error<Unknown>> {
        if let Some(types) = &module.types {
            renumbered.parse_type_section(&mut self.types, types.clone())?;
        }
        if let Some(functions) = &module.functions {
            renumbered.parse_function_section(&mut self.functions, functions.clone())?;
        }
        if let Some(tables) = &module.tables {
            renumbered.parse_table_section(&mut self.tables, tables.clone())?;
        }
        if let Some(memories) = &module.memories {
            renumbered.parse_memory_section(&mut self.memories, memories.clone())?;
        }
        if let Some(globals) = &module.globals {
            renumbered.parse_global_section(&mut self.globals, globals.clone())?;
        }
        if let Some(elements) = &module.elements {
            renumbered.parse_element_section(&mut self.elements, elements.clone())?;
        }
        for body in &module.bodies {
            renumbered.parse_function_body(&mut self.code, body.clone())?;
        }
        if let Some(data) = &module.data {
            renumbered.parse_data_section(&mut self.data, data.clone())?;
        }
        Ok(())
    }

    pub(super) fn finish(self, names: &NameSection) -> Vec<u8> {
        let mut module = Encoded::new();
        module.section(&self.types).section(&self.imports).section(&self.functions).section(&self.tables);
        module.section(&self.memories).section(&self.globals).section(&self.exports).section(&self.elements);
        module.section(&DataCountSection { count: self.data.len() }).section(&self.code).section(&self.data);
        module.section(names);
        module.finish()
    }
}
