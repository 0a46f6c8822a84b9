//! Core instances become one module.
//!
//! Everything of theirs stands one behind the other and gets new numbers; an import that another instance exports gets that one's
//! number. Memory and tables are filled in the order in which the instances would be made, and then initialised in that order.

mod names;
mod renumbered;
mod sections;

use std::collections::BTreeMap;

use wasm_encoder::reencode::Error;
use wasm_encoder::{EntityType, ExportKind, Function};
use wasmparser::{ExternalKind, TypeRef};

use self::renumbered::{FUNCTIONS, KINDS, MEMORIES, Numbers, Renumbered, Unknown};
use self::sections::Sections;
use super::program::{Host, INITIALIZE, Instance, MEMORY, Origin, Program, REALLOC, broken};
use super::refused;
use crate::error::PackError;

/// Links a program. Its imports are the functions of the host, and its exports what the program names.
pub(super) fn link(program: &Program<'_>) -> Result<Vec<u8>, PackError> {
    let linker = Linker::new(program)?;
    linker.check_order()?;
    let exports = linker.exports()?;
    let starts = linker.starts(&exports);
    linker.encoded(exports, &starts).map_err(|error| refused(format!("its modules cannot be linked into one: {error}")))
}

struct Linker<'a> {
    program: &'a Program<'a>,
    /// The functions of the host, in the order of their numbers.
    hosts: Vec<&'a Host<'a>>,
    /// For each instance.
    numbers: Vec<Numbers>,
    /// How many types, and how many functions, there are.
    types: u32,
    functions: u32,
}

impl<'a> Linker<'a> {
    fn new(program: &'a Program<'a>) -> Result<Self, PackError> {
        let mut hosts = Vec::new();
        for host in program.hosts() {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        let mut next = [hosts.len() as u32, 0, 0, 0];
        let mut before = Numbers::default();
        let mut linker = Self { program, hosts, numbers: Vec::new(), types: 0, functions: 0 };
        // What is imported may be defined later, so what is defined gets its numbers first.
        for Instance { module, .. } in &program.instances {
            let mut numbers = Numbers { things: Default::default(), ..before };
            for ((kind, next), numbers) in KINDS.into_iter().zip(&mut next).zip(&mut numbers.things) {
                numbers.extend(module.imported(kind).map(|_| u32::MAX));
                numbers.extend(*next..*next + module.defined(kind));
                *next += module.defined(kind);
            }
            before.types += module.types().map_err(broken)?.len() as u32;
            before.elements += module.elements.as_ref().map_or(0, |section| section.count());
            before.data += module.data.as_ref().map_or(0, |section| section.count());
            linker.numbers.push(numbers);
        }
        for (at, Instance { module, imports }) in program.instances.iter().enumerate() {
            for (place, kind) in KINDS.into_iter().enumerate() {
                for (thing, import) in module.imported(kind).enumerate() {
                    linker.numbers[at].things[place][thing] = linker.number(&imports[import], kind)?;
                }
            }
        }
        if next[MEMORIES] > 1 {
            return Err(refused(format!("it has {} memories, and a host gives a model one", next[MEMORIES])));
        }
        (linker.types, linker.functions) = (before.types, next[FUNCTIONS]);
        Ok(linker)
    }

    /// The number of what is imported or exported.
    fn number(&self, origin: &Origin<'_>, kind: ExternalKind) -> Result<u32, PackError> {
        let missing = || refused(format!("its modules do not fit together: nothing is {origin}"));
        match origin {
            Origin::Host(host) => {
                let number = self.hosts.iter().position(|known| *known == host).map(|number| number as u32);
                number.filter(|_| kind == ExternalKind::Func).ok_or_else(missing)
            }
            Origin::Export(instance, name) => {
                let Instance { module, imports } = &self.program.instances[*instance];
                let (_, index) = module.exports.get(&**name).filter(|(of, _)| *of == kind).ok_or_else(missing)?;
                match module.imported(kind).nth(*index as usize) {
                    Some(import) => self.number(&imports[import], kind),
                    None => Ok(self.numbers[*instance].of(kind, *index)),
                }
            }
        }
    }

    /// Here all data are there before anything is initialised. That makes no difference unless a module wrote data into a memory
    /// after the initialisation of another.
    fn check_order(&self) -> Result<(), PackError> {
        let mut instances = self.program.instances.iter();
        let _ = instances.find(|instance| instance.module.start.is_some());
        for instance in instances {
            if instance.module.writes_data().map_err(broken)? {
                return Err(refused(
                    "one of its modules has data and comes after one that starts with a function, which might see them too early: \
                     link it statically",
                ));
            }
        }
        Ok(())
    }

    /// What is exported, with its number.
    fn exports(&self) -> Result<BTreeMap<&'a str, (ExportKind, u32)>, PackError> {
        let mut exports = BTreeMap::new();
        for (name, origin) in &self.program.exports {
            let export = match name.as_str() {
                MEMORY => (ExportKind::Memory, self.number(origin, ExternalKind::Memory)?),
                _ => (ExportKind::Func, self.number(origin, ExternalKind::Func)?),
            };
            exports.insert(name.as_str(), export);
        }
        for realloc in &self.program.reallocs {
            let number = self.number(realloc, ExternalKind::Func)?;
            let earlier = exports.insert(REALLOC, (ExportKind::Func, number));
            if earlier.is_some_and(|(_, earlier)| earlier != number) {
                return Err(refused("its memory is given by several functions (`realloc`), and a model has one"));
            }
        }
        Ok(exports)
    }

