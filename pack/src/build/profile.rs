//! What a profile says in the end, after Cargo.toml, cargo's configuration and its arguments.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use super::cargo::Cargo;
use crate::error::PackError;

/// The settings that change what the compiler makes.
const SETTINGS: [&str; 8] =
    ["opt_level", "lto", "codegen_units", "debuginfo", "debug_assertions", "overflow_checks", "panic", "strip"];

/// What cargo would do.
#[derive(Debug, Deserialize)]
struct UnitGraph {
    units: Vec<Unit>,
    roots: Vec<usize>,
}

#[derive(Debug, Deserialize)]
struct Unit {
    profile: BTreeMap<String, Value>,
}

/// Asks cargo what `build`, a command that builds a package, would build it with. The way to ask is not stable, so this one
/// call has the leave to use it; it builds nothing.
pub(super) fn settings(cargo: &Cargo, mut build: Command, of: &Path) -> Result<BTreeMap<String, String>, PackError> {
    build.args(["--unit-graph", "-Zunstable-options"]).env("RUSTC_BOOTSTRAP", "1");
    let json = cargo.output(build, of)?;
    let unreadable = |error| PackError::Cargo {
        package: of.display().to_string(),
        output: format!("error: cargo's plan cannot be read: {error}\n"),
    };
    let graph: UnitGraph = serde_json::from_slice(&json).map_err(unreadable)?;
    let profile = graph.roots.first().and_then(|root| Some(&graph.units.get(*root)?.profile));
    let settings =
        SETTINGS.iter().filter_map(|setting| Some((setting.replace('_', "-"), plain(profile?.get(*setting)?)?)));
    Ok(settings.collect())
}

/// A value as Cargo.toml has it: cargo tells of some where they come from, around them.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Object(fields) => fields.values().next().and_then(plain),
        other => Some(other.to_string()),
    }
}
