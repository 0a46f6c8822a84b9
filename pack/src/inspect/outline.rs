//! The sections of a component and of the core modules in it, with their sizes.

use serde::Serialize;
use wasmparser::{BinaryReaderError, ComponentTypeRef, CustomSectionReader, Parser, Payload, TypeBounds};

/// A section and its size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Section {
    /// Its kind; for a custom section, its name.
    pub name: String,
    /// The size of its content in bytes.
    pub size_bytes: usize,
}

/// A core module inside a component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CoreModule {
    /// Its size in bytes.
    pub size_bytes: usize,
    /// Its sections, in the order of the file.
    pub sections: Vec<Section>,
}

impl CoreModule {
    /// The size of its code in bytes.
    pub fn code_bytes(&self) -> usize {
        self.size_of("code")
    }

    /// The size of its data segments in bytes.
    pub fn data_bytes(&self) -> usize {
        self.size_of("data")
    }

    fn size_of(&self, name: &str) -> usize {
        self.sections.iter().filter(|section| section.name == name).map(|section| section.size_bytes).sum()
    }
}

/// What a file consists of, up to where it stops making sense.
#[derive(Debug, Default)]
pub(super) struct Outline<'a> {
    pub(super) imports: Vec<&'a str>,
    pub(super) exports: Vec<&'a str>,
    pub(super) customs: Vec<Custom<'a>>,
    pub(super) modules: Vec<CoreModule>,
    /// Why the file could not be read to its end.
    pub(super) broken_at: Option<String>,
    own_sections: Vec<Section>,
}

/// A custom section of the component itself.
#[derive(Debug)]
pub(super) struct Custom<'a> {
    pub(super) name: &'a str,
    pub(super) data: &'a [u8],
    /// The offset of the section, header included.
    pub(super) start: usize,
}

/// What is being read: the component itself, a core module in it, or a component in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Outside,
    Module,
    Nested,
}

impl<'a> Outline<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Self {
        let mut outline = Self::default();
        let mut places = vec![Place::Outside];
        for payload in Parser::new(0).parse_all(bytes) {
            if let Err(error) = payload.and_then(|payload| outline.take(payload, &mut places)) {
                outline.broken_at = Some(error.to_string());
                break;
            }
        }
        outline
    }

    /// The content of a custom section of the component itself.
    pub(super) fn custom(&self, name: &str) -> Option<&'a [u8]> {
        self.customs.iter().find(|custom| custom.name == name).map(|custom| custom.data)
    }

    pub(super) fn sections(&self) -> Vec<Section> {
        self.own_sections.clone()
    }

    fn take(&mut self, payload: Payload<'a>, places: &mut Vec<Place>) -> Result<(), BinaryReaderError> {
        let place = places.last().copied().unwrap_or(Place::Outside);
        match payload {
            Payload::ModuleSection { unchecked_range, .. } => {
                self.modules.push(CoreModule { size_bytes: unchecked_range.len(), sections: Vec::new() });
                places.push(Place::Module);
            }
            Payload::ComponentSection { .. } => places.push(Place::Nested),
            Payload::End(_) => {
                places.pop();
            }
            payload => {
                self.measure(&payload, place);
                if place == Place::Outside {
                    self.keep(payload)?;
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, payload: Payload<'a>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import?;
                    // `use` in a world imports a name for a type of another import: nothing to offer.
                    if !matches!(import.ty, ComponentTypeRef::Type(TypeBounds::Eq(_))) {
                        self.imports.push(import.name.name);
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    self.exports.push(export?.name.name);
                }
            }
            Payload::CustomSection(section) => {
                self.customs.push(Custom { name: section.name(), data: section.data(), start: start_of(&section) });
            }
            _ => {}
        }
        Ok(())
    }

    fn measure(&mut self, payload: &Payload<'_>, place: Place) {
        let sections = match place {
            Place::Outside => &mut self.own_sections,
            Place::Module => match self.modules.last_mut() {
                Some(module) => &mut module.sections,
                None => return,
            },
            Place::Nested => return,
        };
        if let Some((_, range)) = payload.as_section() {
            sections.push(Section { name: name_of(payload), size_bytes: range.len() });
        }
    }
}

/// Where a section starts: before its content there are its length and one byte that says what it is.
fn start_of(section: &CustomSectionReader<'_>) -> usize {
    let range = section.range();
    let length_bytes = (usize::BITS - range.len().leading_zeros()).div_ceil(7).max(1) as usize;
    range.start.saturating_sub(length_bytes + 1)
}

fn name_of(payload: &Payload<'_>) -> String {
    let name = match payload {
        Payload::CustomSection(section) => section.name(),
        Payload::TypeSection(_) | Payload::CoreTypeSection(_) | Payload::ComponentTypeSection(_) => "type",
        Payload::ImportSection(_) | Payload::ComponentImportSection(_) => "import",
        Payload::ExportSection(_) | Payload::ComponentExportSection(_) => "export",
        Payload::FunctionSection(_) => "function",
        Payload::TableSection(_) => "table",
        Payload::MemorySection(_) => "memory",
        Payload::GlobalSection(_) => "global",
        Payload::ElementSection(_) => "element",
        Payload::DataCountSection { .. } => "data count",
        Payload::DataSection(_) => "data",
        Payload::CodeSectionStart { .. } => "code",
        Payload::StartSection { .. } | Payload::ComponentStartSection { .. } => "start",
        Payload::InstanceSection(_) | Payload::ComponentInstanceSection(_) => "instance",
        Payload::ComponentAliasSection(_) => "alias",
        Payload::ComponentCanonicalSection(_) => "canonical function",
        _ => "other",
    };
    name.to_owned()
}
