//! Why packing stopped, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use switchback::files::InWords;
use switchback::verdict::Logged;

use crate::answer::Changed;
use crate::limits::{PREPARE_CALLS_BYTES_MAX, STACK_KIB};

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
    /// Somebody asked for its end: [`Stop`](crate::Stop).
    #[error("packing was stopped")]
    Stopped,
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
    /// An ONNX file cannot be a model.
    #[error("onnx: {}{source}", place(path, source))]
    Onnx {
        /// The file.
        path: PathBuf,
        /// Why not, and what to do.
        source: switchback_onnx::Error,
    },
    /// A guest that was built before is damaged.
    #[error(transparent)]
    Guest(#[from] switchback_guests::DamagedGuest),
    /// `cargo` could not be started.
    #[error("build: cannot run `{program}`: {source}; install Rust with https://rustup.rs")]
    NoCargo {
        /// What was run.
        program: String,
        /// Why it did not start.
        source: io::Error,
    },
    /// An argument for cargo makes no sense for a model.
    #[error("build: `{argument}` cannot be given to cargo: {why}")]
    CargoArgument {
        /// The argument.
        argument: String,
        /// Why not, and what to do instead.
        why: String,
    },
    /// The folder that the manifest names holds a workspace, and no package of its own.
    #[error(
        "build: {} is a workspace without a package of its own; `build.crate` in the manifest names the folder of one of its \
         members: {}", path.display(), members.join(", ")
    )]
    VirtualWorkspace {
        /// The workspace's Cargo.toml.
        path: PathBuf,
        /// Its members.
        members: Vec<String>,
    },
    /// The folder that the manifest names holds no Cargo package.
    #[error(
        "build: {} is no Cargo package; `build.crate` in the manifest names the folder of one, and a model in another language than Rust \
         is packed from the component that its own toolchain built", path.display()
    )]
    NoPackage {
        /// The folder.
        path: PathBuf,
    },
    /// The package builds no WebAssembly module.
    #[error(
        "build: the library of package `{package}` is no `cdylib`; add to its Cargo.toml:\n\n    \
         [lib]\n    crate-type = [\"cdylib\", \"rlib\"]\n"
    )]
    NoCdylib {
        /// The package.
        package: String,
    },
    /// The standard library for WebAssembly is not installed.
    #[error("build: the standard library for {target} is not installed; {}", target_advice(target, toolchain.as_deref()))]
    NoTarget {
        /// The target triple.
        target: &'static str,
        /// The toolchain that has no such library, as rustup calls it; none if it is not one of rustup's.
        toolchain: Option<String>,
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
    /// There is no file where another toolchain should have put what it built.
    #[error(
        "component: there is no {}: another toolchain has to build it first, as the README.md of a new model's folder says (`make`, or \
         `npm install` and `npm run build`)", .0.display()
    )]
    NotBuilt(PathBuf),
    /// A component imports more than the contract offers.
    #[error(
        "component: it imports what the scoring contract does not offer:{}\n{}", lines(imports), if *is_wasi {
            "a language's runtime asks for that when it starts. If the model can do without (it has no clock, no randomness, no files and \
             no network), `stub = \"wasi\"` under [build] in switchback.toml puts functions in its place that have no system behind them; \
             or build without WASI"
        } else {
            "build it without what asks for that; a model imports `switchback:scoring` and nothing else"
        }
    )]
    ForeignImports {
        /// Interface and name of each.
        imports: Vec<String>,
        /// Whether all of them are functions of WASI, which can be stubbed.
        is_wasi: bool,
    },
    /// A component, or a core module, cannot be made a model.
    #[error("component: {why}")]
    Prebuilt {
        /// Why, and what to do.
        why: String,
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
        log: Logged,
    },
    /// The model's `prepare` trapped.
    #[error("initialise: `prepare` trapped: {trap}{}", quote(.log))]
    PrepareTrapped {
        /// What the engine says.
        trap: String,
        /// What the guest logged: a panic's message and place are here.
        log: Logged,
    },
    /// The model's `prepare` needs more stack than there is.
    #[error(
        "initialise: `prepare` exhausted its stack: its arrays and structures have what `stack_kib` under `[build]` in \
         switchback.toml says ({STACK_KIB} KiB by default), its calls {} KiB; what is large belongs on the heap (`Vec`, `Box`), \
         and what recurses needs a limit{}", PREPARE_CALLS_BYTES_MAX >> 10, quote(.log)
    )]
    PrepareStack {
        /// What the guest logged.
        log: Logged,
    },
    /// The model's `prepare` did not end.
    #[error(
        "initialise: `prepare` did not end within {} s; it probably loops{}", limit.as_secs_f64(), quote(.log)
    )]
    PrepareTimeout {
        /// How long it had.
        limit: Duration,
        /// What the guest logged.
        log: Logged,
    },
    /// The model's `prepare` used more memory than it is given.
    #[error(
        "initialise: `prepare` asked for more than {bytes_max} bytes of memory, the most that it is given; a host grants a \
         release far less when it scores, and what `prepare` used and freed counts there: let it use less at once{}",
        quote(.log)
    )]
    PrepareMemory {
        /// How much it is given.
        bytes_max: usize,
        /// What the guest logged.
        log: Logged,
    },
    /// The memory is larger after `prepare` than what a host grants to the release.
    #[error(
        "initialise: `prepare` left {bytes} bytes of memory, and a host grants this release {bytes_max}: ask for more in the \
         manifest (`limits.memory_bytes_max`, at most {} with the caps that hosts have by default), or let `prepare` use less \
         at once: a WebAssembly memory never shrinks, so what it freed counts, and so do the data that it was given and its stack (`build.stack_kib`)",
        switchback::Limits::default().memory_bytes_max
    )]
    PrepareLeft {
        /// What it left.
        bytes: u64,
        /// What a host grants.
        bytes_max: u64,
    },
    /// The model's data do not fit into the memory that a host grants to the release.
    #[error(
        "initialise: the data in {} have {bytes} bytes, and a host grants this release {bytes_max} bytes of memory, where \
         `prepare` is given them as a whole: ask for more in the manifest (`limits.memory_bytes_max`, at most {} with the caps \
         that hosts have by default), or make the data smaller",
        path.display(),
        switchback::Limits::default().memory_bytes_max
    )]
    DataTooLarge {
        /// The file.
        path: PathBuf,
        /// How large it is.
        bytes: usize,
        /// What a host grants.
        bytes_max: u64,
    },
    /// The initialised memory could not be stored.
    #[error("snapshot: {why}")]
    Snapshot {
        /// Why.
        why: String,
    },
    /// The manifest cannot be sealed.
    #[error("seal: {0}")]
    Seal(#[from] switchback::release::InvalidManifest),
    /// A host does not accept the release.
    #[error("self-test: a host does not accept the release: {why}")]
    Host {
        /// The host's message.
        why: String,
    },
    /// What calls take of memory cannot be measured.
    #[error("measure: what calls take of memory is not known: {why}")]
    Measure {
        /// Why not.
        why: String,
    },
    /// A self-test has no expected score.
    #[error("self-test: `{test}` has no `score`; run with --bless to write the score that the model gives now")]
    NoExpectation {
        /// The self-test's message.
        test: String,
    },
    /// The model answers self-tests otherwise than its manifest expects.
    #[error(
        "self-test: the model answers otherwise than expected (expected -> now): {}; if it was meant to change, --bless \
         writes what it answers now",
        list(changed)
    )]
    OtherAnswer {
        /// Each self-test of which this is so.
        changed: Vec<Changed>,
    },
    /// The model has no score for a self-test. Other expectations would not help.
    #[error("self-test: `{test}`: {why}")]
    SelfTest {
        /// The self-test's message.
        test: String,
        /// Why there is none, and what to change.
        why: String,
    },
    /// What is to be compared is no release, or a damaged one.
    #[error("verify: {} is no release that is as it was packed: {why}", path.display())]
    NoRelease {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// What is to be compared is a release of another model or version.
    #[error("verify: {} is {release}, and the manifest is that of {model}", path.display())]
    OtherRelease {
        /// The file.
        path: PathBuf,
        /// The release in it.
        release: String,
        /// What the manifest describes.
        model: String,
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
                | Self::ForeignImports { .. }
                | Self::Prebuilt { .. }
                | Self::MissingExport { .. }
                | Self::PrepareFailed { .. }
                | Self::PrepareTrapped { .. }
                | Self::PrepareStack { .. }
                | Self::PrepareTimeout { .. }
                | Self::PrepareMemory { .. }
                | Self::PrepareLeft { .. }
                | Self::DataTooLarge { .. }
                | Self::OtherAnswer { .. }
                | Self::SelfTest { .. }
        )
    }

    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    pub(crate) fn scaffold(why: String) -> Self {
        Self::Scaffold { why }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }
}

