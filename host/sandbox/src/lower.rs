//! No code runs for long without a look at the clock.
//!
//! Compiled code looks at the clock where a function begins and where a loop starts over, and an instruction that fills
//! or copies memory looks once, before it begins: filling 60 MiB took 40 ms longer than a deadline of 5. So a component
//! is rewritten before it is compiled:
//!
//! * `memory.fill`, `memory.copy` and `memory.init` of a length that is not a small constant become calls of a function
//!   that is added to the module and does the same in pieces, in a loop;
//! * in a long function without loops, a call of an empty function stands in between every so often.
//!
//! What the model computes stays the same, traps included, and so does the number of everything that has one: types and
//! functions are added at the end. The release itself is not touched, nor is its digest: a host does this to whatever it
//! is given, packed long ago or by another tool.

mod body;
mod helpers;

use std::ops::Range;

use wasm_encoder::{ComponentSectionId, Encode as _, RawSection, Section as _, SectionId};
use wasmparser::{
    BinaryReaderError, Chunk, Encoding, FromReader, FunctionBody, Parser, Payload, SectionLimited, TypeRef,
};

use self::helpers::Helpers;

/// Stands for what this module makes of a component. Compiled artifacts of another version are not used.
pub(super) const VERSION: u32 = 1;

/// The component with bounded instructions. It has been vetted: there are core modules in it, and no components.
pub(super) fn bounded(component: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut lowered = component.get(..8).unwrap_or_default().to_vec();
    let mut parser = Parser::new(0);
    let mut offset = 0;
    loop {
        let rest = component.get(offset..).unwrap_or_default();
        let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else { return Ok(lowered) };
        let start = offset;
        offset += consumed;
        match payload {
            Payload::ModuleSection { unchecked_range, .. } => {
                let module = module(&component[unchecked_range.clone()])?;
                RawSection { id: ComponentSectionId::CoreModule as u8, data: &module }.append_to(&mut lowered);
                offset = unchecked_range.end;
            }
            Payload::End(_) => return Ok(lowered),
            Payload::Version { encoding: Encoding::Component, .. } => {}
            // Byte for byte, header included.
            _ => lowered.extend_from_slice(&component[start..offset]),
        }
    }
}

/// A core module with bounded instructions; one that has none to bound as it is.
fn module(bytes: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let module = Module::read(bytes)?;
    let mut helpers = Helpers::new(module.types.count, module.imported + module.functions.count);
    let bodies = module.bodies.iter().map(|body| body::bounded(bytes, body, module.imported, &mut helpers));
    let bodies = bodies.collect::<Result<Vec<_>, _>>()?;
    if helpers.is_empty() {
        return Ok(bytes.to_vec());
    }
    let mut lowered = bytes.get(..8).unwrap_or_default().to_vec();
    for (id, content) in &module.sections {
        let data = match *id {
            TYPE => module.types.with(bytes, &helpers.types()),
            FUNCTION => module.functions.with(bytes, &helpers.functions()),
            CODE => Items::default().with(&[], &[bodies.as_slice(), &helpers.bodies()].concat()),
            _ => bytes[content.clone()].to_vec(),
        };
        RawSection { id: *id, data: &data }.append_to(&mut lowered);
    }
    Ok(lowered)
}

const TYPE: u8 = SectionId::Type as u8;
const FUNCTION: u8 = SectionId::Function as u8;
const CODE: u8 = SectionId::Code as u8;

/// What a module consists of.
#[derive(Default)]
struct Module<'a> {
    /// The number of each section, and where its content lies.
    sections: Vec<(u8, Range<usize>)>,
    types: Items,
    /// Imported functions. They have the first numbers.
    imported: u32,
    /// The module's own functions.
    functions: Items,
    bodies: Vec<FunctionBody<'a>>,
}

/// The items of a section: how many, and where they lie.
#[derive(Default)]
struct Items {
    count: u32,
    place: Range<usize>,
}

impl<'a> Module<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, BinaryReaderError> {
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            module.sections.extend(payload.as_section());
            match payload {
                Payload::TypeSection(section) => module.types = Items::of(&section),
                Payload::FunctionSection(section) => module.functions = Items::of(&section),
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        module.imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionEntry(body) => module.bodies.push(body),
                _ => {}
            }
        }
        Ok(module)
    }
}

impl Items {
    fn of<'a, T: FromReader<'a>>(section: &SectionLimited<'a, T>) -> Self {
        Self { count: section.count(), place: section.original_position()..section.range().end }
    }

    /// The content of the section with more items at its end.
    fn with(&self, bytes: &[u8], added: &[Vec<u8>]) -> Vec<u8> {
        let mut content = Vec::with_capacity(self.place.len() + added.iter().map(Vec::len).sum::<usize>() + 5);
        (self.count + added.len() as u32).encode(&mut content);
        content.extend_from_slice(&bytes[self.place.clone()]);
        added.iter().for_each(|item| content.extend_from_slice(item));
        content
    }
}

#[cfg(test)]
mod tests;
