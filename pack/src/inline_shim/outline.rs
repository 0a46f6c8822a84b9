//! Which part of a component is the shim, which the model, and what joins them.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::reencode::Error;
use wasmparser::{
    CanonicalFunction, ComponentAlias, Export, ExternalKind, Instance, InstantiationArg, Parser, Payload,
};

use super::{TABLE, Unexpected};

/// The core instances and core functions of a component.
#[derive(Default)]
pub(super) struct Outline<'a> {
    instances: Vec<Instance<'a>>,
    /// The functions that are exports of an instance: the instance and the export's name.
    aliases: BTreeMap<u32, (u32, &'a str)>,
    funcs: u32,
    /// The instance that exports [`TABLE`].
    shim: Option<u32>,
}

/// A shim, and what it does for the model.
pub(super) struct Shim<'a> {
    pub(super) module: u32,
    pub(super) instance: u32,
    pub(super) model: u32,
    pub(super) model_instance: u32,
    /// The component's core functions that are the shim's, and their slots in the table.
    pub(super) slots: BTreeMap<u32, u32>,
    /// The model's imports that are the shim's functions, by module and name, and their slots.
    pub(super) imports: BTreeMap<(&'a str, &'a str), u32>,
}

impl Shim<'_> {
    pub(super) fn provides(&self, kind: ExternalKind, index: u32) -> bool {
        kind == ExternalKind::Func && self.slots.contains_key(&index)
    }
}

impl<'a> Outline<'a> {
    pub(super) fn read(component: &'a [u8]) -> Result<Self, Error<Unexpected>> {
        let mut outline = Self::default();
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                Payload::InstanceSection(section) if depth == 0 => {
                    for instance in section {
                        outline.instances.push(instance?);
                    }
                }
                Payload::ComponentAliasSection(section) if depth == 0 => {
                    for alias in section {
                        outline.alias(alias?);
                    }
                }
                Payload::ComponentCanonicalSection(section) if depth == 0 => {
                    for function in section {
                        outline.funcs += u32::from(!matches!(function?, CanonicalFunction::Lift { .. }));
                    }
                }
                _ => {}
            }
        }
        Ok(outline)
    }

    fn alias(&mut self, alias: ComponentAlias<'a>) {
        match alias {
            ComponentAlias::CoreInstanceExport { kind: ExternalKind::Func, instance_index, name } => {
                self.aliases.insert(self.funcs, (instance_index, name));
                self.funcs += 1;
            }
            ComponentAlias::CoreInstanceExport { kind: ExternalKind::Table, instance_index, name: TABLE } => {
                self.shim = Some(instance_index);
            }
            _ => {}
        }
    }

    /// The shim, if there is one.
    pub(super) fn shim(&self) -> Result<Option<Shim<'a>>, Unexpected> {
        let Some(instance) = self.shim else {
            return Ok(None);
        };
        let Some((module, [])) = self.instantiated(instance) else {
            return Err(Unexpected("the shim has imports"));
        };
        let of_shim = self.aliases.iter().filter(|(_, (of, _))| *of == instance);
        // The shim calls its exports "0", "1" and so on, by their slots in the table.
        let slots = of_shim.map(|(func, (_, name))| Ok((*func, name.parse()?)));
        let slots = slots.collect::<Result<BTreeMap<u32, u32>, std::num::ParseIntError>>();
        let slots = slots.map_err(|_| Unexpected("the shim's functions are not numbered"))?;
        let users = (0..).zip(&self.instances).filter_map(|(user, _)| {
            let (module, args) = self.instantiated(user)?;
            let imports = self.imports(args, &slots);
            (!imports.is_empty()).then_some((user, module, imports))
        });
        let [(model_instance, model, imports)] = users
            .collect::<Vec<_>>()
            .try_into()
            .map_err(|_| Unexpected("the shim serves not one module but none or several"))?;
        let imported: BTreeSet<u32> = imports.values().copied().collect();
        if imports.len() != slots.len() || !imported.into_iter().eq(0..slots.len() as u32) {
            return Err(Unexpected("the model does not import every function of the shim once"));
        }
        Ok(Some(Shim { module, instance, model, model_instance, slots, imports }))
    }

    /// The module that an instance is of, and what it is given.
    fn instantiated(&self, instance: u32) -> Option<(u32, &[InstantiationArg<'a>])> {
        match self.instances.get(instance as usize)? {
            Instance::Instantiate { module_index, args } => Some((*module_index, args)),
            Instance::FromExports(_) => None,
        }
    }

    /// Which of `args` are functions of the shim.
    fn imports(&self, args: &[InstantiationArg<'a>], slots: &BTreeMap<u32, u32>) -> BTreeMap<(&'a str, &'a str), u32> {
        let bags = args.iter().filter_map(|arg| match self.instances.get(arg.index as usize)? {
            Instance::FromExports(exports) => Some((arg.name, exports)),
            Instance::Instantiate { .. } => None,
        });
        let exports = bags.flat_map(|(module, exports)| exports.iter().map(move |export| (module, export)));
        let slot = |export: &Export<'a>| slots.get(&export.index).filter(|_| export.kind == ExternalKind::Func);
        exports.filter_map(|(module, export)| Some(((module, export.name), *slot(export)?))).collect()
    }
}
