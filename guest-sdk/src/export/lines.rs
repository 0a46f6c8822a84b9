//! Printed text, until a line of it is whole.

use std::cell::RefCell;
use std::fmt;

use crate::log::{Level, log};

thread_local! {
    static BEGUN: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Logs the lines that end in a text, and keeps the beginning of the next.
pub fn print(text: fmt::Arguments<'_>) {
    // First, since what is formatted may print as well.
    let text = text.to_string();
    BEGUN.with_borrow_mut(|begun| {
        let mut lines = text.split('\n');
        begun.push_str(lines.next().unwrap_or_default());
        for next in lines {
            log(Level::Debug, begun.trim_end_matches('\r'));
            begun.clear();
            begun.push_str(next);
        }
    });
}

/// Logs a line that has begun and did not end.
pub(super) fn flush() {
    let begun = BEGUN.with(|begun| begun.try_borrow_mut().map(|mut begun| std::mem::take(&mut *begun)));
    // Who panics while a line is being kept has no line to flush.
    if let Ok(begun) = begun
        && !begun.is_empty()
    {
        log(Level::Debug, &begun);
    }
}
