//! Work on many messages at once, with results in the order of the input.

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use rayon::{ThreadPool, ThreadPoolBuilder};
use switchback_corpus::{Corpus, Entry};

/// Entries per thread that are worked on before results are handed over: enough that threads rarely wait
/// for the slowest, few enough that output appears at once.
const CHUNK_PER_THREAD: usize = 32;

/// Messages held in memory at once, in bytes; one more may go over it.
const CHUNK_BYTES_MAX: usize = 64 << 20;

/// Threads that work on messages.
pub(crate) struct Workers {
    threads: ThreadPool,
}

impl Workers {
    /// Starts the threads.
    pub(crate) fn start(count: usize) -> anyhow::Result<Self> {
        Ok(Self { threads: ThreadPoolBuilder::new().num_threads(count).build()? })
    }

    /// Does something on these threads.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.threads.install(work)
    }

    /// Does `work` for every entry on these threads, and `take` with every result on the caller's, in the
    /// order of the corpus. Stops at the first error of `take`.
    pub(crate) fn in_order<T: Send>(
        &self,
        mut corpus: Corpus,
        work: impl Fn(Entry) -> T + Sync,
        mut take: impl FnMut(T) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        loop {
            let chunk = self.chunk(&mut corpus);
            if chunk.is_empty() {
                return Ok(());
            }
            let results: Vec<T> = self.threads.install(|| chunk.into_par_iter().map(&work).collect());
            results.into_iter().try_for_each(&mut take)?;
        }
    }

    fn chunk(&self, corpus: &mut Corpus) -> Vec<Entry> {
        let mut chunk = Vec::new();
        let mut bytes = 0;
        while chunk.len() < CHUNK_PER_THREAD * self.threads.current_num_threads() && bytes < CHUNK_BYTES_MAX {
            let Some(entry) = corpus.next() else { break };
            bytes += entry.bytes_held();
            chunk.push(entry);
        }
        chunk
    }
}
