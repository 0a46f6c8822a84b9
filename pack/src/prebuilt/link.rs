//! Core instances become one module.
//!
//! Everything of theirs stands one behind the other and gets new numbers; an import that another instance exports gets that one's
//! number. Memory and tables are filled in the order in which the instances would be made, and then initialised in that order.

use std::collections::BTreeMap;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, Encode as _, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, ImportSection, MemorySection, Module as Encoded,
    TableSection, TypeSection,
};
use wasmparser::{ExternalKind, Operator, TypeRef};

use super::constant::{Constant, Evaluation};
use super::module::Module;
use super::program::{Host, INITIALIZE, Instance, MEMORY, Origin, Program, REALLOC, broken};
use super::refused;
use crate::error::PackError;

/// The kinds of things that modules import and export.
const KINDS: [ExternalKind; 4] = [ExternalKind::Func, ExternalKind::Table, ExternalKind::Memory, ExternalKind::Global];
const FUNCTIONS: usize = 0;
const MEMORIES: usize = 2;

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

/// The new numbers of what one module knows.
#[derive(Default)]
struct Numbers {
    /// Of functions, tables, memories and globals, imported ones first.
    things: [Vec<u32>; KINDS.len()],
    /// How many of each come before the module's.
    types: u32,
    elements: u32,
    data: u32,
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
        Ok(sections.finish())
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

impl Numbers {
    fn of(&self, kind: ExternalKind, index: u32) -> u32 {
        let place = KINDS.iter().position(|known| *known == kind).unwrap_or_default();
        self.things[place][index as usize]
    }
}

/// What the one module consists of.
#[derive(Default)]
struct Sections {
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    globals: GlobalSection,
    exports: ExportSection,
    elements: ElementSection,
    code: CodeSection,
    data: DataSection,
}

impl Sections {
    fn add(&mut self, module: &Module<'_>, renumbered: &mut Renumbered<'_>) -> Result<(), Error<Unknown>> {
        if let Some(types) = &module.types {
            renumbered.parse_type_section(&mut self.types, types.clone())?;
        }
        if let Some(functions) = &module.functions {
            renumbered.parse_function_section(&mut self.functions, functions.clone())?;
        }
        if let Some(tables) = &module.tables {
            renumbered.parse_table_section(&mut self.tables, tables.clone())?;
        }
        if let Some(memories) = &module.memories {
            renumbered.parse_memory_section(&mut self.memories, memories.clone())?;
        }
        if let Some(globals) = &module.globals {
            renumbered.parse_global_section(&mut self.globals, globals.clone())?;
        }
        if let Some(elements) = &module.elements {
            renumbered.parse_element_section(&mut self.elements, elements.clone())?;
        }
        for body in &module.bodies {
            renumbered.parse_function_body(&mut self.code, body.clone())?;
        }
        if let Some(data) = &module.data {
            renumbered.parse_data_section(&mut self.data, data.clone())?;
        }
        Ok(())
    }

    fn finish(self) -> Vec<u8> {
        let mut module = Encoded::new();
        module.section(&self.types).section(&self.imports).section(&self.functions).section(&self.tables);
        module.section(&self.memories).section(&self.globals).section(&self.exports).section(&self.elements);
        module.section(&DataCountSection { count: self.data.len() }).section(&self.code).section(&self.data);
        module.finish()
    }
}

/// A module while its things get their new numbers.
struct Renumbered<'a> {
    numbers: &'a Numbers,
    /// What the globals start with, by their new numbers.
    globals: &'a mut Vec<Constant>,
}

/// An instruction that no constant is made of.
#[derive(Debug, thiserror::Error)]
#[error("a constant is computed by an instruction that is not known")]
struct Unknown;

impl Reencode for Renumbered<'_> {
    type Error = Unknown;

    fn type_index(&mut self, ty: u32) -> Result<u32, Error<Unknown>> {
        Ok(self.numbers.types + ty)
    }

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Unknown>> {
        Ok(self.numbers.of(ExternalKind::Func, function))
    }

    fn table_index(&mut self, table: u32) -> Result<u32, Error<Unknown>> {
        Ok(self.numbers.of(ExternalKind::Table, table))
    }

    fn memory_index(&mut self, memory: u32) -> Result<u32, Error<Unknown>> {
        Ok(self.numbers.of(ExternalKind::Memory, memory))
    }

    fn global_index(&mut self, global: u32) -> Result<u32, Error<Unknown>> {
        Ok(self.numbers.of(ExternalKind::Global, global))
    }

    fn element_index(&mut self, element: u32) -> Result<u32, Error<Unknown>> {
        Ok(self.numbers.elements + element)
    }

    fn data_index(&mut self, data: u32) -> Result<u32, Error<Unknown>> {
        Ok(self.numbers.data + data)
    }

    fn parse_global(
        &mut self,
        globals: &mut GlobalSection,
        global: wasmparser::Global<'_>,
    ) -> Result<(), Error<Unknown>> {
        let value = self.value(&global.init_expr)?;
        globals.global(self.global_type(global.ty)?, &value.clone().into());
        self.globals.push(value);
        Ok(())
    }

    fn const_expr(&mut self, expression: wasmparser::ConstExpr<'_>) -> Result<ConstExpr, Error<Unknown>> {
        Ok(self.value(&expression)?.into())
    }
}

impl Renumbered<'_> {
    fn value(&mut self, expression: &wasmparser::ConstExpr<'_>) -> Result<Constant, Error<Unknown>> {
        let mut evaluation = Evaluation::default();
        for operator in expression.get_operators_reader() {
            match operator? {
                Operator::End => {}
                Operator::GlobalGet { global_index } => {
                    let number = self.global_index(global_index)?;
                    let global = self.globals.get(number as usize).cloned();
                    evaluation.push(global.ok_or(Error::UserError(Unknown))?);
                }
                operator if evaluation.run(&operator) => {}
                operator => {
                    let mut other = Vec::new();
                    self.instruction(operator)?.encode(&mut other);
                    evaluation.push(Constant::Other(ConstExpr::raw(other)));
                }
            }
        }
        evaluation.result().ok_or(Error::UserError(Unknown))
    }
}
