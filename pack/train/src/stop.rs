//! The end of a training that nobody waits for any more: before another example is read.

use std::io;

use switchback_pack::Stop;

/// An error if somebody asked for it.
pub(crate) fn check(stop: &Stop) -> io::Result<()> {
    if stop.is_asked_for() { Err(io::Error::other("the training was stopped")) } else { Ok(()) }
}
