//! What a release is made of, and whose code takes the room.

mod owner;

use std::collections::BTreeMap;

use serde::Serialize;
use switchback::Runtime;
use switchback::release::{MANIFEST_SECTION, Verified};
use wasmparser::{Parser, Payload, TypeRef};

use self::owner::{Owner, owner};
use crate::error::PackError;
use crate::function_names::{FunctionNames, NAME_SECTION};
use crate::inspect::Inspection;

/// Functions that are named because they are large.
const LARGE_MAX: usize = 10;

/// What a release is made of, in bytes. Of code and memory the release has no names: those are of the module that was built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Sizes {
    /// The file.
    pub release_bytes: usize,
    /// Code, with the looks at the stack that packing added.
    pub code_bytes: usize,
    /// The memory that `prepare` left, as far as it is not zero.
    pub memory_bytes: usize,
    /// The manifest, self-tests with their messages included.
    pub manifest_bytes: usize,
    /// All else: types, imports, tables, metadata.
    pub other_bytes: usize,
    /// The memory that every message starts from, zeros included.
    pub start_bytes: u64,
    /// The data that were in the module before `prepare`: constants and tables of the code.
    pub built_data_bytes: usize,
    /// The data that `prepare` was given.
    pub prepare_data_bytes: usize,
    /// The machine code that a host of this platform makes of it, once; none if a host does not accept the release.
    pub compiled_bytes: Option<usize>,
    /// Functions in the module that was built.
    pub functions: usize,
    /// Whose they are, the largest first.
    pub owners: Vec<CodeOf>,
    /// The largest of them; at most ten.
    pub largest: Vec<CodeOf>,
}

/// Code under one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CodeOf {
    /// A crate of Rust, a package of Go, or a module of a component that has several; of a single function, its name. None where
    /// the build left no name.
    pub name: Option<String>,
    /// Its functions.
    pub functions: usize,
    /// Their code, before packing.
    pub bytes: usize,
}

impl Sizes {
    /// Of a release, which was made of this module, whose `prepare` was given so many bytes and left so much memory.
    pub(crate) fn of(module: &[u8], release: &[u8], prepare_data_bytes: usize, start_bytes: u64) -> Self {
        let inspection = Inspection::read(release);
        let of_section = |name: &str| {
            let named = inspection.sections.iter().filter(|section| section.name == name);
            named.map(|section| section.size_bytes).sum::<usize>()
        };
        let (code_bytes, memory_bytes) = (inspection.code_bytes(), inspection.data_bytes());
        let manifest_bytes = of_section(MANIFEST_SECTION);
        let built = Built::read(module);
        Self {
            release_bytes: release.len(),
            code_bytes,
            memory_bytes,
            manifest_bytes,
            other_bytes: release.len().saturating_sub(code_bytes + memory_bytes + manifest_bytes),
            start_bytes,
            built_data_bytes: built.data_bytes,
            prepare_data_bytes,
            compiled_bytes: None,
            functions: built.bodies.len(),
            owners: built.owners(),
            largest: built.largest(),
        }
    }

    /// With the size of what a host compiles it to.
    pub(crate) fn compiled(self, release: Verified) -> Result<Self, PackError> {
        let host = |why: String| PackError::Host { why };
        let runtime = Runtime::builder().instances(1).build().map_err(|error| host(error.to_string()))?;
        let compiled = runtime.compiled_bytes(release).map_err(|error| host(error.fault.to_string()))?;
        Ok(Self { compiled_bytes: Some(compiled), ..self })
    }
}

/// The functions of a module that was built.
#[derive(Default)]
struct Built<'a> {
    imported: u32,
    /// The size of each function that it defines.
    bodies: Vec<usize>,
    names: FunctionNames<'a>,
    data_bytes: usize,
}

