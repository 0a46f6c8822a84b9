//! Core instances, and what each imports of which other, or of the host.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use wasmparser::{BinaryReaderError, Encoding, FuncType, Parser, Payload, TypeRef};

use super::module::Module;
use super::{parts, refused};
use crate::component::EXPORTS;
use crate::error::PackError;

/// The function that initialises a module which has one, before any other is called.
pub(super) const INITIALIZE: &str = "_initialize";

/// What a module exports that is a program and no library.
const COMMAND: &str = "_start";

/// The module that WASI's functions of preview 1 are imported from.
pub(super) const PREVIEW_1: &str = "wasi_snapshot_preview1";

/// The name of an instance's memory.
pub(super) const MEMORY: &str = "memory";

/// The function by which a host takes memory for what it hands over.
pub(super) const REALLOC: &str = "cabi_realloc";

/// What the names of functions begin with that are called when a result was taken over.
pub(super) const POST_RETURN: &str = "cabi_post_";

/// The core instances of a component.
#[derive(Default)]
pub(super) struct Program<'a> {
    /// In the order in which they are made.
    pub(super) instances: Vec<Instance<'a>>,
    /// What the host uses of them, by the names that the canonical ABI has for it.
    pub(super) exports: BTreeMap<String, Origin<'a>>,
    /// By which the host takes memory for what it hands over: the same function, as often as it is named.
    pub(super) reallocs: Vec<Origin<'a>>,
}

/// An instance of a module.
pub(super) struct Instance<'a> {
    pub(super) module: Module<'a>,
    /// Where each import of the module is from.
    pub(super) imports: Vec<Origin<'a>>,
}

/// Where something is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin<'a> {
    /// What this instance exports under this name.
    Export(usize, Cow<'a, str>),
    Host(Host<'a>),
}

/// A function of the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Host<'a> {
    /// `switchback:scoring/log@1.1.0`.
    pub(super) interface: &'a str,
    /// `log`, `[method]message.subject`, `[resource-drop]message`.
    pub(super) function: Cow<'a, str>,
}

/// `wasi:clocks/wall-clock@0.2.6 now`.
impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.interface, self.function)
    }
}

/// `export memory of module 2`.
impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Export(instance, name) => write!(f, "export `{name}` of module {instance}"),
            Self::Host(host) => write!(f, "`{host}`"),
        }
    }
}

impl<'a> Program<'a> {
    /// Reads a component or a core module that is valid.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, PackError> {
        match Parser::new(0).parse_all(bytes).next() {
            Some(Ok(Payload::Version { encoding: Encoding::Component, .. })) => parts::program(bytes),
            _ => Self::of_module(bytes),
        }
    }

    /// One core module, whose imports and exports have the names of the canonical ABI.
    fn of_module(bytes: &'a [u8]) -> Result<Self, PackError> {
        let module = Module::read(bytes).map_err(broken)?;
        if module.exports.contains_key(COMMAND) && !module.exports.contains_key(INITIALIZE) {
            return Err(refused(
                "it is a program with a `_start`, and a model is a library that is called for each message: build it as a \
                 reactor (`-mexec-model=reactor` with a WASI SDK, `-buildmode=c-shared` with Go, `--no-entry` with wasm-ld)",
            ));
        }
        let is_used = |name: &str| {
            EXPORTS.contains(&name) || [MEMORY, INITIALIZE].contains(&name) || name.starts_with(POST_RETURN)
        };
        let names = module.exports.keys().copied();
        let exports =
            names.clone().filter(|name| is_used(name)).map(|name| (name.to_owned(), Origin::Export(0, name.into())));
        let exports = exports.collect();
        let reallocs = names.filter(|name| *name == REALLOC).map(|name| Origin::Export(0, name.into())).collect();
        let host = |interface, function: &'a str| Origin::Host(Host { interface, function: function.into() });
        let imports = module.imports.iter().map(|import| host(import.module, import.name)).collect();
        let program = Self { instances: vec![Instance { module, imports }], exports, reallocs };
        program.require_exports()?;
        Ok(program)
    }

    /// Refuses what has not the functions of a model.
    pub(super) fn require_exports(&self) -> Result<(), PackError> {
        match EXPORTS.into_iter().find(|name| !self.exports.contains_key(*name)) {
            None => Ok(()),
            Some(name) => Err(refused(format!(
                "it does not export `{name}`, as the contract's world `plugin` does: a function of an interface, or of another \
                 world, is not called"
            ))),
        }
    }

    /// Takes WASI's functions of preview 1 for the host's, where an adapter makes them of those of 0.2: it has a way of its own to take
    /// memory for results, which what replaces those would not know.
    pub(super) fn without_adapter(&mut self) {
        for Instance { module, imports } in &mut self.instances {
            for (import, origin) in module.imports.iter().zip(imports) {
                if import.module == PREVIEW_1 {
                    *origin = Origin::Host(Host { interface: import.module, function: import.name.into() });
                }
            }
        }
    }

    /// Every function of the host that is imported, as often as it is.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &Host<'a>> {
        self.instances.iter().flat_map(|instance| &instance.imports).filter_map(|origin| match origin {
            Origin::Host(host) => Some(host),
            Origin::Export(..) => None,
        })
    }

    /// The functions of the host for which this holds, with their types.
    pub(super) fn missing(
        &self,
        is_meant: impl Fn(&Host<'a>) -> bool,
    ) -> Result<BTreeMap<Host<'a>, FuncType>, PackError> {
        let mut missing = BTreeMap::new();
        for Instance { module, imports } in &self.instances {
            let types = module.types().map_err(broken)?;
            for (import, origin) in module.imports.iter().zip(imports) {
                if let (TypeRef::Func(ty), Origin::Host(host)) = (import.ty, origin)
                    && is_meant(host)
                    && let Some(ty) = types.get(ty as usize)
                {
                    missing.insert(host.clone(), ty.unwrap_func().clone());
                }
            }
        }
        Ok(missing)
    }

    /// Adds an instance of a module that exports these functions under [their names](fmt::Display), and imports of the rest what
    /// the host uses, or a function of the contract.
    pub(super) fn take_from(
        &mut self,
        module: &'a [u8],
        is_meant: impl Fn(&Host<'a>) -> bool,
    ) -> Result<(), PackError> {
        let module = Module::read(module).map_err(broken)?;
        let added = self.instances.len();
        for origin in self.instances.iter_mut().flat_map(|instance| &mut instance.imports) {
            if let Origin::Host(host) = origin
                && is_meant(host)
            {
                *origin = Origin::Export(added, host.to_string().into());
            }
        }
        let imports = module.imports.iter().map(|import| {
            let used = if import.name == REALLOC { self.reallocs.first() } else { self.exports.get(import.name) };
            used.cloned().unwrap_or(Origin::Host(Host { interface: import.module, function: import.name.into() }))
        });
        let imports = imports.collect();
        self.instances.push(Instance { module, imports });
        Ok(())
    }
}

pub(super) fn broken(error: BinaryReaderError) -> PackError {
    refused(format!("it cannot be read: {error}"))
}
