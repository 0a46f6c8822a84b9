//! The limits of what all doors share, with their reasons. What an operator may want to change is in the configuration instead.

/// What a byte of a message counts for in `scoring.memory`, from its arrival until the message is decided. Judging messages of 48
/// MiB took 1.0 to 2.0 times as much as they have bytes, the most for attachments, which are decoded; one that is held is written
/// from a copy.
pub(crate) const MEMORY_PER_BYTE: u64 = 3;

/// How many bytes of each message are not counted: more than most mail has, and than the header has of nearly all. They are
/// bounded by the number of connections.
pub(crate) const UNCOUNTED_BYTES: usize = 32 << 10;

/// How many messages of the largest size the memory has to have room for. A message may be there twice while its lines are given
/// the ends that they had on their way.
pub(crate) const MESSAGES_MIN: u64 = 2;

/// The least that a message's buffer grows by, in bytes.
pub(crate) const GROWTH_MIN: usize = 16 << 10;

/// The most that it grows by: what it has and does not use is counted, too.
pub(crate) const GROWTH_MAX: usize = 4 << 20;

/// What the removal of a field counts for, in bytes of the message: its name twice, the change, and the count of that name.
pub(crate) const REMOVAL_BYTES: usize = 64;

/// From how many bytes on a message is read and hashed where no connections wait for it. Most mail is smaller, and handing work to
/// another thread costs more than that of a small message.
pub(crate) const LARGE_BYTES: usize = 256 << 10;
