//! What the functions of the one module are called, for whoever wants to know what takes the room. A release has no names.

use wasm_encoder::{NameMap, NameSection};
use wasmparser::ExternalKind;

use super::renumbered::Numbers;
use crate::function_names::FunctionNames;
use crate::prebuilt::program::Instance;

/// The names that functions have in these instances, under their new numbers. Where there are several modules, that of a function's
/// stands before it: `libc.so!malloc`, or `libc.so!` of a function without a name.
pub(super) fn of(instances: &[Instance<'_>], numbers: &[Numbers]) -> NameSection {
    let mut names = NameMap::new();
    for (Instance { module, .. }, numbers) in instances.iter().zip(numbers) {
        let known = FunctionNames::of_section(module.names);
        let library = known.module.filter(|_| instances.len() > 1).map(|library| format!("{library}!"));
        let imported = module.imported(ExternalKind::Func).count() as u32;
        for index in imported..imported + module.defined(ExternalKind::Func) {
            let name = known.of(index);
            if library.is_some() || name.is_some() {
                let name = library.clone().unwrap_or_default() + name.unwrap_or_default();
                names.append(numbers.of(ExternalKind::Func, index), &name);
            }
        }
    }
    let mut section = NameSection::new();
    section.functions(&names);
    section
}
