//! The model, which gets the shim's table and functions.

use std::collections::BTreeMap;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, ImportSection, Module, RefType, SectionId,
    TableSection, TableType,
};
use wasmparser::{
    CodeSectionReader, CompositeInnerType, ExportSectionReader, FunctionSectionReader, ImportSectionReader, Parser,
    Payload, TableSectionReader, TypeRef,
};

use super::{TABLE, Unexpected};

/// A model's module while it is rewritten. Its functions keep their numbers, but for the imported ones: those that stay
/// come first, and after them those that call through the table.
pub(super) struct Model<'a> {
    slots: &'a BTreeMap<(&'a str, &'a str), u32>,
    /// The new number of each imported function.
    imported: Vec<u32>,
    /// The functions that call through the table, in their order.
    indirect: Vec<Indirect>,
    /// Tables that the model has already.
    tables: u32,
    table_written: bool,
}

/// A function that hands its parameters to the function in a slot of the table.
struct Indirect {
    type_index: u32,
    params: u32,
    slot: u32,
}

impl<'a> Model<'a> {
    pub(super) fn read(module: &[u8], slots: &'a BTreeMap<(&'a str, &'a str), u32>) -> Result<Self, Error<Unexpected>> {
        let mut model = Self { slots, imported: Vec::new(), indirect: Vec::new(), tables: 0, table_written: false };
        let mut params = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        params.extend(group?.into_types().map(|one| match one.composite_type.inner {
                            CompositeInnerType::Func(func) => func.params().len() as u32,
                            _ => 0,
                        }));
                    }
                }
                Payload::ImportSection(section) => model.read_imports(section, &params)?,
                Payload::TableSection(section) => model.tables += section.count(),
                _ => {}
            }
        }
        Ok(model)
    }

    fn read_imports(&mut self, section: ImportSectionReader<'_>, params: &[u32]) -> Result<(), Error<Unexpected>> {
        let stay = section.clone().into_imports().filter(|import| match import {
            Ok(import) => {
                matches!(import.ty, TypeRef::Func(_)) && !self.slots.contains_key(&(import.module, import.name))
            }
            Err(_) => false,
        });
        let stay = stay.count() as u32;
        let mut staying = 0;
        for import in section.into_imports() {
            let import = import?;
            match (import.ty, self.slots.get(&(import.module, import.name))) {
                (TypeRef::Func(type_index), Some(slot)) => {
                    self.imported.push(stay + self.indirect.len() as u32);
                    let params = *params.get(type_index as usize).unwrap_or(&0);
                    self.indirect.push(Indirect { type_index, params, slot: *slot });
                }
                (TypeRef::Func(_), None) => {
                    self.imported.push(staying);
                    staying += 1;
                }
                (TypeRef::Table(_), _) => self.tables += 1,
                _ => {}
            }
        }
        Ok(())
    }

    fn add_table(&mut self, tables: &mut TableSection) {
        let slots = self.indirect.len() as u64;
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            minimum: slots,
            maximum: Some(slots),
            table64: false,
            shared: false,
        });
        self.table_written = true;
    }
}

impl Reencode for Model<'_> {
    type Error = Unexpected;

    fn function_index(&mut self, func: u32) -> Result<u32, Error<Unexpected>> {
        Ok(self.imported.get(func as usize).copied().unwrap_or(func))
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error<Unexpected>> {
        for import in section.into_imports() {
            let import = import?;
            if !self.slots.contains_key(&(import.module, import.name)) {
                imports.import(import.module, import.name, utils::entity_type(self, import.ty)?);
            }
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Unexpected>> {
        for indirect in &self.indirect {
            functions.function(indirect.type_index);
        }
        utils::parse_function_section(self, functions, section)
    }

    fn parse_table_section(
        &mut self,
        tables: &mut TableSection,
        section: TableSectionReader<'_>,
    ) -> Result<(), Error<Unexpected>> {
        utils::parse_table_section(self, tables, section)?;
        self.add_table(tables);
        Ok(())
    }

    /// A model without a table gets a section of tables where it belongs.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        after: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), Error<Unexpected>> {
        if after == Some(SectionId::Function) && before != Some(SectionId::Table) && !self.table_written {
            let mut tables = TableSection::new();
            self.add_table(&mut tables);
            module.section(&tables);
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: ExportSectionReader<'_>,
    ) -> Result<(), Error<Unexpected>> {
        utils::parse_export_section(self, exports, section)?;
        exports.export(TABLE, ExportKind::Table, self.tables);
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Unexpected>> {
        for indirect in &self.indirect {
            let mut function = Function::new([]);
            let mut instructions = function.instructions();
            (0..indirect.params).for_each(|param| _ = instructions.local_get(param));
            instructions.i32_const(indirect.slot as i32).call_indirect(self.tables, indirect.type_index).end();
            code.function(&function);
        }
        utils::parse_code_section(self, code, section)
    }
}
