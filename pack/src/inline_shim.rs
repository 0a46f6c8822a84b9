//! Saves a core instance per message: the model calls its imports through a table of its own.
//!
//! An imported function that passes strings needs the model's memory, and the model needs the imported function. So
//! `wit-component` joins the two by a table: a first module, the shim, has the table and functions that call through
//! it, which the model imports; a last module, the fixup, fills the table. Here table and functions become the model's
//! own, and the shim goes. Two core instances have to be made for a message instead of three, and a call of the host
//! takes one jump less. What the component imports, exports and answers stays the same.

mod model;
mod outline;

use std::error::Error as _;

use wasm_encoder::reencode::{Error, Reencode, ReencodeComponent, component_utils};
use wasm_encoder::{Component, ComponentAliasSection, ComponentSectionId, InstanceSection, ModuleSection, RawSection};
use wasmparser::{ComponentAlias, ComponentAliasSectionReader, Instance, InstanceSectionReader, Parser};

use self::model::Model;
use self::outline::{Outline, Shim};
use crate::error::PackError;

/// What `wit-component` exports the shim's table as.
const TABLE: &str = "$imports";

/// The component with the shim's table and functions in the model. One without a shim stays as it is.
pub(crate) fn inline_shim(component: &[u8]) -> Result<Vec<u8>, PackError> {
    rewritten(component).map_err(|error| {
        let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        PackError::Componentise { why: format!("cannot inline the shim: {why}") }
    })
}

fn rewritten(component: &[u8]) -> Result<Vec<u8>, Error<Unexpected>> {
    let outline = Outline::read(component)?;
    let Some(shim) = outline.shim()? else {
        return Ok(component.to_vec());
    };
    let mut rewriter = Rewriter { shim, modules: 0, instances: 0 };
    let mut rewritten = Component::new();
    rewriter.parse_component(&mut rewritten, Parser::new(0), component)?;
    let rewritten = rewritten.finish();
    wasmparser::validate(&rewritten)?;
    Ok(rewritten)
}

/// The component is not what `wit-component` is known to make.
#[derive(Debug, thiserror::Error)]
#[error("{0}, which is not how wit-component joins a model to its imports")]
struct Unexpected(&'static str);

impl From<Unexpected> for Error<Unexpected> {
    fn from(unexpected: Unexpected) -> Self {
        Self::UserError(unexpected)
    }
}

/// Leaves out the shim, its instance and the aliases of its functions; what comes after them is renumbered.
struct Rewriter<'a> {
    shim: Shim<'a>,
    /// Core modules and core instances read so far.
    modules: u32,
    instances: u32,
}

impl Reencode for Rewriter<'_> {
    type Error = Unexpected;

    fn function_index(&mut self, func: u32) -> Result<u32, Error<Unexpected>> {
        if self.shim.slots.contains_key(&func) {
            return Err(Unexpected("a function of the shim is used by more than the model").into());
        }
        let gone = self.shim.slots.keys().filter(|shim| **shim < func).count();
        Ok(func - gone as u32)
    }
}

impl ReencodeComponent for Rewriter<'_> {
    fn module_index(&mut self, module: u32) -> u32 {
        module - u32::from(module > self.shim.module)
    }

    fn instance_index(&mut self, instance: u32) -> u32 {
        // The model has the shim's table now.
        let instance = if instance == self.shim.instance { self.shim.model_instance } else { instance };
        instance - u32::from(instance > self.shim.instance)
    }

    fn parse_component_submodule(
        &mut self,
        component: &mut Component,
        parser: Parser,
        module: &[u8],
    ) -> Result<(), Error<Unexpected>> {
        let index = self.modules;
        self.modules += 1;
        if index == self.shim.module {
            return Ok(());
        }
        if index != self.shim.model {
            component.section(&RawSection { id: ComponentSectionId::CoreModule as u8, data: module });
            return Ok(());
        }
        let mut model = wasm_encoder::Module::new();
        Model::read(module, &self.shim.imports)?.parse_core_module(&mut model, parser, module)?;
        component.section(&ModuleSection(&model));
        Ok(())
    }

    /// Stays as it is: it has numbers of its own.
    fn parse_component_subcomponent(
        &mut self,
        component: &mut Component,
        _: Parser,
        nested: &[u8],
        _: &[u8],
    ) -> Result<(), Error<Unexpected>> {
        component.section(&RawSection { id: ComponentSectionId::Component as u8, data: nested });
        Ok(())
    }

    fn parse_instance_section(
        &mut self,
        instances: &mut InstanceSection,
        section: InstanceSectionReader<'_>,
    ) -> Result<(), Error<Unexpected>> {
        for instance in section {
            let index = self.instances;
            self.instances += 1;
            match instance? {
                _ if index == self.shim.instance => {}
                Instance::FromExports(exports) => {
                    let stays = exports.iter().filter(|export| !self.shim.provides(export.kind, export.index));
                    let exports = stays.copied().collect();
                    self.parse_instance(instances, Instance::FromExports(exports))?;
                }
                instance @ Instance::Instantiate { .. } => self.parse_instance(instances, instance)?,
            }
        }
        Ok(())
    }

    fn parse_component_alias_section(
        &mut self,
        aliases: &mut ComponentAliasSection,
        section: ComponentAliasSectionReader<'_>,
    ) -> Result<(), Error<Unexpected>> {
        for alias in section {
            let alias = alias?;
            let of_shim = matches!(alias, ComponentAlias::CoreInstanceExport { instance_index, name, .. }
                if instance_index == self.shim.instance && name != TABLE);
            if !of_shim {
                aliases.alias(component_utils::component_alias(self, alias)?);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
