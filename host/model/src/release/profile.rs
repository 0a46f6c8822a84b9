//! What a release may consist of: what the tools make of a model, and nothing more.
//!
//! WebAssembly and its component model can say far more than a model needs: components within components, modules that
//! are passed around, functions that run when a component starts. All of that is code of a compiler and of a runtime
//! that nobody who packs a model ever tries, and some of it panics there. So a release is a component without any of
//! it, it is valid before a compiler sees it, and what making an instance of it costs is bounded here too
//! ([`startup`]): no deadline is looked at while an instance is made.

mod startup;

use wasmparser::{
    CanonicalFunction, ComponentExternalKind, ComponentTypeRef, Encoding, FuncValidatorAllocations, FunctionBody,
    Operator, Parser, Payload, TypeBounds, ValidPayload, Validator, WasmFeatures,
};

use self::startup::Startup;
use super::file::OWN_PREFIX;
use super::refusal::Refusal;
use crate::beginning::{ERROR_CHARS_MAX, beginning};
use crate::limits::CORE_INSTANCES_MAX;
use crate::limits::ReleaseLimits;

/// The proposals that a model may use, as the sandbox's engine has them.
const FEATURES: WasmFeatures = WasmFeatures::COMPONENT_MODEL
    .union(WasmFeatures::MUTABLE_GLOBAL)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::FLOATS);

/// The number of the rules for what is valid. It is another one whenever something is refused that was not before: who has
/// compiled a release by other rules has not checked it by these.
#[doc(hidden)]
pub const CODE_RULES: u32 = 1;

/// Whether it is looked at whether a component is valid, its instructions above all, which takes longer than all else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// It is.
    Checked,
    /// It is not: whoever has compiled this very component did it.
    Known,
}

/// Checks that a component is valid, holds nothing that no release needs, and starts cheaply.
pub(super) fn check(component: &[u8], limits: &ReleaseLimits, code: Code) -> Result<(), Refusal> {
    let mut profile = Profile { startup: Startup::new(limits), modules: 0, place: Place::Component };
    let mut validity = (code == Code::Checked).then(Validity::new);
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(invalid)?;
        profile.take(&payload)?;
        if let Some(validity) = &mut validity {
            validity.take(&payload)?;
        }
    }
    profile.startup.check()
}

/// Whether what was read so far is valid.
struct Validity {
    validator: Validator,
    allocations: FuncValidatorAllocations,
}

impl Validity {
    fn new() -> Self {
        Self { validator: Validator::new_with_features(FEATURES), allocations: FuncValidatorAllocations::default() }
    }

    fn take(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        if let ValidPayload::Func(function, body) = self.validator.payload(payload).map_err(invalid)? {
            let mut function = function.into_validator(std::mem::take(&mut self.allocations));
            function.validate(&body).map_err(invalid)?;
            self.allocations = function.into_allocations();
            check_instructions(&body)?;
        }
        Ok(())
    }
}

/// Where in a release something lies. There is nothing within a module, and no component within a component.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Component,
    Module,
}

/// What was seen of a release so far.
struct Profile {
    startup: Startup,
    modules: u32,
    place: Place,
}

impl Profile {
    fn take(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        match (self.place, payload) {
            (Place::Component, Payload::ModuleSection { .. }) => {
                self.modules += 1;
                if self.modules > CORE_INSTANCES_MAX {
                    return needless(format!("more than {CORE_INSTANCES_MAX} core modules"));
                }
                self.place = Place::Module;
                self.startup.begin_module();
                Ok(())
            }
            (Place::Module, Payload::End(_)) => {
                self.place = Place::Component;
                self.startup.end_module();
                Ok(())
            }
            (Place::Component, payload) => check_of_component(payload),
            (Place::Module, Payload::CustomSection(section)) if section.name().starts_with(OWN_PREFIX) => {
                needless(format!("a section `{OWN_PREFIX}...` inside a core module"))
            }
            (Place::Module, payload) => self.startup.take(payload),
        }
    }
}

