//! Where guests run: the only crate of switchback that says wasmtime.
//!
//! A part of the crate `switchback`, which re-exports what filters use. Depend on that one: this crate's items may change with any
//! version.
//!
//! **Every message gets a pristine instance**: a store is made, used for one message and dropped, whatever
//! happened in it. Nothing that one message did to a guest's memory is seen by the next.
//!
//! # What a deadline covers
//! The deadline is the time of the guest: its own code, making its instance, and copying what it asks for into its
//! memory. The engine's clock ticks every half millisecond, and whoever is past its deadline at a tick is stopped at
//! the next place where compiled code looks; `lower.rs` sees to it that no code runs for long without one.
//!
//! | fact | at whose expense |
//! |---|---|
//! | fields and parts of the message | the host's, before the guest runs |
//! | text, HTML, links, attachments, subject, mailboxes, date, defects, trusted results, a field's decoded value, the header without its hidden fields (`raw`) | the host's, when first asked for: the deadline moves by the time that it takes, once per message and fact, and verdicts count that time under `parse` |
//! | giving back the memory that a guest has written to | the host's: some 50 microseconds a megabyte |
//! | looking up a field by name, counting, copying any of these into the guest's memory | the guest's; lists check the deadline while they are copied |
//!
//! What is derived is remembered and serves every release that scores the message, so the one that happens to ask first
//! must not pay for the others, and what a release answers must not depend on who asked before it. Deriving is linear
//! in the size of the message and bounded (`message/limits.rs`); a filter bounds it further by the size of what it takes.

#![deny(unsafe_code)]

mod limits;

mod artifacts;
mod bindings;
mod borrowed;
mod clock;
mod compiler;
mod engine;
mod fault;
mod guest;
mod imports;
mod limiter;
mod loaded;
mod lower;
mod reaper;
mod signals;
mod stack;
mod ticker;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use switchback_model::beginning::{ERROR_CHARS_MAX, beginning};
use switchback_model::contain::contained;
use switchback_model::limits::Limits;
use switchback_model::message::Recipients;
use switchback_model::release::{Digest, Draft, Refusal, Verified};
use switchback_system::private::NotPrivate;
use switchback_system::shortage::InWords;
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

pub use engine::{AddressSpace, Traps};
pub use fault::{Fault, ScoreError};
pub use loaded::{Loaded, Probe, Scored};

use self::artifacts::{Artifacts, ArtifactsError, System, Unmapped};
use self::bindings::{Plugin, PluginPre};
use self::compiler::Compiler;
use self::guest::Guest;
use self::reaper::Reaper;
use self::ticker::Ticker;

/// One engine with what it needs: pool, clock, compiler, store of compiled artifacts.
pub struct Sandbox {
    engine: Engine,
    linker: Linker<Guest>,
    compiler: Compiler,
    artifacts: Option<Artifacts>,
    reaper: Reaper,
    limits: Limits,
    traps: Traps,
    counters: Counters,
    /// Held for its `Drop`, which stops the clock.
    _ticker: Ticker,
}

switchback_model::debug!(Sandbox { limits, traps, .. });

/// How a sandbox is set up.
#[derive(Debug)]
pub struct SandboxConfig {
    /// The caps of the host.
    pub limits: Limits,
    /// How many instances there can be at once.
    pub instances: u32,
    /// How much of it is reserved.
    pub address_space: AddressSpace,
    /// How traps are noticed.
    pub traps: Traps,
    /// Where compiled releases are kept; none are without one.
    pub artifacts_dir: Option<PathBuf>,
}

#[cfg(test)]
impl SandboxConfig {
    /// So many instances, and the defaults.
    fn of(instances: u32) -> Self {
        let (limits, address_space, traps) = (Limits::default(), AddressSpace::default(), Traps::default());
        Self { limits, instances, address_space, traps, artifacts_dir: None }
    }
}

