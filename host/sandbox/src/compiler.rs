//! Threads that compile, and give way to those that score.

use rayon::{ThreadPool, ThreadPoolBuilder};
use wasmtime::{Error, Result};

/// How much lower the priority of compiling threads is (`nice(2)`; 19 is the lowest). At 10 a scoring
/// thread on the same core gets about nine tenths of it.
const NICENESS: i32 = 10;

/// A pool of threads for Cranelift.
pub(crate) struct Compiler {
    threads: ThreadPool,
}

impl Compiler {
    pub(crate) fn new() -> Result<Self> {
        let threads = ThreadPoolBuilder::new()
            .thread_name(|n| format!("switchback-compile-{n}"))
            // On Linux niceness belongs to the thread. Where lowering it fails, compiling still works.
            .start_handler(|_| {
                let _ = rustix::process::nice(NICENESS);
            })
            .build()
            .map_err(Error::new)?;
        Ok(Self { threads })
    }

    /// Runs a compilation, with all the parallelism it has inside, on these threads.
    pub(crate) fn run<T: Send>(&self, compile: impl FnOnce() -> T + Send) -> T {
        self.threads.install(compile)
    }
}
