//! What another toolchain built, a component or a core module, becomes one core module of the scoring contract.
//!
//! Toolchains make components of many core modules: a shim and what fills it, an adapter for WASI, a language's runtime in
//! shared libraries. A host gives a message one memory and few instances, and a snapshot is taken of one module. So all core
//! modules are linked into one here, with the functions of the contract as its only imports; what is made of it afterwards is
//! the same as of a model in Rust.

mod constant;
mod contract;
mod link;
mod module;
mod parts;
mod program;
mod record;
mod stubs;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use self::record::ComponentRecord;

pub(crate) use self::contract::NEWEST as CONTRACT;

use self::program::{Host, Program};
use crate::component::CONTRACT_PACKAGE;
use crate::error::PackError;

/// What takes the place of imports that the contract does not offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Stub {
    /// Functions of WASI (preview 1 and 0.2) that do without a system: a clock that stands still, numbers that are the same for every
    /// message, no arguments and no environment. What is printed goes to the model's log. All others end the call with a line
    /// of log that names them.
    Wasi,
}

/// The core module that a component, or a core module with the contract's imports and exports, amounts to.
pub(crate) fn core_module(bytes: &[u8], stub: Option<Stub>) -> Result<Vec<u8>, PackError> {
    wasmparser::validate(bytes).map_err(|error| refused(format!("it is not valid WebAssembly: {error}")))?;
    let mut program = Program::read(bytes)?;
    let contract = contract::version(&program)?;
    let stubs;
    if stub == Some(Stub::Wasi) {
        program.without_adapter();
        stubs = stubs::module(&program.missing(stubs::is_wasi)?, &contract)?;
        program.take_from(&stubs, stubs::is_wasi)?;
    }
    refuse_foreign_imports(&program)?;
    contract::declared(link::link(&program)?, &contract)
}

/// Refuses what imports more than the contract, all of it at once.
fn refuse_foreign_imports(program: &Program<'_>) -> Result<(), PackError> {
    let is_foreign = |host: &&Host<'_>| !host.interface.starts_with(CONTRACT_PACKAGE);
    let foreign: BTreeSet<_> = program.hosts().filter(is_foreign).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    let is_wasi = foreign.iter().all(|host| stubs::is_wasi(host));
    let imports = foreign.iter().map(ToString::to_string).collect();
    Err(PackError::ForeignImports { imports, is_wasi })
}

fn refused(why: impl Into<String>) -> PackError {
    PackError::Prebuilt { why: why.into() }
}

#[cfg(test)]
mod tests;
