//! The limits of this door, with their reasons. Those that an operator sets are in the configuration.

use std::time::Duration;

/// How long a connection may stay silent after it was opened. Mail servers begin at once, and what begins with nothing is a
/// probe that would keep its place for hours.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(30);

/// How long a message may take to come in, from its first field to its end. Mail servers pass a message on when they have all of
/// it, so its client may be as slow as it likes. After this the memory is given back; the connection stays.
pub(crate) const RECEIVED_WITHIN: Duration = Duration::from_secs(600);

/// What a recipient takes beside its address and parameters, in bytes.
pub(crate) const RECIPIENT_BYTES: usize = 128;

/// How often a mail server is told that its message is still being judged. Each of these starts its time-out anew; the shortest
/// that is in use, Postfix's `milter_command_timeout`, is 30 s.
pub(crate) const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// How long judging may take until the client is asked to try again. SMTP clients wait 10 minutes for the answer to a message
/// (RFC 5321, section 4.5.3.2.6), Postfix waits 300 s for a milter's (`milter_content_timeout`).
pub(crate) const JUDGING_MAX: Duration = Duration::from_secs(280);

/// How long what was being judged when the drain ended has for its answer, before the program ends anyway.
pub(crate) const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// How long the runtime has at the end for records that are not written yet.
pub(crate) const SHUTDOWN: Duration = Duration::from_secs(10);