/// How to get a standard library: for the toolchain that lacks it, which need not be the one that is used elsewhere.
fn target_advice(target: &str, toolchain: Option<&str>) -> String {
    match toolchain {
        Some(toolchain) => format!("run `rustup target add {target} --toolchain {toolchain}`"),
        None => format!(
            "this Rust is not one of rustup's: install Rust with https://rustup.rs, and then run `rustup target add {target}`; with Debian's \
             packages rustc-web and rust-web-src, give cargo `-Zbuild-std`"
        ),
    }
}

/// The ONNX file, in front of what does not name it.
fn place(path: &Path, source: &switchback_onnx::Error) -> String {
    use switchback_onnx::Error::{Read, TooLarge};
    match source {
        Read { path: named, .. } | TooLarge { path: named, .. } if named == path => String::new(),
        _ => format!("{}: ", path.display()),
    }
}

/// The guest's log lines, each on its own line below the message.
fn quote(log: &Logged) -> String {
    let dropped = (log.dropped > 0).then(|| format!("\n  guest: ... and {} more", log.dropped));
    log.lines.iter().map(|line| format!("\n  guest: {line}")).chain(dropped).collect()
}

/// Each on a line of its own.
fn lines(texts: &[String]) -> String {
    texts.iter().map(|text| format!("\n  {text}")).collect()
}

fn list(changed: &[Changed]) -> String {
    changed.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