/// A part of the component itself: everything that the tools make, by name.
fn check_of_component(payload: &Payload<'_>) -> Result<(), Refusal> {
    match payload {
        Payload::Version { encoding: Encoding::Component, .. }
        | Payload::InstanceSection(_)
        | Payload::ComponentAliasSection(_)
        | Payload::ComponentTypeSection(_)
        | Payload::CustomSection(_)
        | Payload::End(_) => Ok(()),
        Payload::ComponentImportSection(section) => {
            for import in section.clone() {
                match import.map_err(invalid)?.ty {
                    ComponentTypeRef::Instance(_) | ComponentTypeRef::Type(TypeBounds::Eq(_)) => {}
                    _ => return needless("an import that is not an interface".to_owned()),
                }
            }
            Ok(())
        }
        Payload::ComponentExportSection(section) => {
            for export in section.clone() {
                match export.map_err(invalid)?.kind {
                    ComponentExternalKind::Func | ComponentExternalKind::Type => {}
                    _ => return needless("an export that is not a function".to_owned()),
                }
            }
            Ok(())
        }
        Payload::ComponentCanonicalSection(section) => {
            for function in section.clone() {
                match function.map_err(invalid)? {
                    CanonicalFunction::Lift { .. }
                    | CanonicalFunction::Lower { .. }
                    | CanonicalFunction::ResourceDrop { .. } => {}
                    _ => return needless("a built-in function of the component model".to_owned()),
                }
            }
            Ok(())
        }
        Payload::ComponentSection { .. } => needless("a component within the component".to_owned()),
        Payload::ComponentInstanceSection(_) => needless("an instance of a component".to_owned()),
        Payload::ComponentStartSection { .. } => needless("a function that the component starts with".to_owned()),
        Payload::CoreTypeSection(_) => needless("the type of a core module".to_owned()),
        _ => needless("a section of an unknown kind".to_owned()),
    }
}

/// A table stays as it was packed: packing stores memory, and refuses what changes tables as a whole. Here such an
/// instruction would also run without a look at the clock for as long as the table is.
fn check_instructions(body: &FunctionBody<'_>) -> Result<(), Refusal> {
    if !may_change_tables(body.as_bytes()) {
        return Ok(());
    }
    let mut instructions = body.get_operators_reader().map_err(invalid)?;
    while !instructions.eof() {
        let name = match instructions.read().map_err(invalid)? {
            Operator::TableGrow { .. } => "table.grow",
            Operator::TableFill { .. } => "table.fill",
            Operator::TableCopy { .. } => "table.copy",
            Operator::TableInit { .. } => "table.init",
            _ => continue,
        };
        return needless(format!("the instruction `{name}`"));
    }
    Ok(())
}

/// Whether a body may hold such an instruction. To decode all of them a second time takes as long as to validate them, and
/// hardly any body has these bytes: `0xFC`, and the instruction's number (core specification, section 5.4.5) in LEB128,
/// which may take more bytes than it needs.
fn may_change_tables(body: &[u8]) -> bool {
    const TABLE_INIT: u8 = 12;
    const TABLE_COPY: u8 = 14;
    const TABLE_GROW: u8 = 15;
    const TABLE_FILL: u8 = 17;
    let number = |at: usize| body.get(at + 1);
    memchr::memchr_iter(0xFC, body)
        .any(|at| matches!(number(at), Some(&(TABLE_INIT | TABLE_COPY | TABLE_GROW | TABLE_FILL | 0x80..))))
}

fn needless(what: String) -> Result<(), Refusal> {
    Err(Refusal::Needless(what))
}

fn invalid(error: wasmparser::BinaryReaderError) -> Refusal {
    Refusal::Invalid(beginning(&error.to_string(), ERROR_CHARS_MAX))
}

#[cfg(test)]
mod tests;
