//! Limits of what is believed of clocks, with their reasons.

use std::time::Duration;

/// By how much the time of day has to differ from what has passed for a clock to have jumped: corrections are smaller, and
/// so are pauses of a virtual machine; setting a clock to another zone's time is not.
pub const CLOCK_JUMP_MIN: Duration = Duration::from_secs(10 * 60);