    /// The functions that initialise the instances, in their order.
    fn starts(&self, exports: &BTreeMap<&str, (ExportKind, u32)>) -> Vec<u32> {
        let starts = self.program.instances.iter().zip(&self.numbers);
        let starts =
            starts.filter_map(|(instance, numbers)| Some(numbers.of(ExternalKind::Func, instance.module.start?)));
        starts.chain(exports.get(INITIALIZE).map(|(_, number)| *number)).collect()
    }

    fn encoded(
        &self,
        mut exports: BTreeMap<&str, (ExportKind, u32)>,
        starts: &[u32],
    ) -> Result<Vec<u8>, Error<Unknown>> {
        let mut sections = Sections::default();
        let mut globals = Vec::new();
        for host in &self.hosts {
            sections.imports.import(host.interface, &host.function, EntityType::Function(self.type_of(host)));
        }
        for (Instance { module, .. }, numbers) in self.program.instances.iter().zip(&self.numbers) {
            sections.add(module, &mut Renumbered { numbers, globals: &mut globals })?;
        }
        if !starts.is_empty() {
            // A function without parameters and results, which calls them all.
            sections.types.ty().function([], []);
            sections.functions.function(self.types);
            let mut initialise = Function::new([]);
            let mut instructions = initialise.instructions();
            starts.iter().for_each(|start| _ = instructions.call(*start));
            instructions.end();
            sections.code.function(&initialise);
            exports.insert(INITIALIZE, (ExportKind::Func, self.functions));
        }
        for (name, (kind, number)) in exports {
            sections.exports.export(name, kind, number);
        }
        Ok(sections.finish(&names::of(&self.program.instances, &self.numbers)))
    }

    /// The number of the type with which a function of the host is first imported.
    fn type_of(&self, host: &Host<'_>) -> u32 {
        let imports = self.program.instances.iter().zip(&self.numbers).flat_map(|(instance, numbers)| {
            let imports = instance.module.imports.iter().zip(&instance.imports);
            imports.map(move |(import, origin)| (import, origin, numbers.types))
        });
        let mut types = imports.filter_map(|(import, origin, before)| match (import.ty, origin) {
            (TypeRef::Func(ty), Origin::Host(of)) if of == host => Some(before + ty),
            _ => None,
        });
        // Hosts are what somebody imports as a function.
        types.next().unwrap_or_default()
    }
}
