//! What doors share, with real servers and real disks.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod held;
