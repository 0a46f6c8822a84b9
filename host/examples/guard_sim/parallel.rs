//! Many runs on all cores, each with random numbers of its own.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

/// The seed of everything.
const SEED: u64 = 20_250_425;

/// Runs something so often, in any order, and returns what came out in the order of the runs. Says on standard error
/// how far it is, every tenth.
pub(crate) fn runs<T: Send>(what: &str, count: u64, run: impl Fn(&mut ChaCha8Rng) -> T + Sync) -> Vec<T> {
    let done = AtomicU64::new(0);
    let tenth = (count / 10).max(1);
    (0..count)
        .into_par_iter()
        .map(|number| {
            let mut rng = ChaCha8Rng::seed_from_u64(SEED);
            rng.set_stream(number);
            let result = run(&mut rng);
            let done = done.fetch_add(1, Relaxed) + 1;
            if done.is_multiple_of(tenth) {
                eprintln!("{what}: {} %", 100 * done / count);
            }
            result
        })
        .collect()
}