impl<'a> Built<'a> {
    /// What can be read of it: it was packed, so all of it can.
    fn read(module: &'a [u8]) -> Self {
        let mut built = Self::default();
        for payload in Parser::new(0).parse_all(module).map_while(Result::ok) {
            match payload {
                Payload::ImportSection(section) => {
                    let imports = section.into_imports().filter_map(Result::ok);
                    built.imported = imports.filter(|import| matches!(import.ty, TypeRef::Func(_))).count() as u32;
                }
                Payload::CodeSectionEntry(body) => built.bodies.push(body.range().len()),
                Payload::DataSection(section) => built.data_bytes = section.range().len(),
                Payload::CustomSection(section) if section.name() == NAME_SECTION => {
                    built.names = FunctionNames::of_section(section.data());
                }
                _ => {}
            }
        }
        built
    }

    /// Each function's size, and its name as the build has it.
    fn functions(&self) -> impl Iterator<Item = (usize, Owner)> {
        let numbered = (self.imported..).zip(&self.bodies);
        numbered.map(|(number, bytes)| (*bytes, self.names.of(number).map(owner).unwrap_or_default()))
    }

    fn owners(&self) -> Vec<CodeOf> {
        let mut owners = BTreeMap::<_, (usize, usize)>::new();
        for (bytes, Owner { group, .. }) in self.functions() {
            let (functions, sum) = owners.entry(group).or_default();
            (*functions, *sum) = (*functions + 1, *sum + bytes);
        }
        largest_first(owners.into_iter().map(|(name, (functions, bytes))| CodeOf { name, functions, bytes }).collect())
    }

    fn largest(&self) -> Vec<CodeOf> {
        let functions =
            self.functions().map(|(bytes, Owner { function, .. })| CodeOf { name: function, functions: 1, bytes });
        let mut largest = largest_first(functions.collect());
        largest.truncate(LARGE_MAX);
        largest
    }
}

fn largest_first(mut code: Vec<CodeOf>) -> Vec<CodeOf> {
    code.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_added_up_by_whose_they_are() {
        let module = wat::parse_str(
            r#"(module
                (import "m" "f" (func $imported))
                (func $_ZN4core3fmt5write17h0123456789abcdefE nop nop nop nop nop nop nop nop nop nop)
                (func $_ZN4core3fmt3pad17h0123456789abcdefE nop)
                (func $memcpy nop)
                (func nop nop))"#,
        )
        .unwrap();
        let built = Built::read(&module);
        assert_eq!((built.imported, built.bodies.len()), (1, 4));
        let told = |code: Vec<CodeOf>| -> Vec<_> {
            code.into_iter().map(|of| (of.name.unwrap_or_default(), of.functions)).collect()
        };
        let owners = [("core".to_owned(), 2), (String::new(), 1), ("no crate".to_owned(), 1)];
        assert_eq!(told(built.owners()), owners);
        assert_eq!(built.data_bytes, 0);
        let largest = ["core::fmt::write", "", "core::fmt::pad", "memcpy"].map(|name| (name.to_owned(), 1));
        assert_eq!(told(built.largest()), largest);
        let all: usize = built.owners().iter().map(|of| of.bytes).sum();
        assert_eq!(all, built.bodies.iter().sum::<usize>());
    }

    #[test]
    fn data_are_counted_and_of_many_functions_ten_are_named() {
        let functions = "(func nop)".repeat(LARGE_MAX + 1);
        let module = wat::parse_str(format!(
            "(module (import \"m\" \"m\" (memory 1)) (import \"m\" \"f\" (func $i)) (func $first call $i) {functions}
             (data (i32.const 0) \"{}\"))",
            "x".repeat(100)
        ))
        .unwrap();
        let built = Built::read(&module);
        assert!((101..120).contains(&built.data_bytes), "{}", built.data_bytes);
        assert_eq!((built.imported, built.largest().len()), (1, LARGE_MAX));
        assert_eq!(built.largest()[0].name.as_deref(), Some("first"), "the imported memory is no function");
    }
}
