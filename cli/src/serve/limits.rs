//! Limits of the doors, with their reasons. What an operator may want to change is in the configuration instead.

use std::time::Duration;

/// How long one request may take to arrive, however it is dripped: ten times what mail servers wait for an answer.
pub(super) const REQUEST_WITHIN: Duration = Duration::from_secs(600);

/// How long a client of spamd's protocol may take to read its reply, however it drips: as long as for the request.
pub(super) const REPLY_WITHIN: Duration = REQUEST_WITHIN;

/// How long a connection of HTTP is kept for further requests.
pub(super) const CONNECTION_WITHIN: Duration = Duration::from_secs(3_600);

/// How long a client that was answered before it had sent all is listened to, so that it reads the answer: a socket that is
/// closed on unread bytes takes back what was written.
pub(super) const LINGER: Duration = Duration::from_secs(2);

/// The longest line before a message, in bytes: an address has at most 256 (RFC 5321, section 4.5.3.1.3), in two forms.
pub(super) const LINE_BYTES_MAX: usize = 4 << 10;

/// The most bytes before a message: a field for each of a thousand recipients.
pub(super) const HEAD_BYTES_MAX: usize = 512 << 10;

/// The most fields before a message.
pub(super) const FIELDS_MAX: usize = 2_048;

/// The longest body that is read at all. What is beyond `scoring.message_max` is read and forgotten, so that the client gets
/// to its end and hears the verdict of what was kept.
pub(super) const BODY_BYTES_MAX: u64 = 2 << 30;

/// The largest window of a zstd frame, as a power of two: the 8 MiB that every decoder has to support (RFC 8878, section
/// 3.1.1.1.2). A frame may ask for gigabytes.
pub(super) const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// The longest report, in bytes. Exim has room for 32,600 with all that comes before it, and indents each line.
pub(super) const REPORT_BYTES_MAX: usize = 16 << 10;

/// How long the runtime has at the end to write its records.
pub(super) const SHUTDOWN: Duration = Duration::from_secs(20);

/// The shortest token, in bytes: 128 bits in hexadecimal digits.
pub(super) const TOKEN_BYTES_MIN: usize = 32;

/// The longest token, in bytes.
pub(super) const TOKEN_BYTES_MAX: usize = 1 << 10;
