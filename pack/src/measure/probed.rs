//! A component that can be asked how deep its stack went and what its memory holds.
//!
//! Two functions are added to the model and exported by the component, and wherever the model moves the end of its stack down,
//! the lowest end so far is kept in a global. What it imports and answers stays the same, and so does where its data lie, so what
//! is measured is what the release itself does.

use switchback::runtime::Probe;
use wasm_encoder::reencode::{Error, Reencode, ReencodeComponent};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, Component, ComponentAliasSection, ComponentExportKind, ComponentExportSection,
    ComponentSectionId, ComponentTypeSection, ExportKind, Module, ModuleSection, PrimitiveValType, RawSection,
};
use wasmparser::{ComponentAlias, ExternalKind, Instance, Parser, Payload, Validator};

use super::probes::Probes;
use crate::component::SCORE;
use crate::stack::Outline;

/// A component with probes, and how large its stack is; none where it is not known to have one.
pub(super) struct Probed {
    pub(super) component: Vec<u8>,
    pub(super) stack_bytes: Option<usize>,
}

impl Probed {
    /// Adds probes to a component of the scoring contract.
    pub(super) fn new(component: &[u8]) -> Result<Self, Error> {
        let place = Place::find(component)?;
        let mut rewriter = Rewriter { model: place.module, modules: 0, stack_bytes: None };
        let mut probed = Component::new();
        rewriter.parse_component(&mut probed, Parser::new(0), component)?;
        place.export(&mut probed);
        Ok(Self { component: probed.finish(), stack_bytes: rewriter.stack_bytes })
    }
}

/// Where the model is in a component, and the numbers that what is added gets.
struct Place {
    module: u32,
    instance: u32,
    core_functions: u32,
    functions: u32,
    types: u32,
}

impl Place {
    /// The model is the module whose function the component exports as `score`.
    fn find(component: &[u8]) -> Result<Self, Error> {
        let types = Validator::new().validate_all(component)?;
        let types = types.as_ref();
        let mut instances = Vec::new();
        let mut instance = 0;
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::InstanceSection(section) => {
                    for one in section {
                        instances.push(one?);
                    }
                }
                Payload::ComponentAliasSection(section) => {
                    for alias in section {
                        if let ComponentAlias::CoreInstanceExport {
                            kind: ExternalKind::Func,
                            instance_index,
                            name: SCORE,
                        } = alias?
                        {
                            instance = instance_index;
                        }
                    }
                }
                _ => {}
            }
        }
        let module = match instances.get(instance as usize) {
            Some(Instance::Instantiate { module_index, .. }) => *module_index,
            _ => 0,
        };
        Ok(Self {
            module,
            instance,
            core_functions: types.function_count(),
            functions: types.component_function_count(),
            types: types.component_type_count(),
        })
    }

    /// Lifts the model's probes and exports them.
    fn export(&self, component: &mut Component) {
        let no_parameters: [(&str, PrimitiveValType); 0] = [];
        let mut types = ComponentTypeSection::new();
        types.function().params(no_parameters).result(Some(PrimitiveValType::U32.into()));
        types.function().params([("page", PrimitiveValType::U32)]).result(Some(PrimitiveValType::U64.into()));
        let mut aliases = ComponentAliasSection::new();
        let mut lifted = CanonicalFunctionSection::new();
        let mut exports = ComponentExportSection::new();
        for (number, name) in (0..).zip([Probe::STACK, Probe::PAGE]) {
            aliases.alias(Alias::CoreInstanceExport { instance: self.instance, kind: ExportKind::Func, name });
            lifted.lift(self.core_functions + number, self.types + number, []);
            exports.export(name, ComponentExportKind::Func, self.functions + number, None);
        }
        component.section(&types).section(&aliases).section(&lifted).section(&exports);
    }
}

/// Puts probes into the model, and leaves everything else as it is.
struct Rewriter {
    model: u32,
    /// Core modules read so far.
    modules: u32,
    stack_bytes: Option<usize>,
}

impl Reencode for Rewriter {
    type Error = std::convert::Infallible;
}

impl ReencodeComponent for Rewriter {
    fn parse_component_submodule(
        &mut self,
        component: &mut Component,
        parser: Parser,
        module: &[u8],
    ) -> Result<(), Error> {
        let index = self.modules;
        self.modules += 1;
        if index != self.model {
            component.section(&RawSection { id: ComponentSectionId::CoreModule as u8, data: module });
            return Ok(());
        }
        let outline = Outline::read(module)?;
        self.stack_bytes = outline.stack_bytes();
        let mut probed = Module::new();
        Probes::new(&outline).parse_core_module(&mut probed, parser, module)?;
        component.section(&ModuleSection(&probed));
        Ok(())
    }
}
