//! What takes the place of WASI, where a model's manifest says so.
//!
//! A language's runtime imports far more than a model needs: it asks for arguments, a clock and random numbers when it starts,
//! and never again. So what only starts it has answers here, always the same; what is printed goes to the model's log; and
//! what would need a system ends the call, with a line of log that names it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use semver::Version;
use wasmparser::{FuncType, ValType};

use super::program::{Host, PREVIEW_1};
use super::refused;
use crate::error::PackError;

/// The functions that have an answer, in WebAssembly's text form.
const ANSWERS: &str = include_str!("stubs.wat");

/// Where the functions without one stand in that text.
const REST: &str = ";; REST";

/// Whether a function is one of WASI's.
pub(super) fn is_wasi(host: &Host<'_>) -> bool {
    host.interface == PREVIEW_1 || host.interface.starts_with("wasi:")
}

/// A module that exports each of these under its name, and imports memory, `cabi_realloc` and the contract's log.
pub(super) fn module(missing: &BTreeMap<Host<'_>, FuncType>, contract: &Version) -> Result<Vec<u8>, PackError> {
    let mut exports = String::new();
    for (host, ty) in missing {
        let [params, results] = [ty.params(), ty.results()].map(names);
        match answer(host) {
            Some(answer) => {
                let _ = writeln!(exports, "(export {:?} (func $\"{answer}\"))", host.to_string());
            }
            None => {
                let _ = writeln!(
                    exports,
                    "(func (export {:?}) (param {params}) (result {results}) {} unreachable)",
                    host.to_string(),
                    last_words(&format!(
                        "{host} was called, which a model does not have, and which `stub = \"wasi\"` has no answer for"
                    ))
                );
            }
        }
    }
    let text = ANSWERS.replace(REST, &exports).replace("{{contract}}", &contract.to_string());
    wat::parse_str(text).map_err(|error| refused(format!("WASI cannot be stubbed: {error}")))
}

/// The function that answers, if one does.
fn answer(host: &Host<'_>) -> Option<String> {
    let interface = host.interface.split('@').next().unwrap_or_default();
    // Names of 0.2 mean the same in all its versions.
    let is_known = !host.interface.contains('@') || host.interface.contains("@0.2.");
    let name = match host.function.starts_with("[resource-drop]") {
        true => "[resource-drop]".to_owned(),
        false => format!("{interface}#{}", host.function),
    };
    (is_known && ANSWERS.contains(&format!("(func $\"{name}\" "))).then_some(name)
}

fn names(types: &[ValType]) -> String {
    types.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Instructions that log a line as an error. It is written over the start of the memory, which nobody needs any more.
fn last_words(line: &str) -> String {
    let mut instructions = String::new();
    for (place, bytes) in line.as_bytes().chunks(8).enumerate() {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        let word = i64::from_le_bytes(word);
        let _ = write!(instructions, "(i64.store (i32.const {}) (i64.const {word}))", place * 8);
    }
    let _ = write!(instructions, "(call $log (i32.const 0) (i32.const 0) (i32.const {}))", line.len());
    instructions
}
