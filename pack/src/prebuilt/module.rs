//! A core module, as far as linking has to know it.

use std::collections::HashMap;

use wasmparser::{
    BinaryReaderError, DataKind, DataSectionReader, ElementSectionReader, ExternalKind, FunctionBody,
    FunctionSectionReader, GlobalSectionReader, Import, MemorySectionReader, Parser, Payload, RecGroup, SubType,
    TableSectionReader, TypeRef, TypeSectionReader,
};

use crate::function_names::NAME_SECTION;

/// The sections of a module that is valid.
#[derive(Default)]
pub(super) struct Module<'a> {
    pub(super) types: Option<TypeSectionReader<'a>>,
    pub(super) imports: Vec<Import<'a>>,
    pub(super) functions: Option<FunctionSectionReader<'a>>,
    pub(super) tables: Option<TableSectionReader<'a>>,
    pub(super) memories: Option<MemorySectionReader<'a>>,
    pub(super) globals: Option<GlobalSectionReader<'a>>,
    pub(super) exports: HashMap<&'a str, (ExternalKind, u32)>,
    pub(super) start: Option<u32>,
    pub(super) elements: Option<ElementSectionReader<'a>>,
    pub(super) data: Option<DataSectionReader<'a>>,
    pub(super) bodies: Vec<FunctionBody<'a>>,
    /// The content of the name section; empty where there is none.
    pub(super) names: &'a [u8],
}

impl<'a> Module<'a> {
    pub(super) fn read(module: &'a [u8]) -> Result<Self, BinaryReaderError> {
        let mut read = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(section) => read.types = Some(section),
                Payload::ImportSection(section) => {
                    read.imports = section.into_imports().collect::<Result<_, _>>()?;
                }
                Payload::FunctionSection(section) => read.functions = Some(section),
                Payload::TableSection(section) => read.tables = Some(section),
                Payload::MemorySection(section) => read.memories = Some(section),
                Payload::GlobalSection(section) => read.globals = Some(section),
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        read.exports.insert(export.name, (export.kind, export.index));
                    }
                }
                Payload::StartSection { func, .. } => read.start = Some(func),
                Payload::ElementSection(section) => read.elements = Some(section),
                Payload::DataSection(section) => read.data = Some(section),
                Payload::CodeSectionEntry(body) => read.bodies.push(body),
                Payload::CustomSection(section) if section.name() == NAME_SECTION => read.names = section.data(),
                _ => {}
            }
        }
        Ok(read)
    }

    /// How many things of a kind it defines itself.
    pub(super) fn defined(&self, kind: ExternalKind) -> u32 {
        match kind {
            ExternalKind::Func => self.functions.as_ref().map_or(0, FunctionSectionReader::count),
            ExternalKind::Table => self.tables.as_ref().map_or(0, TableSectionReader::count),
            ExternalKind::Memory => self.memories.as_ref().map_or(0, MemorySectionReader::count),
            ExternalKind::Global => self.globals.as_ref().map_or(0, GlobalSectionReader::count),
            _ => 0,
        }
    }

    /// The numbers, among all imports, of those of a kind.
    pub(super) fn imported(&self, kind: ExternalKind) -> impl Iterator<Item = usize> {
        let is_of_kind = move |import: &Import<'_>| kind_of(import.ty) == kind;
        self.imports.iter().enumerate().filter(move |(_, import)| is_of_kind(import)).map(|(number, _)| number)
    }

    /// Its types, by their numbers.
    pub(super) fn types(&self) -> Result<Vec<SubType>, BinaryReaderError> {
        let groups = self.types.iter().flat_map(|types| types.clone()).collect::<Result<Vec<_>, _>>()?;
        Ok(groups.into_iter().flat_map(RecGroup::into_types).collect())
    }

    /// Whether data are written into its memory when an instance is made.
    pub(super) fn writes_data(&self) -> Result<bool, BinaryReaderError> {
        for data in self.data.iter().flat_map(|data| data.clone()) {
            if matches!(data?.kind, DataKind::Active { .. }) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What kind of thing is imported.
fn kind_of(ty: TypeRef) -> ExternalKind {
    match ty {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => ExternalKind::Func,
        TypeRef::Table(_) => ExternalKind::Table,
        TypeRef::Memory(_) => ExternalKind::Memory,
        TypeRef::Global(_) => ExternalKind::Global,
        TypeRef::Tag(_) => ExternalKind::Tag,
    }
}
