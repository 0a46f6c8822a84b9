//! Files that are written for somebody: whole or not there; files that are locked; and what the system does not give, in words.

pub use switchback_system::locked::Locked;
pub use switchback_system::output::{Access, Existing, Output, is_standard_output};
pub use switchback_system::private::NotPrivate;
pub use switchback_system::shortage::{InWords, in_full};
