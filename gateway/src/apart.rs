//! Work that takes long where a message is large.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

use crate::limits::LARGE_BYTES;

/// Does what takes as long as a message has bytes. Of a large message it is done where the connections of this thread do not wait
/// for it, if the runtime has other threads.
pub(crate) fn apart<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let has_threads = || Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
    if bytes >= LARGE_BYTES && has_threads() { block_in_place(work) } else { work() }
}
