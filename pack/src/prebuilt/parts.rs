//! A component, taken apart: its core instances, and what each of their imports is.

use std::collections::HashMap;

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentTypeRef, ExternalKind, Parser,
    Payload, TypeBounds,
};

use super::module::Module;
use super::program::{Host, Instance, MEMORY, Origin, POST_RETURN, Program, broken};
use super::refused;
use crate::component::{CONTRACT_PACKAGE, EXPORTS};
use crate::error::PackError;

/// Reads a component that is valid.
pub(super) fn program(component: &[u8]) -> Result<Program<'_>, PackError> {
    let mut parts = Parts::default();
    // The modules and components that what is read lies within.
    let mut within = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(broken)? {
            Payload::ModuleSection { .. } if within > 0 => {
                return Err(refused(
                    "it holds a component with code within the component: what was composed of several components, or is made so by \
                     its tool (componentize-qjs), cannot be packed",
                ));
            }
            Payload::ModuleSection { unchecked_range, .. } => {
                parts.modules.push(&component[unchecked_range]);
                within += 1;
            }
            Payload::ComponentSection { .. } => within += 1,
            Payload::End(_) => within -= i32::from(within > 0),
            payload if within == 0 => parts.take(payload)?,
            _ => {}
        }
    }
    parts.program.require_exports()?;
    Ok(parts.program)
}

/// The index spaces of a component, as far as a model needs them.
#[derive(Default)]
struct Parts<'a> {
    modules: Vec<&'a [u8]>,
    core_instances: Vec<CoreInstance<'a>>,
    core_functions: Vec<Origin<'a>>,
    core_tables: Vec<Origin<'a>>,
    core_memories: Vec<Origin<'a>>,
    core_globals: Vec<Origin<'a>>,
    /// The names of the interfaces that are imported; none of an instance that only exports what is the model's again.
    instances: Vec<Option<&'a str>>,
    functions: Vec<Function<'a>>,
    /// The interface that each type is of, if it is of one, and its name there.
    types: Vec<Option<(&'a str, &'a str)>>,
    program: Program<'a>,
}

/// A core instance: of a module, by its place in the program, or a few names for what others export.
enum CoreInstance<'a> {
    Made(usize),
    Names(HashMap<&'a str, Origin<'a>>),
}

/// A function of the component model: of an interface, or the model's.
#[derive(Clone)]
enum Function<'a> {
    Imported(&'a str, &'a str),
    Lifted(u32, Box<[CanonicalOption]>),
}

