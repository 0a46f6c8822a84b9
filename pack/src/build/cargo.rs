//! How cargo is called: in the project's folder, with an environment that holds nothing that is meant for this machine's
//! programs.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::outcome::failed;
use super::place::shown_from;
use crate::error::PackError;
use crate::target::TARGET;

/// Variables by which cargo and the compiler are told how to build for this machine.
const FOR_THIS_MACHINE: [&str; 9] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_BUILD_INCREMENTAL",
    "CFLAGS",
    "CXXFLAGS",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
];

/// The same for each setting of a profile.
const PROFILES: &str = "CARGO_PROFILE_";

/// Variables whose value is a path, which begins where the caller is.
const PATHS: [&str; 4] = ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "CARGO_BUILD_BUILD_DIR"];

/// Cargo, for one project.
#[derive(Debug)]
pub(super) struct Cargo {
    /// Where it runs, so that it finds the project's configuration and toolchain.
    pub(super) dir: PathBuf,
    pub(super) caller_dir: PathBuf,
    pub(super) target_dir: Option<OsString>,
}

impl Cargo {
    /// One of cargo's commands.
    pub(super) fn command(&self, subcommand: &str) -> Command {
        let mut command = self.tool(&program());
        command.arg(subcommand);
        command
    }

    /// Another program of the toolchain, in the same environment.
    pub(super) fn tool(&self, program: &OsStr) -> Command {
        let mut command = Command::new(found_from(&self.caller_dir, program));
        command.current_dir(&self.dir).stdin(Stdio::null());
        // What is printed is read.
        command.env("CARGO_TERM_COLOR", "never").env("CARGO_TERM_PROGRESS_WHEN", "never");
        for name in meant_for_this_machine() {
            command.env_remove(name);
        }
        // A setting of the user's for what they build daily, which changes the bytes.
        command.env("CARGO_INCREMENTAL", "0");
        // A template of cargo's begins with a brace.
        let is_path = |path: &OsString| !path.is_empty() && !path.as_encoded_bytes().starts_with(b"{");
        for name in PATHS {
            if let Some(path) = env::var_os(name).filter(is_path) {
                command.env(name, self.caller_dir.join(path));
            }
        }
        if let Some(rustc) = env::var_os("RUSTC") {
            command.env("RUSTC", found_from(&self.caller_dir, &rustc));
        }
        if let Some(target_dir) = &self.target_dir {
            command.env("CARGO_TARGET_DIR", target_dir);
        }
        command
    }

    /// Runs a command to its end. `of` is what an error calls the package.
    pub(super) fn output(&self, mut command: Command, of: &Path) -> Result<Vec<u8>, PackError> {
        let Output { status, stdout, stderr } = command.output().map_err(|error| no_program(&command, error))?;
        if status.success() {
            return Ok(stdout);
        }
        let output = shown_from(&self.caller_dir, &self.dir, &String::from_utf8_lossy(&stderr));
        Err(failed(of.display().to_string(), output))
    }
}

/// The cargo that runs us, if one does, so that both use one toolchain.
pub(crate) fn program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

pub(super) fn no_program(command: &Command, source: std::io::Error) -> PackError {
    PackError::NoCargo { program: command.get_program().to_string_lossy().into_owned(), source }
}

/// A program as the caller names it: one without a folder is looked for in `PATH`.
fn found_from(dir: &Path, program: &OsStr) -> OsString {
    if program.as_encoded_bytes().contains(&b'/') { dir.join(program).into() } else { program.to_owned() }
}

/// What of the environment is left out, for whoever set it.
pub(super) fn left_out() -> Option<String> {
    let mut names: Vec<_> =
        meant_for_this_machine().filter(|name| env::var_os(name).is_some_and(|value| !value.is_empty())).collect();
    names.sort();
    (!names.is_empty()).then(|| {
        format!(
            "not used for the model, because it is meant for programs of this machine: {}; flags for models go into the \
             project's .cargo/config.toml (`[target.{TARGET}]`, `rustflags = [...]`), settings of a profile into its Cargo.toml",
            names.join(", ")
        )
    })
}

/// The names of variables that are set, and are not for guests: cargo would build them with these too.
fn meant_for_this_machine() -> impl Iterator<Item = String> {
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| FOR_THIS_MACHINE.contains(&name.as_str()) || name.starts_with(PROFILES))
}
