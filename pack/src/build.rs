//! Runs cargo: a package's folder becomes a core WebAssembly module.

mod message;
mod project;

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use self::message::Message;
use self::project::Project;
use crate::error::PackError;

/// The only target that guests are built for: no operating system, so no imports but the contract's.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The separator of `CARGO_ENCODED_RUSTFLAGS`.
const FLAG_SEPARATOR: &str = "\x1f";

/// How to build a guest.
#[derive(Clone, Debug)]
pub(crate) struct Build<'a> {
    /// The folder of the package.
    pub(crate) package_dir: &'a Path,
    /// The cargo profile.
    pub(crate) profile: &'a str,
    /// The stack that the guest has in its own memory, in bytes.
    pub(crate) stack_bytes: usize,
    /// Further arguments for `cargo build`.
    pub(crate) cargo_args: &'a [OsString],
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Built {
    /// The core module.
    pub(crate) module: Vec<u8>,
    /// Where cargo puts what it builds.
    pub(crate) target_directory: PathBuf,
}

impl Build<'_> {
    /// Builds the package. `on_crate` hears the name of each crate as it is done.
    pub(crate) fn run(&self, on_crate: &mut dyn FnMut(&str)) -> Result<Built, PackError> {
        let project = Project::of(self.package_dir, self.cargo_args)?;
        let mut child = self.command(&project).spawn().map_err(no_cargo)?;
        let outcome = Outcome::watch(&mut child, &project, on_crate)?;
        let path = outcome.module(&project)?;
        let module = fs::read(&path).map_err(PackError::read(&path))?;
        Ok(Built { module, target_directory: project.target_directory })
    }

    fn command(&self, project: &Project) -> Command {
        let mut command = Command::new(cargo());
        command
            .args(["build", "--lib", "--message-format=json", "--target", TARGET, "--profile", self.profile])
            .arg("--manifest-path")
            .arg(&project.manifest_path)
            .args(self.cargo_args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        add_rustflags(&mut command, &rustflags(project, self.stack_bytes));
        command
    }
}

/// The cargo that runs us, if one does, so that both use one toolchain.
fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn no_cargo(source: std::io::Error) -> PackError {
    PackError::NoCargo { program: cargo().to_string_lossy().into_owned(), source }
}

/// SIMD on, a small stack, and no path of this machine in the module: panic messages name source files, and a release's
/// digest must not depend on where the checkout or the registry's cache lies. The compiler takes the last
/// prefix that matches, so the most special comes last.
fn rustflags(project: &Project, stack_bytes: usize) -> Vec<String> {
    let mut flags = vec!["-Ctarget-feature=+simd128".to_owned(), format!("-Clink-arg=-zstack-size={stack_bytes}")];
    let mut remap = |from: &Path, to: &str| flags.push(format!("--remap-path-prefix={}={to}", from.display()));
    if let Some(home) = std::env::home_dir() {
        remap(&home, "/home");
    }
    if let Some(cargo_home) = cargo_home() {
        remap(&cargo_home, "/cargo");
    }
    for (name, dir) in &project.outside_dirs {
        remap(dir, &format!("/src/{name}"));
    }
    remap(&project.workspace_root, "/src");
    remap(&project.target_directory, "/target");
    flags
}

fn cargo_home() -> Option<PathBuf> {
    std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".cargo")))
}

/// Adds to the flags that the user set, wherever they are: cargo reads one source only, the environment
/// before the configuration files, and joins `--config` to what those say for the target. Flags in
/// `build.rustflags` are the exception: they are meant for the host, and do not reach the guest.
fn add_rustflags(command: &mut Command, ours: &[String]) {
    let theirs = match (std::env::var("CARGO_ENCODED_RUSTFLAGS"), std::env::var("RUSTFLAGS")) {
        (Ok(encoded), _) => encoded,
        (Err(_), Ok(flags)) => flags.split_whitespace().collect::<Vec<_>>().join(FLAG_SEPARATOR),
        (Err(_), Err(_)) => {
            let list = toml_edit::Array::from_iter(ours.iter());
            command.arg("--config").arg(format!("target.{TARGET}.rustflags = {list}"));
            return;
        }
    };
    let all = theirs.split(FLAG_SEPARATOR).filter(|flag| !flag.is_empty()).chain(ours.iter().map(String::as_str));
    command.env("CARGO_ENCODED_RUSTFLAGS", all.collect::<Vec<_>>().join(FLAG_SEPARATOR));
}

/// What cargo said.
#[derive(Debug, Default)]
struct Outcome {
    success: bool,
    /// The modules of the package itself.
    modules: Vec<PathBuf>,
    /// Errors as the compiler renders them.
    errors: String,
    /// What cargo wrote beside its messages.
    stderr: String,
}

impl Outcome {
    /// Reads both streams until cargo ends.
    fn watch(child: &mut Child, project: &Project, on_crate: &mut dyn FnMut(&str)) -> Result<Self, PackError> {
        let mut outcome = Self::default();
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
                outcome.take(&line, project, on_crate);
            }
        }
        outcome.success = child.wait().map_err(no_cargo)?.success();
        outcome.stderr = stderr.and_then(|thread| thread.join().ok()).unwrap_or_default();
        Ok(outcome)
    }

    fn take(&mut self, line: &str, project: &Project, on_crate: &mut dyn FnMut(&str)) {
        match serde_json::from_str(line) {
            Ok(Message::Said { message }) if message.level.starts_with("error") => {
                self.errors.push_str(message.rendered.as_deref().unwrap_or_default());
            }
            Ok(Message::Done { package_id, target, filenames }) => {
                on_crate(&target.name);
                if package_id == project.package_id {
                    self.modules.extend(filenames.into_iter().filter(|file| file.extension() == Some("wasm".as_ref())));
                }
            }
            _ => {}
        }
    }

    /// The module, or why there is none.
    fn module(self, project: &Project) -> Result<PathBuf, PackError> {
        if self.success {
            let no_cdylib = PackError::NoCdylib { package: project.package.clone() };
            return self.modules.into_iter().next_back().ok_or(no_cdylib);
        }
        if message::says_target_is_missing(&self.errors) || message::says_target_is_missing(&self.stderr) {
            return Err(PackError::NoTarget { target: TARGET });
        }
        let output = if self.errors.is_empty() { self.stderr } else { self.errors };
        Err(PackError::Cargo { package: project.package.clone(), output })
    }
}
