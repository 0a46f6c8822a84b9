//! The message of a request, as it is judged.

use switchback_gateway::{Mail, Transaction};

/// A message, or its beginning: line ends of SMTP take more room than those of files, and what is longer than a message may be
/// would not be scored at all.
pub(super) fn mail(transaction: Transaction, mut bytes: Vec<u8>, is_partial: bool, bytes_max: u64) -> Mail {
    let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    let is_partial = is_partial || bytes.len() > bytes_max;
    bytes.truncate(bytes_max);
    if is_partial { Mail::partial(transaction, bytes) } else { Mail::new(transaction, bytes) }
}
