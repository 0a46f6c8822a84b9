//! The sections of a component and of the core modules in it, with their sizes.

use serde::Serialize;
use wasmparser::{Parser, Payload};

/// A section and its size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Section {
    /// Its kind; for a custom section, its name.
    pub name: String,
    /// The size of its content in bytes.
    pub size_bytes: usize,
}

/// A core module inside a component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
pub(super) struct Parts {
    /// The component's own sections.
    pub(super) sections: Vec<Section>,
    pub(super) modules: Vec<CoreModule>,
    /// Why the file could not be read to its end.
    pub(super) broken_at: Option<String>,
}

/// What is being read: the component itself, a core module in it, or a component in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Outside,
    Module,
    Nested,
}

impl Parts {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut parts = Self::default();
        let mut places = vec![Place::Outside];
        for payload in Parser::new(0).parse_all(bytes) {
            match payload {
                Ok(payload) => parts.take(&payload, &mut places),
                Err(error) => {
                    parts.broken_at = Some(error.to_string());
                    break;
                }
            }
        }
        parts
    }

    fn take(&mut self, payload: &Payload<'_>, places: &mut Vec<Place>) {
        match payload {
            Payload::ModuleSection { unchecked_range, .. } => {
                self.modules.push(CoreModule { size_bytes: unchecked_range.len(), sections: Vec::new() });
                places.push(Place::Module);
            }
            Payload::ComponentSection { .. } => places.push(Place::Nested),
            Payload::End(_) => drop(places.pop()),
            payload => self.measure(payload, places.last().copied().unwrap_or(Place::Outside)),
        }
    }

    fn measure(&mut self, payload: &Payload<'_>, place: Place) {
        let sections = match place {
            Place::Outside => &mut self.sections,
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
