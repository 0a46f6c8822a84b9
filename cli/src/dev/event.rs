//! What a session of `switchback dev` waits for.

use super::packer::News;

/// What happens.
#[derive(Debug)]
pub(super) enum Event {
    /// Something may have changed.
    Touched,
    /// The command is to end.
    Interrupted,
    /// Of the process that packs.
    News(News),
    /// That process has ended.
    Ended,
}