impl Sandbox {
    #[doc(hidden)]
    pub fn new(config: SandboxConfig) -> Result<Self, SandboxError> {
        let engine = engine::new(&config).map_err(SandboxError::engine)?;
        let mut linker = Linker::new(&engine);
        Plugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest).map_err(SandboxError::engine)?;
        let artifacts = config.artifacts_dir.map(|dir| open_or_do_without(&dir, &engine)).transpose()?.flatten();
        Ok(Self {
            _ticker: Ticker::start(&engine).map_err(SandboxError::Thread)?,
            compiler: Compiler::new().map_err(SandboxError::engine)?,
            reaper: Reaper::start().map_err(SandboxError::Thread)?,
            engine,
            linker,
            artifacts,
            limits: config.limits,
            traps: config.traps,
            counters: Counters::default(),
        })
    }

    #[doc(hidden)]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    #[doc(hidden)]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Draft -> Verified. The code of a release that was compiled before was checked then, and is not again: that would take
    /// longer than all the rest of loading it.
    #[doc(hidden)]
    pub fn verify(&self, draft: Draft) -> Result<Verified, Refusal> {
        let was_compiled = |digest: &Digest| self.artifacts.as_ref().is_some_and(|store| store.has(digest));
        draft.verify_unless_known(&self.limits, was_compiled)
    }

    /// Verified -> Loaded, without the self-test. Maps the artifact that this store compiled before, or
    /// compiles, on threads that give way to scoring.
    ///
    /// A panic of the compiler, or of what links its result, is an error of this release.
    #[doc(hidden)]
    pub fn load(&self, verified: Verified, recipients: Recipients) -> Result<Arc<Loaded>, SandboxError> {
        contained(|| self.make(verified, recipients)).unwrap_or_else(|said| Err(SandboxError::Panicked(said)))
    }

    fn make(&self, verified: Verified, recipients: Recipients) -> Result<Arc<Loaded>, SandboxError> {
        let digest = verified.id().digest;
        let component = match self.artifacts.as_ref().map(|store| (store, store.map(&self.engine, &digest))) {
            Some((_, Ok(mapped))) => {
                self.counters.mapped.fetch_add(1, Ordering::Relaxed);
                mapped
            }
            // To compile it would fail for the same reason, seconds later.
            Some((_, Err(Unmapped::System(system)))) => return Err(system.into()),
            Some((store, Err(Unmapped::Missing))) => {
                let artifact = self.compile(&verified)?;
                store.keep(&self.engine, &digest, &artifact)?
            }
            Some((_, Err(Unmapped::Unusable))) | None => {
                artifacts::use_unkept(&self.engine, &self.compile(&verified)?)?
            }
        };
        let pre = self.linker.instantiate_pre(&component).and_then(PluginPre::new);
        let pre = pre.map_err(|e| match fault::of_system(&e) {
            Some(system) => System::Short(system).into(),
            None => SandboxError::Interface(shown(&e)),
        })?;
        let (id, manifest) = verified.into_parts();
        let limits = self.limits.of_release(&manifest.limits);
        Ok(Arc::new(Loaded::new(id, manifest, limits, (recipients, self.traps), pre, self.reaper.handle())))
    }

    fn compile(&self, release: &Verified) -> Result<Vec<u8>, SandboxError> {
        release.check_code(&self.limits).map_err(|refusal| SandboxError::Compile(refusal.to_string()))?;
        self.counters.compiled.fetch_add(1, Ordering::Relaxed);
        let bytes = &lower::bounded(release.bytes()).map_err(|e| SandboxError::Compile(e.to_string()))?;
        let compiled = self.compiler.run(|| self.engine.precompile_component(bytes));
        compiled.map_err(|e| SandboxError::Compile(shown(&e)))
    }
}

/// A folder that cannot be made or looked into is done without; one that others can write to is refused.
fn open_or_do_without(dir: &Path, engine: &Engine) -> Result<Option<Artifacts>, ArtifactsError> {
    match Artifacts::open(dir, engine) {
        Ok(artifacts) => Ok(Some(artifacts)),
        Err(
            ArtifactsError::Unusable { dir, source }
            | ArtifactsError::NotPrivate(NotPrivate::Unusable { path: dir, source }),
        ) => {
            artifacts::warn_of_unkept(&dir, &source);
            Ok(None)
        }
        Err(refused) => Err(refused),
    }
}

/// What a sandbox did that scoring never waits for. Read them before and after to see that an operation
/// did none of it.
#[derive(Debug, Default)]
pub struct Counters {
    /// Releases compiled.
    pub compiled: AtomicU64,
    /// Releases mapped from an artifact compiled before.
    pub mapped: AtomicU64,
}

/// Why a sandbox cannot be made, or a release not loaded into it.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The engine does not start.
    #[error("the engine cannot be set up: {0}")]
    Engine(String),
    /// A thread does not start.
    #[error(
        "a thread cannot be started ({}): raise the limits on processes and address space (`ulimit -u` and `-v`, systemd's \
         TasksMax= and LimitAS=)",
        InWords(.0)
    )]
    Thread(std::io::Error),
    /// The folder of compiled releases cannot be used.
    #[error(transparent)]
    Artifacts(#[from] ArtifactsError),
    /// The system does not give what it takes.
    #[error(transparent)]
    System(#[from] System),
    /// The release does not compile.
    #[error("it does not compile: {0}")]
    Compile(String),
    /// The compiler panicked.
    #[error("the compiler panicked: {0}")]
    Panicked(String),
    /// The release asks for something that the contract does not offer.
    #[error("it does not fit the scoring contract: {0}")]
    Interface(String),
}

/// An error that may quote names of what was compiled.
fn shown(error: &wasmtime::Error) -> String {
    beginning(&format!("{error:#}"), ERROR_CHARS_MAX)
}

impl SandboxError {
    fn engine(error: wasmtime::Error) -> Self {
        let words = fault::of_system(&error).map(|system| format!("{}: {error}", InWords(&system)));
        Self::Engine(words.unwrap_or_else(|| format!("{error:#}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_compiler_is_contained() {
        let compiler = Compiler::new().unwrap();
        assert_eq!(
            contained(|| compiler.run(|| -> u8 { panic!("no such register") })),
            Err("no such register".to_owned())
        );
        assert_eq!(contained(|| compiler.run(|| 7)), Ok(7));
    }
}