impl<'a> Parts<'a> {
    fn take(&mut self, payload: Payload<'a>) -> Result<(), PackError> {
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import.map_err(broken)?;
                    match import.ty {
                        ComponentTypeRef::Instance(_) => self.instances.push(Some(import.name.name)),
                        ComponentTypeRef::Type(TypeBounds::Eq(ty)) => self.types.push(self.ty(ty)),
                        _ => return Err(refused(format!("it imports `{}`, which is no interface", import.name.name))),
                    }
                }
            }
            Payload::ComponentTypeSection(section) => self.types.extend((0..section.count()).map(|_| None)),
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.alias(alias.map_err(broken)?)?;
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    self.canonical(function.map_err(broken)?)?;
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export.map_err(broken)?;
                    match export.kind {
                        ComponentExternalKind::Func => self.export(export.name.name, export.index)?,
                        ComponentExternalKind::Type => self.types.push(self.ty(export.index)),
                        // An interface that is exported, too, has no host that would call it.
                        ComponentExternalKind::Instance => self.instances.push(None),
                        _ => return Err(refused(format!("it exports `{}`, which is no function", export.name.name))),
                    }
                }
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    let instance = self.core_instance(instance.map_err(broken)?)?;
                    self.core_instances.push(instance);
                }
            }
            Payload::ComponentInstanceSection(section) => self.instances.extend((0..section.count()).map(|_| None)),
            Payload::Version { .. } | Payload::CustomSection(_) => {}
            _ => return Err(refused("it has a start function, values or types of modules, which no model needs")),
        }
        Ok(())
    }

    fn ty(&self, index: u32) -> Option<(&'a str, &'a str)> {
        self.types.get(index as usize).copied().flatten()
    }

    fn core_instance(&mut self, instance: wasmparser::Instance<'a>) -> Result<CoreInstance<'a>, PackError> {
        match instance {
            wasmparser::Instance::Instantiate { module_index, args } => {
                let bytes = self.modules.get(module_index as usize).ok_or_else(inconsistent)?;
                let module = Module::read(bytes).map_err(broken)?;
                let origin = |import: &wasmparser::Import<'a>| {
                    let arg = args.iter().find(|arg| arg.name == import.module).ok_or_else(inconsistent)?;
                    self.exported(arg.index, import.name)
                };
                let imports = module.imports.iter().map(origin).collect::<Result<_, _>>()?;
                self.program.instances.push(Instance { module, imports });
                Ok(CoreInstance::Made(self.program.instances.len() - 1))
            }
            wasmparser::Instance::FromExports(exports) => {
                let named = exports.iter().map(|export| {
                    let space = match export.kind {
                        ExternalKind::Func => &self.core_functions,
                        ExternalKind::Table => &self.core_tables,
                        ExternalKind::Memory => &self.core_memories,
                        ExternalKind::Global => &self.core_globals,
                        _ => return Err(exceptions()),
                    };
                    Ok((export.name, item(space, export.index)?))
                });
                Ok(CoreInstance::Names(named.collect::<Result<_, _>>()?))
            }
        }
    }

    /// What a core instance exports under a name.
    fn exported(&self, instance: u32, name: &'a str) -> Result<Origin<'a>, PackError> {
        match self.core_instances.get(instance as usize) {
            Some(CoreInstance::Made(place)) => Ok(Origin::Export(*place, name.into())),
            Some(CoreInstance::Names(names)) => names.get(name).cloned().ok_or_else(inconsistent),
            None => Err(inconsistent()),
        }
    }

    fn alias(&mut self, alias: ComponentAlias<'a>) -> Result<(), PackError> {
        match alias {
            ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
                let origin = self.exported(instance_index, name)?;
                match kind {
                    ExternalKind::Func => self.core_functions.push(origin),
                    ExternalKind::Table => self.core_tables.push(origin),
                    ExternalKind::Memory => self.core_memories.push(origin),
                    ExternalKind::Global => self.core_globals.push(origin),
                    _ => return Err(exceptions()),
                }
            }
            ComponentAlias::InstanceExport { kind, instance_index, name } => {
                let Some(interface) = item(&self.instances, instance_index)? else {
                    return Err(refused(format!("it takes `{name}` out of an instance of its own")));
                };
                match kind {
                    ComponentExternalKind::Func => self.functions.push(Function::Imported(interface, name)),
                    ComponentExternalKind::Type => self.types.push(Some((interface, name))),
                    _ => return Err(refused(format!("it takes `{name}`, which is no function, out of {interface}"))),
                }
            }
            ComponentAlias::Outer { .. } => return Err(inconsistent()),
        }
        Ok(())
    }

    fn canonical(&mut self, function: CanonicalFunction) -> Result<(), PackError> {
        match function {
            CanonicalFunction::Lift { core_func_index, options, .. } => {
                self.functions.push(Function::Lifted(core_func_index, options));
            }
            CanonicalFunction::Lower { func_index, options } => {
                let Function::Imported(interface, name) = item(&self.functions, func_index)? else {
                    return Err(refused("it calls a function of its own through the component model"));
                };
                if interface.starts_with(CONTRACT_PACKAGE) {
                    self.check(&options)?;
                }
                self.core_functions.push(Origin::Host(Host { interface, function: name.into() }));
            }
            CanonicalFunction::ResourceDrop { resource } => {
                let (interface, name) = self.ty(resource).ok_or_else(inconsistent)?;
                let function = format!("[resource-drop]{name}").into();
                self.core_functions.push(Origin::Host(Host { interface, function }));
            }
            _ => {
                return Err(refused(
                    "it uses what the component model has for asynchronous calls or for resources of one's own, and a model is \
                     called and answers: switch that off where it is built",
                ));
            }
        }
        Ok(())
    }

    /// What is said of how a call hands values over has to be the same for all.
    fn check(&mut self, options: &[CanonicalOption]) -> Result<(), PackError> {
        for option in options {
            match option {
                CanonicalOption::Realloc(function) => {
                    self.program.reallocs.push(item(&self.core_functions, *function)?);
                }
                CanonicalOption::UTF8 | CanonicalOption::Memory(_) | CanonicalOption::PostReturn(_) => {}
                _ => {
                    return Err(refused(
                        "its strings are not UTF-8, or its calls asynchronous, and those of a model are plain calls with UTF-8: \
                         build it so",
                    ));
                }
            }
        }
        Ok(())
    }

    fn export(&mut self, name: &'a str, index: u32) -> Result<(), PackError> {
        let function = item(&self.functions, index)?;
        self.functions.push(function.clone());
        let Function::Lifted(core, options) = function else {
            return Err(refused(format!("its export `{name}` is a function of the host")));
        };
        if !EXPORTS.contains(&name) {
            return Ok(());
        }
        self.check(&options)?;
        let mut exports = vec![(name.to_owned(), item(&self.core_functions, core)?)];
        for option in &options {
            match *option {
                CanonicalOption::PostReturn(after) => {
                    exports.push((format!("{POST_RETURN}{name}"), item(&self.core_functions, after)?));
                }
                CanonicalOption::Memory(memory) => {
                    exports.push((MEMORY.to_owned(), item(&self.core_memories, memory)?))
                }
                _ => {}
            }
        }
        self.program.exports.extend(exports);
        Ok(())
    }
}

/// What has a number in an index space.
fn item<T: Clone>(space: &[T], index: u32) -> Result<T, PackError> {
    space.get(index as usize).cloned().ok_or_else(inconsistent)
}

/// Of a component that is valid, this is never told.
fn inconsistent() -> PackError {
    refused("its parts do not fit together")
}

fn exceptions() -> PackError {
    refused("its modules share exceptions, which a model cannot have: build it without them")
}
