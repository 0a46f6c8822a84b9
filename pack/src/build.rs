//! Runs cargo: a package's folder becomes a core WebAssembly module.

mod advice;
mod arguments;
mod cargo;
mod flags;
mod message;
mod outcome;
mod place;
mod profile;
mod project;
mod record;
mod toolchain;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use memchr::memmem;

pub(crate) use self::cargo::program as cargo_program;
pub use self::record::BuildRecord;

use self::arguments::Arguments;
use self::cargo::{Cargo, no_program};
use self::flags::Configuration;
use self::outcome::Watched;
use self::project::Project;
use self::toolchain::Toolchain;
use crate::error::PackError;
use crate::progress::Progress;
use crate::target::TARGET;

/// The separator of `CARGO_ENCODED_RUSTFLAGS`.
const FLAG_SEPARATOR: &str = "\x1f";

/// How to build a guest.
#[derive(Debug)]
pub(crate) struct Build {
    arguments: Arguments,
    cargo: Cargo,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Built {
    /// The core module.
    pub(crate) module: Vec<u8>,
    /// Where cargo puts what it builds.
    pub(crate) target_directory: PathBuf,
    pub(crate) record: BuildRecord,
    /// Folders of this machine, which a release should not name, and what it names in their place.
    names_of_folders: Vec<(PathBuf, String)>,
}

impl Build {
    /// With these arguments for `cargo build`. Relative paths begin in the current folder.
    ///
    /// # Errors
    /// If an argument makes no sense for a model.
    pub(crate) fn new(cargo_args: &[OsString]) -> Result<Self, PackError> {
        let here = Path::new(".");
        let caller_dir = env::current_dir().map_err(PackError::read(here))?;
        let arguments = Arguments::read(cargo_args, &caller_dir)?;
        let target_dir = arguments.target_dir().map(OsString::from);
        Ok(Self { arguments, cargo: Cargo { dir: caller_dir.clone(), caller_dir, target_dir } })
    }

    /// Builds the package in a folder with a profile, and with so much stack in its memory.
    pub(crate) fn run(
        mut self,
        package_dir: &Path,
        profile: &str,
        stack_bytes: usize,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Built, PackError> {
        let project = Project::of(package_dir, &self.arguments, &mut self.cargo)?;
        project.sources().iter().for_each(|source| on_progress(Progress::Uses(source)));
        let Self { arguments, cargo } = &self;
        let configuration = Configuration::of(cargo, arguments, &project.manifest_path)?;
        let toolchain = Toolchain::of(cargo, configuration.rustc(), &project.manifest_path)?;
        let theirs = configuration.flags(&toolchain);
        let remarks = [cargo::left_out(), configuration.left_out(), configuration.profiles(), flags::taken(&theirs)];
        remarks.iter().flatten().for_each(|remark| on_progress(Progress::Remark(remark)));
        let names_of_folders = flags::names_of_folders(&project, &toolchain);

        let flags = flags::all(&theirs, &names_of_folders, &toolchain, stack_bytes);
        let mut command = self.command(&project, profile, &flags);
        // Where cargo cannot be asked, the build says why, or the record has none.
        let settings = profile::settings(cargo, self.command(&project, profile, &flags), &project.manifest_path);
        let mut child = command.spawn().map_err(|error| no_program(&command, error))?;
        let watched = Watched { project: &project, cargo_dir: &cargo.dir, caller_dir: &cargo.caller_dir };
        let outcome = watched.until_end(&mut child, on_progress).map_err(|error| no_program(&command, error))?;
        let path = outcome.module(&project, &toolchain)?;
        let module = fs::read(&path).map_err(PackError::read(&path))?;
        let theirs = theirs.iter().map(|flag| flags::without_folders(flag, &names_of_folders)).collect();
        let record = BuildRecord::new(
            &project,
            &toolchain,
            arguments,
            (profile, settings.unwrap_or_default()),
            stack_bytes,
            theirs,
        );
        Ok(Built { module, target_directory: project.target_directory, record, names_of_folders })
    }

    fn command(&self, project: &Project, profile: &str, flags: &[String]) -> Command {
        let mut command = self.cargo.command("build");
        command
            .args(["--lib", "--message-format=json", "--target", TARGET, "--profile", profile])
            .arg("--manifest-path")
            .arg(&project.manifest_path)
            .args(self.arguments.for_build())
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join(FLAG_SEPARATOR))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

impl Built {
    /// The first folder of this machine that a release names all the same.
    pub(crate) fn folder_named_in(&self, release: &[u8]) -> Option<&Path> {
        let are_ours = |folder: &str| self.names_of_folders.iter().any(|(_, name)| name.starts_with(folder));
        let folders = self.names_of_folders.iter().rev().map(|(folder, _)| folder.as_path());
        folders.filter(|folder| !are_ours(&folder.to_string_lossy())).find(|folder| {
            // A short name may be part of a longer word.
            let end = if folder.components().count() > 2 { "" } else { "/" };
            memmem::find(release, format!("{}{end}", folder.display()).as_bytes()).is_some()
        })
    }
}
