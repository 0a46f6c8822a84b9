//! How large a message may be.

use std::io::{self, Read};

/// The largest message that is read, in bytes: as large as a slot scores by default. It keeps a device, or
/// a disk image between the mail, from filling memory.
pub(super) const MESSAGE_BYTES_MAX: u64 = 50 << 20;

/// Reads to the end.
///
/// # Errors
/// If it cannot be read, or is larger than 50 MiB, the most that a slot scores by default.
pub fn read_bounded(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MESSAGE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    check_size(bytes)
}

/// The bytes of a message, unless they are too many.
pub(super) fn check_size(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if bytes.len() as u64 > MESSAGE_BYTES_MAX { Err(too_large()) } else { Ok(bytes) }
}

/// The error for a message that is too large.
pub(super) fn too_large() -> io::Error {
    let why = format!("it has more than {} MiB, the most that a slot scores", MESSAGE_BYTES_MAX >> 20);
    io::Error::new(io::ErrorKind::FileTooLarge, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_as_large_as_a_slot_scores_and_no_larger() {
        let read = |bytes| read_bounded(io::repeat(b'x').take(bytes)).map(|message| message.len() as u64);
        assert_eq!(read(MESSAGE_BYTES_MAX).unwrap(), MESSAGE_BYTES_MAX);
        assert_eq!(read(MESSAGE_BYTES_MAX + 1).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
