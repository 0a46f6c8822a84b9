//! Why packing stopped, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use switchback::InWords;

use crate::snapshot::PREPARE_CALLS_BYTES_MAX;
use crate::source::STACK_KIB;

/// Why packing stopped. Each message names the phase, the culprit and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// A file could not be read.
    #[error("cannot read {}: {}", path.display(), InWords(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file or folder could not be written.
    #[error("cannot write {}: {}", path.display(), InWords(source))]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder has no `switchback.toml`.
    #[error("there is no model in {}: it has no switchback.toml, which a new model's folder has", .0.display())]
    NoModel(PathBuf),
    /// `switchback.toml` is not as it should be.
    #[error("manifest {}: {why}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// The line, the field, and what is allowed.
        why: String,
    },
    /// `cargo` could not be started.
    #[error("build: cannot run `{program}`: {source}; install Rust with https://rustup.rs")]
    NoCargo {
        /// What was run.
        program: String,
        /// Why it did not start.
        source: io::Error,
    },
    /// The folder that the manifest names holds no Cargo package.
    #[error("build: {} is no Cargo package; `build.crate` in the manifest names the folder of one", path.display())]
    NoPackage {
        /// The folder.
        path: PathBuf,
    },
    /// The package builds no WebAssembly module.
    #[error(
        "build: package `{package}` has no `cdylib` target; add to its Cargo.toml:\n\n    \
         [lib]\n    crate-type = [\"cdylib\", \"rlib\"]\n"
    )]
    NoCdylib {
        /// The package.
        package: String,
    },
    /// The standard library for WebAssembly is not installed.
    #[error("build: the standard library for {target} is not installed; run `rustup target add {target}`")]
    NoTarget {
        /// The target triple.
        target: &'static str,
    },
    /// `cargo` failed, as it says itself.
    #[error("build: cargo could not build `{package}`:\n{output}")]
    Cargo {
        /// The package, or its folder.
        package: String,
        /// What cargo and the compiler said.
        output: String,
    },
    /// The build made no core WebAssembly module.
    #[error("componentise: {why}")]
    NotAModule {
        /// What was found instead.
        why: String,
    },
    /// The module does not say which contract it was built for.
    #[error(
        "componentise: the module has no usable `{section}` section ({why}); build it with the crate switchback-guest \
         and `switchback_guest::export!(YourModel)`"
    )]
    NoContract {
        /// The custom section's name.
        section: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The module imports something that the contract does not offer.
    #[error("componentise: the module imports `{import}`, which the scoring contract does not offer; {hint}")]
    ForeignImport {
        /// Module and name of the import.
        import: String,
        /// Where it probably comes from, and what to do.
        hint: &'static str,
    },
    /// The component lacks a function of the contract.
    #[error("componentise: nothing exports `{export}`; a model needs `switchback_guest::export!(YourModel)`")]
    MissingExport {
        /// The function.
        export: &'static str,
    },
    /// The module cannot be made a component.
    #[error("componentise: {why}")]
    Componentise {
        /// Why.
        why: String,
    },
    /// The engine refuses the component.
    #[error("initialise: the component cannot be run: {why}")]
    Unsupported {
        /// Why.
        why: String,
    },
    /// The model's `prepare` returned an error.
    #[error("initialise: `prepare` failed: {message}{}", quote(.log))]
    PrepareFailed {
        /// The guest's message.
        message: String,
        /// What the guest logged.
        log: Vec<String>,
    },
    /// The model's `prepare` trapped.
    #[error("initialise: `prepare` trapped: {trap}{}", quote(.log))]
    PrepareTrapped {
        /// What the engine says.
        trap: String,
        /// What the guest logged: a panic's message and place are here.
        log: Vec<String>,
    },
    /// The model's `prepare` needs more stack than there is.
    #[error(
        "initialise: `prepare` exhausted its stack: its arrays and structures have what `stack_kib` under `[build]` in \
         switchback.toml says ({STACK_KIB} KiB by default), its calls {} KiB; what is large belongs on the heap (`Vec`, `Box`), \
         and what recurses needs a limit{}", PREPARE_CALLS_BYTES_MAX >> 10, quote(.log)
    )]
    PrepareStack {
        /// What the guest logged.
        log: Vec<String>,
    },
    /// The model's `prepare` did not end.
    #[error(
        "initialise: `prepare` did not end within {} s; it probably loops{}", limit.as_secs_f64(), quote(.log)
    )]
    PrepareTimeout {
        /// How long it had.
        limit: Duration,
        /// What the guest logged.
        log: Vec<String>,
    },
    /// The initialised memory could not be stored.
    #[error("snapshot: {why}")]
    Snapshot {
        /// Why.
        why: String,
    },
    /// A metadata field has a value that its standard does not allow.
    #[error("metadata: `release.{field}`: {why}")]
    Metadata {
        /// The field of the manifest.
        field: &'static str,
        /// What is allowed.
        why: String,
    },
    /// The manifest cannot be sealed.
    #[error("seal: {0}")]
    Seal(#[from] switchback::InvalidManifest),
    /// A host does not accept the release.
    #[error("self-test: a host does not accept the release: {why}")]
    Host {
        /// The host's message.
        why: String,
    },
    /// A self-test has no expected score.
    #[error("self-test: `{test}` has no `score`; run with --bless to write the score that the model gives now")]
    NoExpectation {
        /// The self-test's message.
        test: String,
    },
    /// A self-test has another score than the expected one.
    #[error(
        "self-test: `{test}`: {why}; if the model was meant to change, --bless writes the scores that it gives now"
    )]
    OtherScore {
        /// The self-test's message.
        test: String,
        /// What was expected, and what the model answered.
        why: String,
    },
    /// The model has no score for a self-test, or another category than the expected one. Other scores would not help.
    #[error("self-test: `{test}`: {why}")]
    SelfTest {
        /// The self-test's message.
        test: String,
        /// Why there is none, and what to change.
        why: String,
    },
    /// A project cannot be made under this name or in this place.
    #[error("new: {why}")]
    Scaffold {
        /// Why, and what to do.
        why: String,
    },
}

impl PackError {
    /// Whether the fault is in the model's code or data, rather than in its manifest or the machine's set-up.
    pub fn is_guest_fault(&self) -> bool {
        matches!(
            self,
            Self::ForeignImport { .. }
                | Self::MissingExport { .. }
                | Self::PrepareFailed { .. }
                | Self::PrepareTrapped { .. }
                | Self::PrepareStack { .. }
                | Self::PrepareTimeout { .. }
                | Self::OtherScore { .. }
                | Self::SelfTest { .. }
        )
    }

    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }
}

/// The guest's log lines, each on its own line below the message.
fn quote(log: &[String]) -> String {
    log.iter().map(|line| format!("\n  guest: {line}")).collect()
}
