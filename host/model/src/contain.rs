//! A panic of code that reads or compiles what somebody else wrote ends that work, and nothing else.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::beginning::{ERROR_CHARS_MAX, beginning};

/// Runs something that may panic; the error is what the panic said.
///
/// For work whose half-done state is dropped with it. Where the program is built to abort on a panic, this contains
/// nothing.
pub fn contained<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| said(&*panic))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    beginning(text.unwrap_or("it said nothing"), ERROR_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_that_says_what_it_said() {
        assert_eq!(contained(|| 7), Ok(7));
        assert_eq!(contained(|| panic!("oh")), Err::<(), _>("oh".to_owned()));
        assert_eq!(contained(|| panic!("oh {}", "no")), Err::<(), _>("oh no".to_owned()));
        assert_eq!(contained(|| std::panic::panic_any(7)), Err::<(), _>("it said nothing".to_owned()));
    }
}
