//! Work on many messages at once.

use rayon::ThreadPoolBuilder;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

/// Does `work` on so many threads, as `each` does.
pub(crate) fn within<T: Send>(threads: Option<usize>, work: impl FnOnce() -> T + Send) -> T {
    match ThreadPoolBuilder::new().num_threads(threads.unwrap_or_default()).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// Does `work` for each, on so many threads, by default one for each core. They end with it: a process that forks between two
/// calls loses none.
pub(crate) fn each<T: Sync, R: Send>(
    threads: Option<usize>,
    items: &[T],
    work: impl Fn(&T) -> R + Sync + Send,
) -> Vec<R> {
    // None more than there is work for.
    let threads = threads.map(|threads| threads.min(items.len().max(1)));
    match ThreadPoolBuilder::new().num_threads(threads.unwrap_or_default()).build() {
        Ok(pool) => pool.install(|| items.par_iter().map(work).collect()),
        // Where none can be had, this one does it.
        Err(_) => items.iter().map(work).collect(),
    }
}
