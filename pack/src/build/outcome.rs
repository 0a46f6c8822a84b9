//! What cargo said while it built, and what came of it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;

use super::advice::advice;
use super::message::{self, Message};
use super::place::shown_from;
use super::project::Project;
use super::toolchain::Toolchain;
use crate::error::PackError;
use crate::progress::Progress;
use crate::target::TARGET;

/// What cargo said.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    success: bool,
    /// The modules of the package itself.
    modules: Vec<PathBuf>,
    /// Errors as the compiler renders them.
    errors: String,
    /// What cargo wrote beside its messages.
    stderr: String,
}

/// A build that runs.
pub(super) struct Watched<'a> {
    pub(super) project: &'a Project,
    /// Where cargo runs, from where it names files.
    pub(super) cargo_dir: &'a Path,
    pub(super) caller_dir: &'a Path,
}

impl Watched<'_> {
    /// Reads both streams until cargo ends. `on_progress` hears of crates and of warnings.
    pub(super) fn until_end(
        &self,
        child: &mut Child,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Outcome, std::io::Error> {
        let mut outcome = Outcome::default();
        let stderr = child.stderr.take().map(|mut stream| {
            thread::spawn(move || {
                let mut text = Vec::new();
                // A stream that breaks off is no reason to lose what came before.
                let _ = stream.read_to_end(&mut text);
                String::from_utf8_lossy(&text).into_owned()
            })
        });
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                self.take(&line, &mut outcome, on_progress);
            }
        }
        outcome.success = child.wait()?.success();
        let stderr = stderr.and_then(|thread| thread.join().ok()).unwrap_or_default();
        outcome.stderr = shown_from(self.caller_dir, self.cargo_dir, &stderr);
        for warning in message::warnings_of_cargo(&outcome.stderr) {
            on_progress(Progress::Remark(&warning));
        }
        Ok(outcome)
    }

    fn take(&self, line: &str, outcome: &mut Outcome, on_progress: &mut dyn FnMut(Progress<'_>)) {
        match serde_json::from_str(line) {
            Ok(Message::Said { message }) if message.is_error() || message.is_warning() => {
                // The compiler runs in the workspace's folder.
                let rendered = message.rendered.as_deref().unwrap_or_default();
                let rendered = shown_from(self.caller_dir, &self.project.workspace_root, rendered);
                match message.is_error() {
                    true => outcome.errors.push_str(&message::without_linker_arguments(&rendered)),
                    false => on_progress(Progress::Remark(rendered.trim_end())),
                }
            }
            Ok(Message::Done { package_id, target, filenames }) => {
                on_progress(Progress::Compiled(&target.name));
                if package_id == self.project.package_id {
                    let is_module = |file: &PathBuf| file.extension() == Some("wasm".as_ref());
                    outcome.modules.extend(filenames.into_iter().filter(is_module));
                }
            }
            _ => {}
        }
    }
}

impl Outcome {
    /// The module, or why there is none.
    pub(super) fn module(self, project: &Project, toolchain: &Toolchain) -> Result<PathBuf, PackError> {
        if self.success {
            let no_cdylib = PackError::NoCdylib { package: project.package.clone() };
            return self.modules.into_iter().next_back().ok_or(no_cdylib);
        }
        if message::says_target_is_missing(&self.errors) || message::says_target_is_missing(&self.stderr) {
            return Err(PackError::NoTarget { target: TARGET, toolchain: toolchain.name_for_rustup() });
        }
        let output = if self.errors.is_empty() { self.stderr } else { self.errors };
        Err(failed(project.package.clone(), output))
    }
}

/// What cargo said, and what to do about it.
pub(super) fn failed(package: String, mut output: String) -> PackError {
    if let Some(advice) = advice(&output) {
        output = format!("{}\n\nwhat to do: {advice}", output.trim_end());
    }
    PackError::Cargo { package, output }
}
