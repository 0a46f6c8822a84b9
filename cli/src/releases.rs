//! Loading the releases that a command line names.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use switchback::{LoadError, ReleaseId, Runtime, RuntimeBuilder};

use crate::args::RuntimeArgs;
use crate::exit::Usage;
use crate::progress::Busy;

/// The releases of a command line, ready to score.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct ReleaseArgs {
    /// A release to score with (repeatable: all of them score each message)
    #[arg(short = 'm', long = "model", value_name = "RELEASE.wasm", required = true)]
    pub(crate) paths: Vec<PathBuf>,
}

/// A runtime with its releases, in the order of the command line.
pub(crate) struct Loaded {
    pub(crate) runtime: Runtime,
    pub(crate) ids: Vec<ReleaseId>,
}

/// Loads releases, for as many threads to score with.
pub(crate) fn load(paths: &[PathBuf], args: &RuntimeArgs, threads: usize) -> anyhow::Result<Loaded> {
    let runtime = builder(args, paths.len(), threads).build().context("start the runtime")?;
    let busy = Busy::with(String::new());
    let mut ids = Vec::new();
    for path in paths {
        busy.now(loading(path));
        let id = runtime.load(path).map_err(described)?;
        if ids.contains(&id) {
            return Err(Usage(format!("{id} is there twice; the second is {}", path.display())).into());
        }
        ids.push(id);
    }
    args.check_grants(&ids)?;
    Ok(Loaded { runtime: runtime.into(), ids })
}

/// What is being done, for [`Busy`].
pub(crate) fn loading(path: &Path) -> String {
    format!("loading {}, which compiles it the first time", path.display())
}

/// A runtime for as many releases and threads.
pub(crate) fn builder(args: &RuntimeArgs, releases: usize, threads: usize) -> RuntimeBuilder {
    // A slot of the pool remembers the release that it last held: with room, nobody pays for taking one over.
    let instances = u32::try_from(2 * releases * threads).unwrap_or(u32::MAX).clamp(64, 20_000);
    let builder = args.grant(Runtime::builder().instances(instances));
    match args.dir() {
        Some(dir) => builder.cache_dir(dir),
        None => builder,
    }
}

/// The error with what lies below the fault.
pub(crate) fn described(error: LoadError) -> anyhow::Error {
    anyhow::Error::new(error.fault).context(format!("load {}", error.what))
}
